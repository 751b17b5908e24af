#![doc = include_str!("README.md")]

mod chains;
mod clumping;
mod counts;
mod dispersion;
mod errors;
mod habit;
mod hypergeometric;
mod judge;
mod lanes;
mod latency;
mod mixture;
mod normal;
mod patterns;
pub(crate) mod plain;
mod policy;
mod replay;
mod score;
mod sentence;
mod split;
mod stalls;
mod stored;
mod trace;
mod triggers;
mod usual;
mod verdict;

pub use counts::{Past, Second, Side};
pub use judge::Judge;
pub use latency::{LATENCY_ROW_S, unnoticed};
pub use plain::PlainCounts;
pub use policy::{Policy, STAGES, Stage};
pub use replay::{Decision, ReplayError, Replayed};
pub use score::Score;
pub use split::{Received, Split};
pub use trace::{Trace, TraceError, TraceHistogram, TracePast, TraceSecond};
pub use triggers::Trigger;
pub use verdict::{Cause, Lack, Ruling, Verdict};

#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod tests;
