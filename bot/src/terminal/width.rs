//! How much room text takes on a terminal: wide characters count as two columns, colour codes as none.

use unicode_width::UnicodeWidthChar;

/// Columns of a text without line breaks.
pub(super) fn columns(text: &str) -> usize {
    visible(text).map(column_width).sum()
}

/// Rows of lines on a terminal this many columns wide, which breaks what is longer.
pub(super) fn rows(lines: &str, columns: usize) -> usize {
    lines.lines().map(|line| rows_of_line(line, columns.max(1))).sum()
}

fn rows_of_line(line: &str, columns: usize) -> usize {
    let (mut rows, mut column) = (1, 0);
    for width in visible(line).map(column_width) {
        // A wide character that does not fit goes to the next row whole.
        if column + width > columns {
            rows += 1;
            column = 0;
        }
        column += width;
    }
    rows
}

/// The columns of one character.
pub(super) fn column_width(character: char) -> usize {
    character.width().unwrap_or_default()
}

/// The characters that are seen: all but colour codes.
fn visible(text: &str) -> impl Iterator<Item = char> {
    let mut inside = false;
    text.chars().filter(move |character| {
        inside |= *character == '\u{1b}';
        let seen = !inside;
        inside &= *character != 'm';
        seen
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns_and_colours_none() {
        assert_eq!(columns("\u{1b}[1;32m✓\u{1b}[0m ok"), 4);
        assert_eq!(columns("漢字"), 4);
        assert_eq!(columns("e\u{301}"), 1, "a combining mark stands on the letter before");
    }

    #[test]
    fn what_is_longer_than_a_row_takes_more() {
        assert_eq!(rows("", 10), 0);
        assert_eq!(rows("\n", 10), 1);
        assert_eq!(rows("0123456789\n", 10), 1);
        assert_eq!(rows("01234567890\nshort\n", 10), 3);
        assert_eq!(rows("漢字漢", 5), 2);
    }
}
