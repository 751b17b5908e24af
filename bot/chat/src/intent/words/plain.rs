//! Where a word of letters and digits ends, found eight bytes at a time.

/// How many letters and digits of ASCII, in lower case, these bytes begin with.
pub(super) fn letters_and_digits(bytes: &[u8]) -> usize {
    let mut len = 0;
    // Most words end among their first eight bytes, which are looked at all at once.
    while let Some(eight) = bytes[len..].first_chunk::<8>() {
        let others = others(u64::from_le_bytes(*eight));
        if others != 0 {
            return len + (others.trailing_zeros() / u8::BITS) as usize;
        }
        len += eight.len();
    }
    len + bytes[len..].iter().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count()
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
                assert_eq!(letters_and_digits(&bytes), len, "{byte} at {place}");
            }
        }
    }
}
