#![doc = include_str!("../README.md")]

mod bounds;
mod decide;
mod decision;
mod evaluate;
mod everything;
mod fault;
mod load;
mod question;
mod rule;
mod rules;
mod sentence;

pub use decide::decide;
pub use decision::{Decision, Fired, RuleId};
pub use fault::{Fault, Place, RuleError};
pub use question::{Actor, BREAK_GLASS_REASON_MIN_CHARS, Environment, Facts, Freeze, Question, Role};
pub use rules::{RuleInfo, Rules};
