#![doc = include_str!("../README.md")]

mod desk;
pub mod intent;
mod message;
mod reporter;
pub mod view;

pub use desk::{Desk, Heard, Outcome, names_of, parse_said};
pub use message::*;
pub use reporter::{Follow, Reporter};
