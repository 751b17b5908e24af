//! An edge with one service, and the words tests use about it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adapters::local::Instances;
use adapters::local::edge::{EdgeOptions, EdgeProxy};
use engine::model::{EnvironmentKey, ServiceName};
use engine::ports::testing::permit;
use engine::ports::{Edge, PortError, Receipt, Weight};
use tempfile::TempDir;

use crate::client::{Client, Wire};
use crate::instance::Instance;

/// Longer than anything here takes when it works.
pub const LONG: Duration = Duration::from_secs(20);

pub fn healthy(addresses: &[SocketAddr]) -> Instances {
    Instances { healthy: addresses.to_vec(), ..Instances::default() }
}

pub struct World {
    pub edge: Arc<EdgeProxy>,
    pub environment: EnvironmentKey,
    pub api: ServiceName,
    pub folder: TempDir,
}

impl World {
    /// An edge that listens for `api`, on any port.
    pub async fn new() -> Self {
        Self::with(EdgeOptions::default()).await
    }

    pub async fn with(options: EdgeOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let edge = EdgeProxy::open_with(folder.path().join("edge.json"), options).unwrap();
        let world =
            Self { edge, environment: "shop/staging".parse().unwrap(), api: "api".parse().unwrap(), folder };
        world.listen("127.0.0.1:0").await.unwrap();
        world
    }

    /// An edge with one release, 12, that has all the traffic and these instances.
    pub async fn serving(instances: &[&Instance]) -> Self {
        let world = Self::new().await;
        world.has(12, instances);
        world.weights(&[(12, 100)]).await;
        world
    }

    pub fn state_file(&self) -> PathBuf {
        self.folder.path().join("edge.json")
    }

    pub async fn listen(&self, address: &str) -> Result<(), PortError> {
        self.edge.listen(&self.environment, &self.api, address).await
    }

    pub fn address(&self) -> SocketAddr {
        self.edge.address(&self.environment, &self.api).unwrap()
    }

    pub fn has(&self, release: u32, instances: &[&Instance]) {
        let addresses: Vec<SocketAddr> = instances.iter().map(|instance| instance.address).collect();
        self.has_at(release, &addresses);
    }

    pub fn has_at(&self, release: u32, addresses: &[SocketAddr]) {
        self.edge.backends_set(&self.environment, &self.api, release, &healthy(addresses));
    }

    /// All of its instances fail their checks.
    pub fn fails(&self, release: u32, instances: &[&Instance]) {
        let failing = instances.iter().map(|instance| instance.address).collect();
        let told = Instances { failing, ..Instances::default() };
        self.edge.backends_set(&self.environment, &self.api, release, &told);
    }

    pub async fn weights(&self, shares: &[(u32, u8)]) -> Receipt {
        self.try_weights(shares).await.unwrap()
    }

    pub async fn try_weights(&self, shares: &[(u32, u8)]) -> Result<Receipt, PortError> {
        let permit = permit(&"r-3f2a".parse().unwrap(), 5);
        let weights: Vec<Weight> =
            shares.iter().map(|&(release, percent)| Weight { release, percent }).collect();
        self.edge.weights_set(&permit, &self.environment, &self.api, &weights).await
    }

    pub async fn drain(&self, release: u32, instance: &Instance, at_most: Duration) {
        self.edge.drain(&self.environment, &self.api, release, &[instance.address], at_most).await;
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.address()).await
    }

    pub async fn wire(&self) -> Wire {
        Wire::connect(self.address()).await
    }
}

/// What a refusal says, with what to do.
pub fn said(result: Result<(), PortError>) -> String {
    match result {
        Ok(()) => "fine".to_owned(),
        Err(PortError::Fail { what, hint }) => format!("{what}. {hint}"),
        Err(other) => format!("{other:?}"),
    }
}
