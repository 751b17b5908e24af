//! The terminal: a chat with line editing for a person, plain lines for a script.

mod chat;
mod editor;
mod input;
pub(crate) mod render;
#[cfg(test)]
mod render_tests;
mod screen;
mod slash;
mod wait;

pub(crate) use chat::{Talk, talk};
pub(crate) use screen::{FRONT, Screen, TerminalFront};
pub(crate) use wait::settled;
