#![doc = include_str!("../README.md")]

mod channels;
mod courier;
mod desk;
mod hearing;
pub mod intent;
mod known;
mod letter;
mod listener;
mod message;
mod pace;
mod reporter;
mod troubles;
mod turn;
pub mod view;
pub mod window;

pub use channels::{BadChannels, Channels, UnknownMeaning};
pub use courier::{Carried, Carrier, Courier, FileDue, Sent, Undelivered};
pub use desk::{About, Desk, Heard, Outcome, SecretForm, SecretWish, names_of, parse_said};
pub use hearing::{Ear, Hearing, Overheard, Said, Unread};
pub use known::{References, known};
pub use letter::{Letter, Place};
pub use listener::{Listener, Pasted, Spoken};
pub use message::*;
pub use pace::{Allowance, Kind};
pub use reporter::{Follow, Reporter};
pub use troubles::Troubles;
