//! The usual line of an export, an event, without taking it apart: its bytes are what is hashed.
//!
//! An event whose bytes hash to what the chain says is the event that was recorded, to the last byte, so nothing about
//! its form is left to check. Only a line that does not fit is taken apart, to say why.

use sha2::{Digest, Sha256};

use super::chain::Hash;

const BEFORE_BODY: &[u8] = br#"{"event":{"body":"#;
const BEFORE_HASH: &[u8] = br#","hash":""#;
const AFTER_HASH: &[u8] = br#""}}"#;
const HASH_DIGITS: usize = 64;
/// Stands once in the canonical form behind the data: what follows is a string, in which quotes are escaped.
const BEFORE_SEQ: &[u8] = b",\"seq\":";

/// An event as its line has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawEvent<'a> {
    /// Its canonical bytes, if it is one.
    pub(super) body: &'a [u8],
    /// The number it gives itself.
    pub(super) seq: i64,
    /// The hash the line gives it.
    pub(super) hash: Hash,
}

impl<'a> RawEvent<'a> {
    /// Reads a line without its end; `None` when it is no event written as an export writes it, as far as a glance tells.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_prefix(BEFORE_BODY)?.strip_suffix(AFTER_HASH)?;
        let (rest, digits) = line.split_at_checked(line.len().checked_sub(HASH_DIGITS)?)?;
        let body = rest.strip_suffix(BEFORE_HASH)?;
        if digits.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).ok()?;
        let at = body.windows(BEFORE_SEQ.len()).rposition(|window| window == BEFORE_SEQ)?;
        let digits = body[at + BEFORE_SEQ.len()..].split(|byte| *byte == b',').next()?;
        let seq = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Self { body, seq, hash: Hash(hash) })
    }

    /// Whether it follows from the event with this hash.
    pub(super) fn follows(&self, prev: &Hash) -> bool {
        let hash: [u8; 32] = Sha256::new_with_prefix(prev.0).chain_update(self.body).finalize().into();
        hash == self.hash.0
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::tests::Record;
    use super::*;

    #[test]
    fn events_are_read_and_other_lines_are_not() {
        let export = Record::with(4).export();
        let mut last = super::super::GENESIS;
        let mut read = Vec::new();
        for line in export.lines() {
            let Some(event) = RawEvent::read(line.as_bytes()) else {
                assert!(!line.starts_with("{\"event"), "{line}");
                continue;
            };
            assert!(event.follows(&last), "{line}");
            last = event.hash;
            read.push(event.seq);
            for cut in 0..line.len() {
                assert_eq!(RawEvent::read(&line.as_bytes()[..cut]), None);
            }
            let upper = line.replace(&event.hash.to_string(), &event.hash.to_string().to_uppercase());
            assert_eq!(RawEvent::read(upper.as_bytes()), None);
        }
        assert_eq!(read, [1, 2, 3, 4]);
    }

    #[test]
    fn the_number_is_the_events_own_whatever_its_data_and_subject_say() {
        let mut event = super::super::tests::event(7);
        event.data = serde_json::json!({ "a": 1, "seq": 99, "subject": "x" });
        event.subject = r#"text ","seq":98,"#.to_owned();
        let export = Record::of([event]).export();
        let line = export.lines().find(|line| line.starts_with("{\"event")).unwrap();
        assert_eq!(RawEvent::read(line.as_bytes()).unwrap().seq, 7);
    }
}
