#![doc = include_str!("README.md")]

mod backends;
mod batch;
mod builds;
mod check;
mod components;
mod config;
mod database;
mod database_postgres;
mod desired;
pub mod edge;
mod environment;
mod files;
mod health;
mod instance;
mod job;
mod leftovers;
mod logs;
mod machine;
mod marker;
mod platform;
mod port;
mod preflight;
mod process;
mod prune;
mod replace;
mod sql_shell;
mod take_over;
pub(crate) mod variables;

pub use backends::{Backends, Instances};
pub use database::LocalDatabase;
pub use job::JobOutcome;
pub use platform::{LocalConfig, LocalPlatform};
pub use sql_shell::{SqlShellError, sql_shell};
