//! Answers of platforms that come packed. Nobody asks for that; a proxy in between may do it all the same.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

/// An answer's body as it was meant, at most so many bytes of it; nothing when it can't be unpacked. `encoding` is what its
/// header says.
pub fn unpacked<'a>(body: &'a [u8], encoding: Option<&str>, most: usize) -> Option<Cow<'a, [u8]>> {
    match encoding.map(str::trim) {
        None | Some("" | "identity") => Some(Cow::Borrowed(body)),
        Some(gzip) if gzip.eq_ignore_ascii_case("gzip") || gzip.eq_ignore_ascii_case("x-gzip") => {
            let mut whole = Vec::new();
            let mut reader = MultiGzDecoder::new(body).take(most as u64 + 1);
            reader.read_to_end(&mut whole).ok()?;
            (whole.len() <= most).then_some(Cow::Owned(whole))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::unpacked;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_comes_packed_is_unpacked_as_far_as_is_read() {
        let body = packed(b"{\"ok\":true}");
        assert_eq!(unpacked(&body, Some("gzip"), 11).as_deref(), Some(&b"{\"ok\":true}"[..]));
        assert_eq!(unpacked(&body, Some("GZIP"), 10), None, "larger than is read");
        assert_eq!(unpacked(b"{}", None, 10).as_deref(), Some(&b"{}"[..]));
        assert_eq!(unpacked(b"{}", Some("identity"), 10).as_deref(), Some(&b"{}"[..]));
        assert_eq!(unpacked(b"not packed", Some("gzip"), 100), None);
        assert_eq!(unpacked(b"{}", Some("zstd"), 100), None);
        let bomb = packed(&vec![b' '; 10_000_000]);
        assert_eq!(unpacked(&bomb, Some("gzip"), 1_000), None);
    }
}
