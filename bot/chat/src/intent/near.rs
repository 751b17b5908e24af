//! Which known word a word typed wrong is likely meant to be.

/// Longer words are no slip of another, in characters.
const LONGEST: usize = 64;

/// A known word, made ready to be compared with many.
#[derive(Debug, Clone)]
pub(super) struct Spelled<W> {
    pub(super) word: W,
    letters: u64,
    /// How many characters it has.
    len: usize,
}

impl<W: AsRef<str>> Spelled<W> {
    pub(super) fn new(word: W) -> Self {
        let letters = letters(word.as_ref());
        let len = word.as_ref().chars().count();
        Self { word, letters, len }
    }

    /// How many characters it has.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The distance to a word when one is likely the other typed wrong: one slip in a short word, two in a longer one, a
    /// letter swapped with its neighbour being one slip.
    pub(super) fn distance<V: AsRef<str>>(&self, other: &Spelled<V>) -> Option<usize> {
        let (word, other_word) = (self.word.as_ref(), other.word.as_ref());
        let (lacking, added) = (self.letters & !other.letters, other.letters & !self.letters);
        // What two words differ in takes the product of their lengths to find.
        if self.len.abs_diff(other.len) > MAX_SLIPS || self.len > LONGEST {
            return None;
        }
        if are_many(lacking) || are_many(added) {
            return None;
        }
        let allowed = match word.len().min(other_word.len()) {
            0..=2 => 0,
            3..=5 => 1,
            _ => MAX_SLIPS,
        };
        // A slip makes a word longer by one letter at most, or brings one that the other word lacks. Few words that pass
        // this are far apart, and measuring takes long.
        let count = |letters: u64| letters.count_ones() as usize;
        let longer = self.len.saturating_sub(other.len);
        let shorter = other.len.saturating_sub(self.len);
        if shorter + count(lacking) > allowed || longer + count(added) > allowed {
            return None;
        }
        #[cfg(test)]
        super::growth::measure();
        let distance = slips(word, other_word);
        (distance <= allowed).then_some(distance)
    }
}

/// More slips than this make another word.
pub(super) const MAX_SLIPS: usize = 2;

/// Whether there are more letters than [`MAX_SLIPS`]: taking so many away is faster than counting them all.
fn are_many(letters: u64) -> bool {
    (0..MAX_SLIPS).fold(letters, |letters, _| letters & letters.wrapping_sub(1)) != 0
}

/// How many slips make the one of the other. Where two words begin and end alike, all slips lie between.
fn slips(word: &str, other: &str) -> usize {
    let (mut word, mut other) = (word, other);
    if word.is_ascii() && other.is_ascii() {
        let alike = |(one, two): &(u8, u8)| one == two;
        let begin = word.bytes().zip(other.bytes()).take_while(alike).count();
        (word, other) = (&word[begin..], &other[begin..]);
        let end = word.bytes().rev().zip(other.bytes().rev()).take_while(alike).count();
        (word, other) = (&word[..word.len() - end], &other[..other.len() - end]);
        match (word.as_bytes(), other.as_bytes()) {
            ([], left) | (left, []) => return left.len(),
            ([_], [_]) => return 1,
            ([a, b], [c, d]) => return if (a, b) == (d, c) { 1 } else { 2 },
            _ => {}
        }
    }
    strsim::osa_distance(word, other)
}

/// The nearest of these words, the first of those equally near.
pub(super) fn nearest(word: &str, known: &[Spelled<&'static str>]) -> Option<&'static str> {
    let word = Spelled::new(word);
    known
        .iter()
        .filter_map(|known| Some((known.distance(&word)?, known.word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The nearest of some names; the first of those equally near.
pub(crate) fn nearest_name<'k>(said: &str, names: &'k [String]) -> Option<&'k str> {
    let said = Spelled::new(said);
    names
        .iter()
        .filter_map(|name| Some((Spelled::new(name.to_lowercase()).distance(&said)?, name.as_str())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The letters a word is made of, a bit for each, and another for each that stands there twice; other characters share bits.
fn letters(word: &str) -> u64 {
    /// Where the bits for letters that stand there twice begin.
    const TWICE: u32 = 32;
    word.bytes().fold(0, |letters, byte| {
        let once = match byte {
            b'a'..=b'z' => 1 << (byte - b'a'),
            b'0'..=b'9' => 1 << (26 + byte % 5),
            // The bytes of one character must not count as several.
            _ => return letters | 1 << 31,
        };
        letters | once | (letters & once) << TWICE
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
        check("caanry", "canary", Some(1));
        check("deplooy", "deploy", Some(1));
        check("stagging", "staging", Some(1));
        check("pröduction", "production", Some(1));
        check("billing-2", "billing-7", Some(1));
    }
}
