//! Sizes: how much memory a process may use, in the few words people and budgets use for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How large one process of a service may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// 256 MiB.
    Small,
    /// 1 GiB.
    Medium,
    /// 4 GiB.
    Large,
}

/// The word for a process with a limit above the largest size.
pub const SIZE_BEYOND: &str = "oversized";
/// The word for a process without a limit.
pub const SIZE_NONE: &str = "unlimited";

impl Size {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// The memory it stands for, in mebibytes.
    pub const fn memory_mb(self) -> u32 {
        match self {
            Self::Small => 256,
            Self::Medium => 1_024,
            Self::Large => 4_096,
        }
    }

    /// The word for a memory limit: the smallest size that holds it, whatever the description calls it.
    pub fn word_for(memory_mb: Option<u32>) -> &'static str {
        let Some(memory_mb) = memory_mb else { return SIZE_NONE };
        Self::ALL.into_iter().find(|size| memory_mb <= size.memory_mb()).map_or(SIZE_BEYOND, Self::name)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_the_word_of_the_smallest_size_that_holds_it() {
        let words = [None, Some(16), Some(256), Some(257), Some(4_096), Some(4_097)].map(Size::word_for);
        assert_eq!(words, ["unlimited", "small", "small", "medium", "large", "oversized"]);
    }
}
