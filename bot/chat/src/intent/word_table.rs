//! A table from words to what is known of them: filled once, then asked for every word of every text.
//!
//! Most words asked for are in no table, so a miss is what has to be cheap: the table is at most half full, so that the first
//! slot is free most of the time. A hit compares two numbers, since most words fit into them.

/// A word's fingerprint, worked out once for all tables it is looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    hash: u64,
    ends: [u64; 2],
}

impl Print {
    /// Multiplies eight bytes at a time, as the hash functions for short keys do. Nobody can choose the words a table
    /// holds but those who run the project, so it need not withstand attacks.
    #[inline]
    pub(super) fn of(word: &str) -> Self {
        let bytes = word.as_bytes();
        let ends = ends(bytes);
        let mut hash = mix(bytes.len() as u64 ^ ends[0], ends[1]);
        if bytes.len() > TOLD_BY_ENDS {
            // Those at the end were taken already.
            for eight in bytes[8..bytes.len() - 8].chunks(8) {
                hash = mix(hash, ends_of_few(eight));
            }
        }
        Self { hash, ends }
    }

    /// That of the word of so many bytes, fewer than eight, with which these eight begin.
    #[inline]
    pub(super) const fn of_begun(eight: u64, len: usize) -> Self {
        let word = eight & ((1 << (8 * len)) - 1) | (len as u64) << 56;
        Self { hash: mix(len as u64 ^ word, 0), ends: [word, 0] }
    }

    /// The word's [`beginning`].
    pub(super) const fn beginning(self) -> u64 {
        self.ends[0]
    }

    /// Where to begin looking: the upper half, which is mixed best.
    const fn place(self) -> usize {
        (self.hash >> 32) as usize
    }
}

/// Words of one length up to this are the same when their first eight and last eight bytes are.
const TOLD_BY_ENDS: usize = 16;

/// The first eight bytes and the last eight, which overlap in a word of less than sixteen.
fn ends(bytes: &[u8]) -> [u64; 2] {
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => [u64::from_le_bytes(*first), u64::from_le_bytes(*last)],
        _ => [ends_of_few(bytes), 0],
    }
}

/// Up to eight bytes as a number, of which no other bytes have the same: in their order, and fewer than eight with their
/// count behind them, which is no byte of any text that is read.
#[inline]
const fn ends_of_few(bytes: &[u8]) -> u64 {
    let count = bytes.len();
    let word = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // Where the two overlap they are the same.
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << (8 * (count - 4))
        }
        _ => match bytes {
            [first, .., last] => *first as u64 | (bytes[1] as u64) << 8 | (*last as u64) << (8 * (count - 1)),
            [only] => *only as u64,
            [] => 0,
        },
    };
    if count < 8 { word | (count as u64) << 56 } else { word }
}

/// The first eight bytes of a word, or all of it with its length, as one number: most words differ in it.
#[inline]
pub(super) const fn beginning(word: &str) -> u64 {
    match word.as_bytes().first_chunk::<8>() {
        Some(first) => u64::from_le_bytes(*first),
        None => ends_of_few(word.as_bytes()),
    }
}

/// Whether a word's [`beginning`] is all of it.
pub(super) const fn is_all(word: &str) -> bool {
    word.len() < 8
}

/// One multiplication, of which both halves are kept: every bit of both numbers reaches every bit of the result.
const fn mix(print: u64, bytes: u64) -> u64 {
    /// Odd, with their ones spread out: parts of 2^64 that the golden ratio and the root of two make.
    const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x6a09_e667_f3bc_c909];
    let product = (print ^ FACTORS[0]) as u128 * (bytes ^ FACTORS[1]) as u128;
    product as u64 ^ (product >> 64) as u64
}

/// One word's place, so small that it is one look at memory where little is known of a word.
#[derive(Debug, Clone, Default)]
#[repr(align(32))]
struct Slot<V> {
    /// Of no word while it is free: every word's beginning is more than 0.
    ends: [u64; 2],
    value: V,
}

impl<V> Slot<V> {
    const fn is_free(&self) -> bool {
        self.ends[0] == 0
    }
}

/// The table: what is known of a word stands where it is looked for.
#[derive(Debug, Clone)]
pub(super) struct WordTable<V> {
    /// As many as a power of two.
    slots: Vec<Slot<V>>,
    /// The word in each slot: only of longer words there is more to compare than a slot holds.
    words: Vec<Box<str>>,
    taken: usize,
}

