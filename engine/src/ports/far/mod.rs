//! Ports served by another program: what one replica asks of the one that hosts the embedded platform. A call goes over as its name,
//! what it is given and, when it writes, its permit; the engine at the other end makes the permit anew, and only where the lease
//! under which it was given still stands.

mod ask;
mod serve;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use ask::Far;

use super::{Permit, PortError};
use crate::model::RunId;

/// A call of a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permit: Option<Carried>,
    given: Value,
}

/// A permit under way. It is none: only an engine makes one of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Carried {
    run: RunId,
    key: String,
    fence: Option<i64>,
}

/// Why there is no answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nobody took it.
    NotTaken(String),
    /// It was taken, and whoever took it is there no more: nobody knows what came of it.
    Lost(String),
}

/// The way to the program that serves the ports.
#[async_trait]
pub trait Way: Send + Sync {
    /// Takes a call there and brings back what was answered.
    async fn carry(&self, call: Call) -> Result<Result<Value, PortError>, NoAnswer>;
}

impl Call {
    fn new(name: &str, permit: Option<&Permit>, given: impl Serialize) -> Result<Self, PortError> {
        let given = serde_json::to_value(given).map_err(|error| strange(name, &error))?;
        let carried = |permit: &Permit| Carried {
            run: permit.run().clone(),
            key: permit.idempotency_key().to_owned(),
            fence: permit.fence(),
        };
        Ok(Self { name: name.to_owned(), permit: permit.map(carried), given })
    }
}

/// What one end says and the other does not understand: they are of different versions.
fn strange(name: &str, why: &dyn std::fmt::Display) -> PortError {
    PortError::fail(
        format!(
            "the infra-chat that runs the services and this one do not understand each other ({name}: {why})"
        ),
        "start them as the same version",
    )
}

fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, PortError> {
    serde_json::from_value(value).map_err(|error| strange(name, &error))
}
