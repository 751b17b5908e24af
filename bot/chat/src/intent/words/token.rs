//! One token, and how it is compared with words.

use super::Kind;
use crate::intent::grammar::heads::Heads;
use crate::intent::lexicon::Class;
use crate::intent::names::Hit;
use crate::intent::word_table::{beginning, is_all};

/// So many words are compared one by one.
const FEW_WORDS: usize = 10;

/// A list of more words than that, with a mark for each: almost every word that is none of them is told by one look.
#[derive(Debug, Clone, Copy)]
pub(in crate::intent) struct Words {
    words: &'static [&'static str],
    /// 256 places. So many that most lists leave most of them free.
    marks: [u64; 4],
}

impl Words {
    pub(in crate::intent) const fn of(words: &'static [&'static str]) -> Self {
        let mut marks = [0; 4];
        let mut at = 0;
        while at < words.len() {
            let (place, mark) = Self::mark(beginning(words[at]));
            marks[place] |= mark;
            at += 1;
        }
        Self { words, marks }
    }

    /// Where the mark of a word stands that begins so.
    #[inline]
    const fn mark(beginning: u64) -> (usize, u64) {
        /// What the golden ratio makes of 2^64: the upper bits of a product with it hang on all of the number.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let place = beginning.wrapping_mul(FACTOR) >> 56;
        ((place >> 6) as usize, 1 << (place & 63))
    }
}

/// One token of a text.
#[derive(Debug, Clone, Copy)]
pub(in crate::intent) struct Token<'t> {
    pub(in crate::intent) kind: Kind,
    /// As written.
    pub(in crate::intent) raw: &'t str,
    /// In lower case.
    pub(in crate::intent) low: &'t str,
    /// How a word begins, in lower case, for comparing it at once; 0 of what is no word.
    pub(super) beginning: u64,
    /// Where it begins in the cleaned text, in bytes.
    pub(in crate::intent) at: usize,
    pub(in crate::intent) class: Class,
    /// The phrases it may begin an order with.
    pub(in crate::intent) heads: Heads,
    /// The quotation it stands in, counted from 1; 0 outside.
    pub(in crate::intent) quote: u16,
    /// No blank stands before it.
    pub(in crate::intent) glued: bool,
    /// The name that begins here.
    pub(in crate::intent) name: Option<Hit>,
}

impl Token<'_> {
    /// Where it ends in the cleaned text, in bytes.
    pub(in crate::intent) fn end(&self) -> usize {
        self.at + self.raw.len()
    }

    pub(in crate::intent) fn is_word(&self) -> bool {
        #[cfg(test)]
        crate::intent::growth::step();
        self.kind == Kind::Word
    }

    /// Whether it is one of these words.
    #[inline]
    pub(in crate::intent) fn any(&self, words: &[&str]) -> bool {
        #[cfg(test)]
        crate::intent::growth::step();
        // Most lists are short and known where this is compiled, so that it comes down to comparing a few numbers: nothing
        // has to be foreseen, as each word's own length would have to.
        if words.len() <= FEW_WORDS {
            words.iter().fold(false, |found, word| found | self.reads(word))
        } else {
            self.is_among(words)
        }
    }

    /// Whether it is one of these words, of which there are many.
    #[inline]
    pub(in crate::intent) fn among(&self, words: &Words) -> bool {
        #[cfg(test)]
        crate::intent::growth::step();
        let (place, mark) = Words::mark(self.beginning);
        words.marks[place] & mark != 0 && self.is_among(words.words)
    }

    /// Whether it is this word.
    #[inline]
    fn reads(&self, word: &str) -> bool {
        self.beginning == beginning(word) && (is_all(word) || self.low == word)
    }

    #[inline(never)]
    fn is_among(&self, words: &[&str]) -> bool {
        self.kind == Kind::Word && words.iter().any(|word| word.len() == self.low.len() && self.reads(word))
    }

    /// "please", as it stands before or behind an order.
    pub(in crate::intent) fn is_please(&self) -> bool {
        self.any(&["please", "pls", "plz", "kindly"])
    }

    /// "thanks", as it stands behind one.
    pub(in crate::intent) fn is_thanks(&self) -> bool {
        self.any(&["thanks", "thx", "ty", "cheers"])
    }

    /// A courtesy of one word, which says nothing of an order.
    pub(in crate::intent) fn is_courtesy(&self) -> bool {
        self.is_please() || self.is_thanks()
    }

    /// Whether it is one of these words, all of which are of [`Class::LISTED`].
    pub(in crate::intent) fn listed(&self, words: &[&str]) -> bool {
        self.class.is(Class::LISTED) && self.any(words)
    }

    pub(in crate::intent) fn is(&self, class: Class) -> bool {
        #[cfg(test)]
        crate::intent::growth::step();
        self.class.is(class)
    }
}
