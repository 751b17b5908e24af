//! Characters nobody sees: they show nothing, or turn round what stands beside them, so that a text reads as something it is
//! not. A name never has one; in other people's words they are written out.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character shows nothing by itself or changes the order of what stands beside it. Line breaks and tabs are seen.
pub fn is_unseen(c: char) -> bool {
    let shows_nothing = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200d}'
            | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    shows_nothing || turns_round(c) || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Whether a character changes the order in which what stands beside it is shown.
pub fn turns_round(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a character is called: "U+202E".
pub fn code_point(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// The text as it reads: control characters are left out, and other characters nobody sees are written out, as in
/// `<U+202E>`. Those that join letters of a script or parts of a picture stay there.
pub fn in_plain_sight(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && !before.is_ascii();
        if !is_unseen(c) || joins {
            seen.push(c);
        } else if !c.is_control() {
            let _ = write!(seen, "<{}>", code_point(c));
        }
        before = c;
    }
    Cow::Owned(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_written_out() {
        assert_eq!(in_plain_sight("v1\u{202e}0.1\u{202c}"), "v1<U+202E>0.1<U+202C>");
        assert_eq!(in_plain_sight("stag\u{200b}ing\u{e0041}"), "stag<U+200B>ing<U+E0041>");
        assert_eq!(in_plain_sight("a\u{200d}b"), "a<U+200D>b");
    }

    #[test]
    fn what_steers_a_terminal_is_left_out() {
        assert_eq!(in_plain_sight("\u{1b}[2Ja\r\u{7}\tb\nc\u{9b}"), "[2Ja\tb\nc");
    }

    #[test]
    fn what_is_seen_stays_as_it_is() {
        for text in ["deploy staging", "Zürich → Москва", "שלום עולם", "می‌خواهم", "👩‍💻 done ✔️", "a\tb\nc"]
        {
            assert!(
                matches!(in_plain_sight(text), Cow::Borrowed(_)) || in_plain_sight(text) == text,
                "{text}"
            );
        }
    }
}
