#![doc = include_str!("README.md")]

mod ci;
mod client;
mod commits;
pub mod signature;
pub mod sim;
mod verify;

pub use ci::{Check, Ci};
pub use client::{API_BASE, GitHub, Repository, RepositoryError, Settings, TokenKind};
pub use commits::{Commit, Comparison, Relation};
