//! Breaking lines for a terminal: at blanks, and within a word only where it alone is longer than the room.

use super::width::{column_width, columns};

/// Narrower terminals are treated as this wide, in columns: wrapping any narrower is unreadable.
pub(super) const WIDTH_MIN: usize = 40;
/// The least room for text beside what stands before it, in columns.
const ROOM_MIN: usize = 20;
/// What stands before a gap further right than this is no name with its explanation, in columns.
const NAME_MAX: usize = 32;

/// Text broken for a terminal of that width; as it is where there is none. Further rows of a line stand under where its text
/// began: behind its indentation, or behind the gap after a name.
pub(crate) fn broken(text: &str, width: Option<usize>) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    if text.is_empty() {
        out.push('\n');
    }
    for line in text.lines() {
        let (begin, rest) = line.split_at(hang(line));
        let behind = columns(begin);
        let room = room(width, behind);
        for (place, piece) in wrap(rest, room).into_iter().enumerate() {
            let begin = if place == 0 { begin } else { &" ".repeat(behind) };
            out.push_str(format!("{begin}{piece}").trim_end());
            out.push('\n');
        }
    }
    out
}

/// How many columns are left behind this many.
pub(super) fn room(width: Option<usize>, behind: usize) -> Option<usize> {
    width.map(|width| width.max(WIDTH_MIN).saturating_sub(behind).max(ROOM_MIN))
}

/// Where the text of a line begins, in bytes.
fn hang(line: &str) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let gap = line[indent..].find("  ").map(|at| indent + at);
    let behind = |at: usize| at + line[at..].len() - line[at..].trim_start_matches(' ').len();
    gap.filter(|at| columns(&line[..*at]) <= NAME_MAX).map_or(indent, behind)
}

/// Breaks a line so that no piece is longer than the room. An address stays whole, for whoever copies it.
pub(super) fn wrap(line: &str, room: Option<usize>) -> Vec<String> {
    match room {
        Some(room) if columns(line) > room => wrap_keeping(line, Some(room)),
        _ => vec![line.to_owned()],
    }
}

/// As [`wrap`], keeping runs of blanks within a piece: columns stay columns.
pub(super) fn wrap_keeping(line: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![line.to_owned()] };
    let mut pieces = Vec::new();
    let mut rest = line;
    while columns(rest) > room {
        let mut taken = 0;
        let over = rest.char_indices().find(|(_, character)| {
            taken += column_width(*character);
            taken > room
        });
        let limit = over.map_or(rest.len(), |(at, _)| at);
        // A word that ends where the room does is whole.
        let ends = rest[limit..].starts_with(' ').then_some(limit);
        let cut = ends.or_else(|| rest[..limit].rfind(' ').filter(|at| !rest[..*at].trim().is_empty()));
        let word_end = rest[limit..].find(' ').map_or(rest.len(), |at| limit + at);
        let cut = cut.unwrap_or(if rest[..word_end].contains("://") { word_end } else { limit });
        pieces.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn lines_break_at_blanks_and_go_on_under_their_text() {
        let text = "You speak as ana; `/as NAME` speaks as somebody else.\n  rollback    Go back to a release that worked before.\n\n    \
                    a list of names, another, and one more";
        expect![[r#"
            You speak as ana; `/as NAME` speaks as
            somebody else.
              rollback    Go back to a release that
                          worked before.

                a list of names, another, and one
                more
        "#]]
        .assert_eq(&broken(text, Some(40)));
        assert_eq!(
            broken("as it is, however long the line that is to be written may be\n", None),
            "as it is, however long the line that is to be written may be\n"
        );
    }

    #[test]
    fn only_a_word_longer_than_the_room_is_cut() {
        assert_eq!(wrap("aaaa bbbb cccc", Some(9)), ["aaaa bbbb", "cccc"]);
        assert_eq!(wrap("aaaabbbbcccc dd", Some(8)), ["aaaabbbb", "cccc dd"]);
        assert_eq!(
            wrap("see http://127.0.0.1:7400/x ok", Some(10)),
            ["see", "http://127.0.0.1:7400/x", "ok"]
        );
    }
}
