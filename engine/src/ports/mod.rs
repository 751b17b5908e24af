//! What the engine needs from the outside, in its own words. Adapters implement these traits; the engine knows no
//! vendor. Reading calls take no permit. **Every writing call takes a [`Permit`]**, which only the executor of an
//! approved run can make: a plan, a dry run or a question can't write, by type (texts to people take none). No call destroys data:
//! what a run may remove is what a run made.

mod accounts;
mod by_environment;
mod ci;
mod code;
mod crashes;
mod database;
mod edge;
mod error;
pub mod far;
mod messenger;
mod migrate;
mod observed;
mod permit;
mod platform;
mod receipt;
mod secret;
mod signals;

use std::sync::Arc;

pub use accounts::*;
pub use by_environment::*;
pub use ci::*;
pub use code::*;
pub use crashes::*;
pub use database::*;
pub use edge::*;
pub use error::*;
pub use messenger::*;
pub use migrate::*;
pub use observed::*;
pub use permit::*;
pub use platform::*;
pub use receipt::*;
pub use secret::*;
pub use signals::*;

/// Everything outside that runs need, as one value.
#[derive(Clone)]
pub struct Ports {
    /// Runs services.
    pub platform: Arc<dyn Platform>,
    /// Splits traffic.
    pub edge: Arc<dyn Edge>,
    /// Watches what releases answer.
    pub signals: Arc<dyn Signals>,
    /// Has the code.
    pub code: Arc<dyn CodeHost>,
    /// Has the application's data.
    pub database: Arc<dyn Database>,
    /// Texts people.
    pub messenger: Arc<dyn Messenger>,
    /// Says whose a key is.
    pub accounts: Arc<dyn Accounts>,
    /// Says whether a commit passed its checks.
    pub ci: Arc<dyn Ci>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}
