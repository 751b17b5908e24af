//! What a text message can hold: the GSM 7-bit alphabet (3GPP TS 23.038, section 6.2.1), 160 septets in one segment, 153 in
//! each of several, because a header joins them. One character outside the alphabet would turn the whole message into
//! UCS-2, with 70 in a segment; so there is none.

use super::shorten::shorten;

/// Septets of a message that is one segment.
const ALONE: usize = 160;
/// Septets of each segment of several.
const JOINED: usize = 153;
/// Most segments of one text.
pub const SEGMENTS_MAX: usize = 2;

/// The basic alphabet besides ASCII letters and digits: one septet each. `@` to `_` and the accented ones as the standard lists them.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// The extension: two septets each, an escape and the character.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// Septets of a character; nothing when the alphabet lacks it.
fn width(c: char) -> Option<usize> {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Some(1),
        c if BASIC.contains(c) => Some(1),
        c if EXTENDED.contains(c) => Some(2),
        _ => None,
    }
}

/// How many segments a text takes; nothing when it is not of the alphabet.
pub fn segments(text: &str) -> Option<usize> {
    let widths: Option<Vec<usize>> = text.chars().map(width).collect();
    let widths = widths?;
    if widths.iter().sum::<usize>() <= ALONE {
        return Some(1);
    }
    let (mut count, mut used) = (1, 0);
    for width in widths {
        // An escape and its character are never parted.
        if used + width > JOINED {
            count += 1;
            used = 0;
        }
        used += width;
    }
    Some(count)
}

/// Whether a text may be sent as it is.
pub fn fits(text: &str) -> bool {
    segments(text).is_some_and(|count| count <= SEGMENTS_MAX)
}

/// The text in the alphabet: what it lacks is written otherwise, or as `?`; blanks and line breaks become one blank.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '→' => out.push_str("->"),
            '…' => out.push_str("..."),
            '–' | '—' | '−' | '‐' | '‑' | '·' | '•' => out.push('-'),
            '‘' | '’' | '`' | '´' => out.push('\''),
            '“' | '”' | '„' | '«' | '»' => out.push('"'),
            '×' => out.push('x'),
            'µ' => out.push('u'),
            c if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if c.is_control() => {}
            c => out.push(if width(c).is_some() { c } else { '?' }),
        }
    }
    out.trim().to_owned()
}

/// A text of the alphabet out of a beginning, a middle that may be shortened, and an end that may not: joined by blanks, within
/// the segments there are. The middle gives way, by sense (`shorten.rs`).
pub fn joined(beginning: &str, middle: &str, end: &str) -> String {
    let (beginning, middle, end) = (plain(beginning), plain(middle), plain(end));
    let put = |middle: &str| {
        let parts = [beginning.as_str(), middle, end.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let whole = put(&middle);
    if fits(&whole) {
        return whole;
    }
    let shorter = put(&shorten(&middle, |shorter| fits(&put(shorter))));
    if fits(&shorter) {
        return shorter;
    }
    // A beginning that is too long by itself: names have limits, so this is about to be seen by nobody.
    let mut beginning = beginning;
    while beginning.pop().is_some() {
        let shorter = format!("{} {end}", beginning.trim_end());
        if fits(&shorter) {
            return shorter.trim().to_owned();
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn segments_are_counted_as_networks_do() {
        assert_eq!(segments(&"a".repeat(160)), Some(1));
        assert_eq!(segments(&"a".repeat(161)), Some(2));
        assert_eq!(segments(&"a".repeat(306)), Some(2));
        assert_eq!(segments(&"a".repeat(307)), Some(3));
        assert_eq!(segments(&"€".repeat(80)), Some(1));
        assert_eq!(segments(&"€".repeat(81)), Some(2));
        // 152 septets of 153: an escape would stand in one segment and its character in the next.
        assert_eq!(segments(&format!("{}€{}", "a".repeat(152), "a".repeat(151))), Some(2));
        assert_eq!(segments(&format!("{}€{}", "a".repeat(152), "a".repeat(152))), Some(3));
        assert_eq!(segments("r-3f2a → production"), None);
        assert_eq!(plain("r-3f2a → `production`…\n\n ok"), "r-3f2a -> 'production'... ok");
    }

    proptest! {
        #[test]
        fn whatever_is_joined_fits_and_keeps_its_end(
            beginning in ".{0,90}", middle in ".{0,600}", end in "[a-zA-Z0-9 ./:-]{0,90}"
        ) {
            let text = joined(&beginning, &middle, &end);
            prop_assert!(fits(&text), "{text}");
            let end = plain(&end);
            prop_assert!(text.ends_with(&end), "{text} / {end}");
        }

        #[test]
        fn what_is_plain_is_of_the_alphabet(text in "\\PC{0,300}") {
            prop_assert!(segments(&plain(&text)).is_some());
            prop_assert_eq!(plain(&plain(&text)), plain(&text));
        }
    }
}
