//! Runs: their states, the journal they leave, and what comes next. The executor that acts on it is [`crate::control`].

mod next;
mod record;
mod state;
#[cfg(test)]
mod state_tests;

pub use next::*;
pub use record::*;
pub use state::*;
