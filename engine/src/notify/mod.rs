//! Texts to people on duty: what is worth one, who gets it, when, and how often. Everything is a row with a due time:
//!
//! - an [`Alert`] says what happened and whose turn it is; who does not answer in time is followed by the next in its chain;
//! - a [`Text`] is one message to one phone, from the moment it is decided until it is known what became of it. It is written
//!   down before it is sent, and looked up before it is sent again;
//! - a [`Code`] is a number somebody may reply, once: bound to one phone, one run and one plan.
//!
//! What happened is read from the same events as cards are, behind a cursor of its own. Behind another cursor, the same
//! events make people's rules fire: each [`Fired`] is a row until all that its rule says was done or could not be.

mod alert;
mod code;
mod fired;
pub mod gsm;
mod pass;
mod raise;
mod replies;
mod self_test;
mod send;
mod shorten;
mod text;
mod turn;
mod view;
mod worth;

pub use alert::{Alert, AlertState, FOLD_MS};
pub use code::{Code, CodeAction, EXPIRES_MS};
pub use fired::{EPISODE_MS, Fired};
pub(crate) use raise::may_matter;
pub use replies::{Replied, WRONG_MAX, WRONG_MS};
pub use text::{Fate, Text, TextKind, TextState};
pub use turn::{Compose, PER_PERSON_MAX, PER_PERSON_MS, ToSay, Words};
pub use view::PhoneView;
pub use worth::{AlertKind, WEIRD_SCORE, Worth, worth};
