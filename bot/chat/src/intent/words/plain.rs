//! Where a word of letters and digits ends, found eight bytes at a time.

use crate::intent::word_table::Print;

/// How many letters and digits of ASCII, in lower case, these bytes begin with, and the fingerprint of the word that is; of
/// a longer word only its length.
#[inline]
pub(super) fn letters_and_digits(bytes: &[u8]) -> (usize, Option<Print>) {
    // Most words end among their first eight bytes, which are looked at all at once.
    let eight = first_eight(bytes);
    let others = others(eight);
    if others != 0 {
        let len = bytes_before(others);
        return (len, Some(Print::of_begun(eight, len)));
    }
    (longer(bytes), None)
}

/// The same for a word that is known to be of eight bytes at least.
#[inline(never)]
fn longer(bytes: &[u8]) -> usize {
    let mut len = 8;
    while let Some(rest) = bytes.get(len..) {
        let others = others(first_eight(rest));
        if others != 0 {
            return len + bytes_before(others);
        }
        len += 8;
    }
    len
}

/// The first eight bytes as a number; what is missing at the end of a text is no letter.
#[inline]
fn first_eight(bytes: &[u8]) -> u64 {
    if let Some(eight) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*eight);
    }
    bytes.iter().rev().fold(0, |eight, byte| eight << 8 | u64::from(*byte))
}

const fn bytes_before(bit: u64) -> usize {
    (bit.trailing_zeros() / u8::BITS) as usize
}

/// The highest bit of each of eight bytes that is neither a letter in lower case nor a digit.
const fn others(eight: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;
    let low = eight & !HIGH;
    // No sum passes the highest bit of its byte, which says whether the byte is at least (or more than) what is asked.
    let least_a = low + EACH * (0x80 - b'a' as u64);
    let above_z = low + EACH * (0x7f - b'z' as u64);
    let least_0 = low + EACH * (0x80 - b'0' as u64);
    let above_9 = low + EACH * (0x7f - b'9' as u64);
    !((least_a & !above_z) | (least_0 & !above_9)) & HIGH | eight & HIGH
}

/// "w/canary" begins here, and no "w/o".
#[cold]
pub(super) fn is_with(rest: &str) -> bool {
    let behind = rest.strip_prefix("w/").unwrap_or_default();
    let word = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    word.len() > 1 && word.starts_with(char::is_alphabetic)
}

/// Two full stops stand right before, and a word begins behind this third.
#[cold]
pub(super) fn trails(before: &str, next: Option<char>) -> bool {
    next.is_some_and(char::is_alphabetic) && before.ends_with("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_before_what_is_no_letter_and_no_digit() {
        for byte in 0..=u8::MAX {
            for place in 0..10 {
                let mut bytes = *b"abc123xyz789";
                bytes[place] = byte;
                let len =
                    if byte.is_ascii_lowercase() || byte.is_ascii_digit() { bytes.len() } else { place };
                let (found, print) = letters_and_digits(&bytes);
                assert_eq!(found, len, "{byte} at {place}");
                if let Some((print, word)) = print.zip(std::str::from_utf8(&bytes[..len]).ok()) {
                    assert_eq!(print, Print::of(word), "{word}");
                }
            }
        }
    }
}
