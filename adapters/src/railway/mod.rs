#![doc = include_str!("README.md")]

mod client;
mod databases;
pub mod documents;
mod domains;
mod jobs;
mod logs;
mod model;
mod observe;
mod problems;
mod projects;
mod releases;
mod services;
mod settings;
pub mod sim;
mod variables;
mod verify;

pub use client::{Made, Railway, Token};
pub use databases::DatabaseWanted;
pub use domains::RecordWanted;
pub use jobs::{Job, JobState};
pub use logs::{Attribute, Bounds, Line, LogOf, Part, Request};
pub use model::*;
pub use projects::Begins;
pub use services::Source;
pub use settings::{Restart, Wanted};
pub use variables::VariablesSet;
