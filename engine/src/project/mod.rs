#![doc = include_str!("README.md")]

mod address;
mod canary;
mod check;
mod ci;
mod components;
mod connection;
mod describe;
mod describe_trial;
mod difference;
mod environment;
mod fault;
mod freeze;
mod hosted;
mod import;
mod judging;
mod known;
mod like;
pub mod limits;
mod migrations;
mod needs;
mod reference;
mod service;
mod signals;
mod source;
mod spot;
mod texts;
mod tree;
mod variable;
mod without;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use components::{is_named, kind_word, needed, needed_by};
pub use difference::{Difference, differences};
pub use fault::{ProjectFault, ProjectFaults};
pub use import::import;
pub use like::{Likened, Made, like, nearest, secrets_of};
pub use reference::{Piece, Reference, ReferenceError, pieces};
pub(crate) use spot::instead;
pub(crate) use variable::variable_fault;
pub(crate) use without::without;

use crate::model::Project;

/// What a description's file is called unless somebody calls it otherwise.
pub const FILE_NAME: &str = "infra-chat.project.yaml";

/// Writes a project as YAML from which [`import`] makes the same project: what equals its default is left out, the order is
/// always the same, and repositories are absolute.
pub fn export(project: &Project) -> String {
    write::document(&describe::project(project, describe::Defaults::LeftOut))
}
