//! Discord's identifiers begin with their time.

use engine::clock::EpochMs;

/// The first millisecond of 2015: what identifiers count from.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// Bits behind the time.
const BELOW: u32 = 22;

/// The least identifier of a millisecond.
pub(crate) fn at(at_ms: EpochMs) -> String {
    ((at_ms - EPOCH_MS).max(0) << BELOW).to_string()
}

/// The millisecond of an identifier.
pub(crate) fn time_of(id: &str) -> EpochMs {
    (id.parse::<EpochMs>().unwrap_or_default() >> BELOW) + EPOCH_MS
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_identifier_holds_its_time() {
        // From Discord's documentation: 175928847299117063 is of 2016-04-30 11:18:25.796 UTC.
        let id: i64 = 175_928_847_299_117_063;
        assert_eq!(super::at(1_462_015_105_796), (id >> 22 << 22).to_string());
        assert_eq!(super::time_of("175928847299117063"), 1_462_015_105_796);
    }
}
