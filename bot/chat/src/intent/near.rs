//! Which known word a word typed wrong is likely meant to be.

/// A known word, made ready to be compared with many.
#[derive(Debug, Clone)]
pub(super) struct Spelled<W> {
    pub(super) word: W,
    letters: u32,
}

impl<W: AsRef<str>> Spelled<W> {
    pub(super) fn new(word: W) -> Self {
        let letters = letters(word.as_ref());
        Self { word, letters }
    }

    /// The distance to a word when one is likely the other typed wrong: one slip in a short word, two in a longer one, a
    /// letter swapped with its neighbour being one slip.
    pub(super) fn distance<V: AsRef<str>>(&self, other: &Spelled<V>) -> Option<usize> {
        let (word, other_word) = (self.word.as_ref(), other.word.as_ref());
        let allowed = match word.len().min(other_word.len()) {
            0..=2 => 0,
            3..=5 => 1,
            _ => MAX_SLIPS,
        };
        // A slip changes the length by one letter at most, and the set of letters by two.
        if word.len().abs_diff(other_word.len()) > MAX_SLIPS
            || (self.letters ^ other.letters).count_ones() as usize > 2 * allowed
        {
            return None;
        }
        let distance = strsim::osa_distance(word, other_word);
        (distance <= allowed).then_some(distance)
    }
}

/// More slips than this make another word.
const MAX_SLIPS: usize = 2;

/// The nearest of these words, the first of those equally near.
pub(super) fn nearest(word: &str, known: &[Spelled<&'static str>]) -> Option<&'static str> {
    let word = Spelled::new(word);
    known
        .iter()
        .filter_map(|known| Some((known.distance(&word)?, known.word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The letters a word is made of, a bit for each; other bytes share the bits left.
fn letters(word: &str) -> u32 {
    word.bytes().fold(0, |letters, byte| {
        let bit = match byte {
            b'a'..=b'z' => byte - b'a',
            other => 26 + other % 6,
        };
        letters | 1 << bit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, other: &str, distance: Option<usize>) {
        assert_eq!(Spelled::new(word).distance(&Spelled::new(other)), distance, "{word} {other}");
    }

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        check("canray", "canary", Some(1));
        check("stagign", "staging", Some(1));
        check("produktoin", "production", Some(2));
        check("wen", "web", Some(1));
        check("wr", "we", None);
        check("banana", "canary", None);
        check("apis", "api", Some(1));
    }
}
