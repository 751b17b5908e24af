//! Names said in a list.

use smallvec::SmallVec;

/// A list of the project's own names, each once, in the order said.
///
/// Most lists are so short that they need no memory of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::intent) struct List {
    pub(in crate::intent) named: SmallVec<[usize; 2]>,
    pub(in crate::intent) without: SmallVec<[usize; 2]>,
    /// "all …" was said.
    pub(in crate::intent) all: bool,
}

impl List {
    pub(super) fn push(&mut self, index: usize, excluded: bool) {
        let list = if excluded { &mut self.without } else { &mut self.named };
        if !list.contains(&index) {
            list.push(index);
        }
    }

    pub(in crate::intent) fn is_said(&self) -> bool {
        self.all || !self.named.is_empty() || !self.without.is_empty()
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        for index in &other.named {
            self.push(*index, false);
        }
        for index in &other.without {
            self.push(*index, true);
        }
        self.all |= other.all;
    }
}
