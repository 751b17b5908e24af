//! Words that have to give way, by sense: whole statements go first, then clauses, then words; and what is left never ends within a number, a name or
//! a bracket, nor at a word that asks for another.

/// Words that say nothing without the next.
const LEADING: [&str; 34] = [
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "can't", "could", "for", "from",
    "get", "has", "have", "in", "into", "is", "less", "more", "not", "of", "on", "or", "than", "the", "to",
    "was", "were", "with", "would",
];
/// A cut by sense is taken if this part of what there is room for is left by it.
const LEFT_MIN: f64 = 0.5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Statement,
    Clause,
    Word,
    /// Only when nothing else is left.
    Anywhere,
}

/// The text, shortened until it `fits`; empty when nothing of it does.
pub(super) fn shorten(text: &str, fits: impl Fn(&str) -> bool) -> String {
    let longest = |kind: Cut| {
        let ends = text.match_indices(' ').map(|(at, _)| at).rev();
        let mut shorter = ends.filter(|at| cut_at(text, *at) == kind).map(|at| ended(&text[..at], kind));
        shorter.find(|shorter| fits(shorter))
    };
    let [statement, clause, word] = [Cut::Statement, Cut::Clause, Cut::Word].map(longest);
    let room = [&statement, &clause, &word].into_iter().flatten().map(String::len).max().unwrap_or_default();
    let by_sense = [statement, clause].into_iter().flatten();
    let mut by_sense = by_sense.filter(|kept| kept.len() as f64 >= LEFT_MIN * room as f64);
    by_sense.next().or(word).or_else(|| longest(Cut::Anywhere)).unwrap_or_default()
}

/// What kind of a cut it is to end before the blank there.
fn cut_at(text: &str, at: usize) -> Cut {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let last = before.rsplit(' ').next().unwrap_or_default();
    let is_open =
        before.matches('"').count() % 2 == 1 || before.matches('(').count() > before.matches(')').count();
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    match last.chars().last() {
        _ if is_open => Cut::Anywhere,
        Some('.' | '!' | '?' | ';') => Cut::Statement,
        // What a name or a number is behind its colon, it is not before it.
        Some(',') => Cut::Clause,
        Some(':') => Cut::Anywhere,
        _ if after.starts_with('(') => Cut::Clause,
        _ if is_number(last) || is_number(after) || LEADING.contains(&last.to_lowercase().as_str()) => {
            Cut::Anywhere
        }
        _ => Cut::Word,
    }
}

/// With the end that says whether more was said.
fn ended(kept: &str, kind: Cut) -> String {
    match kind {
        Cut::Statement if kept.ends_with(['!', '?']) => kept.to_owned(),
        Cut::Statement => format!("{}.", kept.trim_end_matches(['.', ';'])),
        _ => format!("{}...", kept.trim_end_matches(['.', ',', ':', ';'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERDICT: &str = "The canary failed 12 of 60 requests (20%), the stable version 0 of 540 requests (0%) in the same seconds; equal \
                           versions would get this far apart less than once in 298 canaries (limit: 222).";

    fn within(room: usize, text: &str) -> String {
        shorten(text, |shorter| shorter.len() <= room)
    }

    #[test]
    fn the_tail_goes_before_the_numbers() {
        let numbers = "The canary failed 12 of 60 requests (20%), the stable version 0 of 540 requests (0%) in the same seconds.";
        for room in numbers.len()..VERDICT.len() {
            assert_eq!(within(room, VERDICT), numbers, "{room}");
        }
        assert_eq!(
            within(100, VERDICT),
            "The canary failed 12 of 60 requests (20%), the stable version 0 of 540 requests..."
        );
        assert_eq!(within(45, VERDICT), "The canary failed 12 of 60 requests (20%)...");
    }

    #[test]
    fn nothing_ends_within_a_number_or_a_name() {
        assert_eq!(
            within(40, "release 12 of the service answered \"Out of memory\" 3 times"),
            "release 12 of the service answered..."
        );
        assert_eq!(within(24, "it takes about 52 more canary requests"), "it takes...");
        for room in 0..VERDICT.len() {
            let kept = within(room, VERDICT);
            assert!(kept.len() <= room && kept.matches('(').count() == kept.matches(')').count(), "{kept}");
            for bad in [" 12...", " of...", " 0...", " (20...", "(limit:...", " the..."] {
                assert!(room < 20 || !kept.ends_with(bad), "{kept}");
            }
        }
    }

    #[test]
    fn a_short_statement_before_a_long_one_is_not_all_that_is_left() {
        let says = "It failed. Of all requests of the last two minutes nearly everything was answered much slower than is usual here";
        assert_eq!(
            within(90, says),
            "It failed. Of all requests of the last two minutes nearly everything was answered much..."
        );
    }

    #[test]
    fn what_has_no_blank_or_no_room_is_left_out() {
        assert_eq!(within(5, "unspeakable"), "");
        assert_eq!(within(3, "a b"), "");
    }
}