impl<V: Default> Default for WordTable<V> {
    fn default() -> Self {
        Self::of_slots(LEAST_SLOTS)
    }
}

const LEAST_SLOTS: usize = 16;

impl<V: Default> WordTable<V> {
    fn of_slots(count: usize) -> Self {
        Self {
            slots: std::iter::repeat_with(|| Slot { ends: [0; 2], value: V::default() })
                .take(count)
                .collect(),
            words: vec![Box::default(); count],
            taken: 0,
        }
    }

    /// What is known of a word.
    pub(super) fn get(&self, word: &str) -> Option<&V> {
        self.find(Print::of(word), word)
    }

    /// What is known of a word whose fingerprint is known. Small enough to stand where it is called, which is for every word
    /// of a text.
    #[inline]
    pub(super) fn find(&self, print: Print, word: &str) -> Option<&V> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut place = print.place() & mask;
        // It ends, because half of the slots are free.
        loop {
            let slot = self.slots.get(place)?;
            if slot.is_free() {
                return None;
            }
            if slot.ends == print.ends && (is_all(word) || self.is_long(place, word)) {
                return Some(&slot.value);
            }
            place = (place + 1) & mask;
        }
    }

    /// What is known of a word, to be filled in; for a new word, nothing yet.
    pub(super) fn entry(&mut self, word: &str) -> &mut V {
        let print = Print::of(word);
        if self.find(print, word).is_none() {
            self.taken += 1;
            if self.taken * 2 > self.slots.len() {
                self.grow();
            }
        }
        let place = self.place_for(print, word);
        let slot = &mut self.slots[place];
        if slot.is_free() {
            slot.ends = print.ends;
            self.words[place] = word.into();
        }
        &mut slot.value
    }

    /// The slot of a word, or the free one it goes to.
    fn place_for(&self, print: Print, word: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = print.place() & mask;
        while !self.slots[place].is_free() && *self.words[place] != *word {
            place = (place + 1) & mask;
        }
        place
    }

    /// Whether the word in this slot, which has the same ends, is that word: longer words may differ between their ends. Few
    /// words are so long, and those that are not need not pay for the call.
    #[cold]
    fn is_long(&self, place: usize, word: &str) -> bool {
        self.words
            .get(place)
            .is_some_and(|kept| kept.len() == word.len() && (word.len() <= TOLD_BY_ENDS || **kept == *word))
    }

    fn grow(&mut self) {
        let larger = Self { taken: self.taken, ..Self::of_slots(self.slots.len() * 2) };
        let smaller = std::mem::replace(self, larger);
        for (slot, word) in smaller.slots.into_iter().zip(smaller.words) {
            if !slot.is_free() {
                let place = self.place_for(Print::of(&word), &word);
                self.slots[place] = slot;
                self.words[place] = word;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_again_and_no_other() {
        let words: Vec<String> = (0..5_000_u32)
            .map(|number| "abcdefgh".repeat(number as usize % 4) + &number.to_string())
            .collect();
        let mut table = WordTable::<usize>::default();
        for (number, word) in words.iter().enumerate() {
            *table.entry(word) += number;
        }
        for (number, word) in words.iter().enumerate() {
            assert_eq!(table.get(word), Some(&number), "{word}");
            assert_eq!(table.get(&format!("{word}x")), None, "{word}");
        }
        assert_eq!(table.get(""), None);
    }

    #[test]
    fn words_that_begin_and_end_alike_are_told_apart() {
        let mut table = WordTable::<usize>::default();
        for (number, word) in
            ["abcdefghijklmnop", "abcdefghXijklmnop", "abcdefghYijklmnop"].into_iter().enumerate()
        {
            *table.entry(word) = number + 1;
        }
        assert_eq!(table.get("abcdefghijklmnop"), Some(&1));
        assert_eq!(table.get("abcdefghYijklmnop"), Some(&3));
        assert_eq!(table.get("abcdefghZijklmnop"), None);
    }

    #[test]
    fn words_of_any_length_have_fingerprints_of_their_own() {
        let text = "the quick brown fox";
        let mut prints: Vec<u64> = (0..=text.len()).map(|len| Print::of(&text[..len]).hash).collect();
        prints.extend((1..text.len()).map(|from| Print::of(&text[from..]).hash));
        let all = prints.len();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), all);
    }
}
