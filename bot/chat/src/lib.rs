#![doc = include_str!("../README.md")]

mod aside;
mod carrier;
mod channels;
mod courier;
mod desk;
mod doubles;
mod emphasis;
mod files;
mod hearing;
mod held;
pub mod intent;
mod known;
mod letter;
mod listener;
mod mailbox;
mod message;
mod offered;
mod pace;
mod phones;
pub mod picture;
mod reporter;
mod shows;
mod sight;
mod spilled;
mod talks;
mod texter;
mod troubles;
mod turn;
mod unpacked;
pub mod view;
pub mod window;

pub use carrier::{Carrier, FileDue, Sent, Undelivered};
pub use channels::{BadChannels, Channels, UnknownMeaning};
pub use courier::{Carried, Courier};
pub use desk::{
    About, Beside, Desk, Heard, Outcome, SecretForm, SecretWish, Understood, names_of, parse_said,
};
pub use emphasis::{Emphasis, emphasis};
pub use files::{Brought, Files};
pub use hearing::{Ear, Hearing, Overheard, Said, Unread};
pub use held::Held;
pub use known::{References, known};
pub use letter::{Letter, Place};
pub use listener::{Listener, Pasted, Spoken, Taken};
pub use mailbox::{mailing_reporter, report};
pub use message::*;
pub use offered::{asks_before, decisions_on};
pub use pace::{Allowance, Kind};
pub use reporter::{Follow, Reporter};
pub use shows::run_shown;
pub use spilled::{holds_secret, looks_secret};
pub use texter::{Incoming, Texter};
pub use troubles::{Troubles, front_troubles, fronts_connected};
pub use unpacked::unpacked;
