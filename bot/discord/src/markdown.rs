//! Text in Discord's markdown: what has a meaning there is escaped, so that it is shown as it is.

/// Characters with a meaning anywhere in a line.
const ANYWHERE: [char; 9] = ['\\', '*', '_', '~', '`', '|', '<', '[', '@'];
/// Characters with a meaning at the beginning of a line.
const AT_THE_BEGINNING: [char; 4] = ['#', '>', '-', '+'];
/// Breaks a fence, and can't be seen.
const NOTHING: char = '\u{200b}';

/// A line as it is read.
pub(crate) fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 8);
    let digits = line.trim_start().chars().take_while(char::is_ascii_digit).count();
    let mut begun = false;
    let mut digits_left = if digits > 0 { Some(digits) } else { None };
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        // Several ticks are none of code's here: behind the first of them, escaped alone, the others would begin it.
        let ticks = rest.bytes().take_while(|byte| *byte == b'`').count();
        if ticks > 1 {
            escaped.push_str(&"\\`".repeat(ticks));
            (rest, begun, digits_left) = (&rest[ticks..], true, None);
            continue;
        }
        // Code stands in ticks, and within them nothing has a meaning.
        if let Some(length) = code(rest) {
            escaped.push_str(&rest[..length]);
            (rest, begun, digits_left) = (&rest[length..], true, None);
            continue;
        }
        rest = &rest[c.len_utf8()..];
        // "1." at the beginning makes a list.
        let numbers = c == '.' && begun && digits_left == Some(0);
        if ANYWHERE.contains(&c) || (!begun && AT_THE_BEGINNING.contains(&c)) || numbers {
            escaped.push('\\');
        }
        escaped.push(c);
        begun |= !c.is_whitespace();
        digits_left = match digits_left {
            Some(left) if c.is_ascii_digit() && left > 0 => Some(left - 1),
            Some(left) if c.is_whitespace() && left == digits => Some(left),
            _ => None,
        };
    }
    escaped
}

/// The length of the code that a text begins with, ticks and all: on one line, and between single ticks.
fn code(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('`')?;
    let end = inner.find(['`', '\n']).filter(|end| *end > 0)?;
    let after = inner[end..].strip_prefix('`')?;
    (!after.starts_with('`')).then_some(end + 2)
}

/// What was escaped, as it is read.
pub fn unescape(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (taken, shown) = match (code(rest), c) {
            (Some(length), _) => (length, &rest[..length]),
            (None, '\\') => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                (1 + next, &rest[1..=next])
            }
            (None, c) => (c.len_utf8(), &rest[..c.len_utf8()]),
        };
        read.push_str(shown);
        rest = &rest[taken..];
    }
    read
}

/// A line within a block of code.
pub(crate) fn fenced(line: &str) -> String {
    line.replace("```", &format!("`{NOTHING}`{NOTHING}`"))
}

/// How many characters Discord counts.
pub(crate) fn chars(text: &str) -> usize {
    // It counts like JavaScript: characters outside the basic plane are two.
    text.encode_utf16().count()
}

/// The text, at most `max` characters, with a sign where it was cut; and whether it was. No escape is cut in two.
pub(crate) fn clip(text: &str, max: usize) -> (String, bool) {
    if chars(text) <= max {
        return (text.to_owned(), false);
    }
    let mut short = String::new();
    let mut room = max.saturating_sub(1);
    for c in text.chars() {
        match room.checked_sub(c.len_utf16()) {
            Some(left) => room = left,
            None => break,
        }
        short.push(c);
    }
    let escapes = short.chars().rev().take_while(|c| *c == '\\').count();
    if escapes % 2 == 1 {
        short.pop();
    }
    short.push('\u{2026}');
    (short, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_shown_as_it_is() {
        for (line, escaped) in [
            ("plain words, 1 and 2.", "plain words, 1 and 2."),
            ("a_b *c* `d", "a\\_b \\*c\\* \\`d"),
            ("at `*/15 * * * *`, `a_b`", "at `*/15 * * * *`, `a_b`"),
            ("``` `` no code `", "\\`\\`\\` \\`\\` no code \\`"),
            ("# no heading", "\\# no heading"),
            ("1. no list", "1\\. no list"),
            ("<@123> @everyone", "\\<\\@123> \\@everyone"),
        ] {
            assert_eq!(escape(line), escaped);
            assert_eq!(unescape(escaped), line);
        }
    }

    #[test]
    fn a_cut_shows_and_splits_nothing() {
        assert_eq!(clip("12345", 5), ("12345".to_owned(), false));
        assert_eq!(clip("123\\*45", 5).0, "123\u{2026}");
        assert_eq!(chars("🚀"), 2);
        assert_eq!(clip("🚀🚀", 3).0, "🚀\u{2026}");
    }
}
