//! The terminal: a chat with line editing for a person, plain lines for a script.

mod chat;
mod editor;
mod input;
mod live;
#[cfg(test)]
mod live_tests;
mod plain;
pub(crate) mod render;
#[cfg(test)]
mod render_tests;
mod screen;
mod slash;
mod wait;
mod width;
pub(crate) mod wrap;

pub(crate) use chat::{Chat, Talk, Talked};
pub(crate) use screen::{FRONT, Screen, TerminalFront};
pub(crate) use slash::speaker_name;
pub(crate) use wait::{Waited, settled, told};
