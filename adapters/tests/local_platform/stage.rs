//! Where the tests play: a data folder, a repository, an edge that writes down what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adapters::git::GitHost;
use adapters::local::{Backends, Instances, LocalConfig, LocalPlatform};
use async_trait::async_trait;
use engine::clock::ManualClock;
use engine::model::{EnvironmentKey, Health, Limits, SecretName, ServiceName, Source, Sticky, Variable};
use engine::ports::{
    BuildKey, BuildRequest, BuildState, ConfigSet, Instance, InstanceSet, InstanceState, Permit, Platform,
    PortError, SecretSource, testing,
};
use engine::redact::Redactor;
use secrecy::SecretString;
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

/// How long anything may take to come true.
const PATIENCE: Duration = Duration::from_secs(20);
/// The secret that services get as `TOKEN`.
pub(crate) const TOKEN: &str = "correct-horse-battery";
/// The secret with the connection string of a database on a server. Its password is `h@ndshake-9`.
pub(crate) const DATABASE_URL: &str = "postgres://app:h%40ndshake-9@127.0.0.1:1/app";

/// An edge that remembers.
#[derive(Default)]
pub(crate) struct FakeEdge {
    pub(crate) backends: Mutex<BTreeMap<(String, u32), BTreeSet<SocketAddr>>>,
    /// Those that were healthy and fail their checks.
    pub(crate) failing: Mutex<BTreeMap<(String, u32), BTreeSet<SocketAddr>>>,
    pub(crate) listening: Mutex<BTreeMap<String, String>>,
    pub(crate) sticky: Mutex<BTreeMap<String, Option<String>>>,
    /// Where the edge was told that health is asked.
    pub(crate) health: Mutex<BTreeMap<String, String>>,
    pub(crate) drained: Mutex<Vec<SocketAddr>>,
    /// What was known of backends when the edge was last told to listen.
    known: Mutex<BTreeMap<(String, u32), BTreeSet<SocketAddr>>>,
}

impl FakeEdge {
    /// The backends of a service's first release when the edge was last told to listen.
    pub(crate) fn at_listen(&self, service: &str) -> Option<BTreeSet<SocketAddr>> {
        self.known.lock().unwrap().get(&(service.to_owned(), 1)).cloned()
    }
}

#[async_trait]
impl Backends for FakeEdge {
    async fn listen(
        &self,
        _: &EnvironmentKey,
        service: &ServiceName,
        address: &str,
    ) -> Result<(), PortError> {
        *self.known.lock().unwrap() = self.backends.lock().unwrap().clone();
        self.listening.lock().unwrap().insert(service.to_string(), address.to_owned());
        Ok(())
    }

    async fn leave(&self, _: &EnvironmentKey, service: &ServiceName) {
        self.listening.lock().unwrap().remove(service.as_str());
    }

    fn sticky_set(&self, _: &EnvironmentKey, service: &ServiceName, sticky: Option<&Sticky>) {
        let cookie = sticky.map(|sticky| sticky.cookie.clone());
        self.sticky.lock().unwrap().insert(service.to_string(), cookie);
    }

    fn backends_set(
        &self,
        _: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        instances: Instances,
        health: Option<&str>,
    ) {
        if let Some(path) = health {
            self.health.lock().unwrap().insert(service.to_string(), path.to_owned());
        }
        let key = (service.to_string(), release);
        self.failing.lock().unwrap().insert(key.clone(), instances.failing.into_iter().collect());
        self.backends.lock().unwrap().insert(key, instances.healthy.into_iter().collect());
    }

    async fn drain(
        &self,
        _: &EnvironmentKey,
        _: &ServiceName,
        _: u32,
        addresses: Vec<SocketAddr>,
        _: Duration,
    ) {
        for address in &addresses {
            // Whoever is being drained still answers.
            assert!(TcpStream::connect(address).is_ok(), "{address} was ended before it was drained");
        }
        self.drained.lock().unwrap().extend(addresses);
    }
}

pub(crate) struct FixedSecrets;

#[async_trait]
impl SecretSource for FixedSecrets {
    async fn secret_read(
        &self,
        _: &EnvironmentKey,
        name: &SecretName,
        _: Option<u32>,
        _: &str,
    ) -> Result<SecretString, PortError> {
        match name.as_str() {
            "token" => Ok(SecretString::from(TOKEN)),
            "database-url" => Ok(SecretString::from(DATABASE_URL)),
            _ => Err(PortError::fail(format!("there is no secret {name}"), "Set it first.")),
        }
    }
}

/// The stage.
pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
    /// Removes the folder in the end, if it is this stage's own.
    own: Option<tempfile::TempDir>,
    pub(crate) edge: Arc<FakeEdge>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) environment: EnvironmentKey,
    /// Where secrets come from.
    pub(crate) secrets: Arc<dyn SecretSource>,
    platform: Option<Arc<LocalPlatform>>,
    id: String,
    steps: AtomicU32,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.platform = None;
        for pid in self.processes() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
        drop(self.own.take());
    }
}

impl Stage {
    /// A platform with nothing on it, and a repository with one commit.
    pub(crate) async fn open() -> Self {
        let own = tempfile::tempdir().unwrap();
        let mut stage = Self::at(own.path());
        stage.own = Some(own);
        stage.start().await;
        stage
    }

    /// A stage in a folder of somebody else's, not opened yet.
    pub(crate) fn at(folder: &Path) -> Self {
        if !folder.join("repository").exists() {
            repository(&folder.join("repository"), &[("hello.txt", "hello")], "v1");
        }
        Self {
            id: folder.file_name().unwrap().to_string_lossy().into_owned(),
            folder: folder.to_owned(),
            own: None,
            edge: Arc::default(),
            clock: Arc::new(ManualClock::at(1_700_000_000_000)),
            environment: "shop/staging".parse().unwrap(),
            secrets: Arc::new(FixedSecrets),
            platform: None,
            steps: AtomicU32::new(0),
        }
    }

    /// Opens the platform, as a start of the program does.
    pub(crate) async fn start(&mut self) {
        self.platform = Some(self.open_again().await.unwrap());
    }

    /// Opens the platform without looking whether it is open.
    pub(crate) async fn open_again(&self) -> Result<Arc<LocalPlatform>, PortError> {
        let mut config = LocalConfig::new(
            self.folder.join("local"),
            "/bin/infra-chat".into(),
            Arc::new(Redactor::new().unwrap()),
        );
        config.clock = Arc::clone(&self.clock) as _;
        config.builds_kept = 2;
        let git = Arc::new(GitHost::new(&self.folder));
        let edge = Arc::clone(&self.edge) as Arc<dyn Backends>;
        LocalPlatform::open(config, git, edge, Arc::clone(&self.secrets)).await
    }

    /// What a kill does: the program is gone, its processes are not.
    pub(crate) fn crash(&mut self) {
        self.platform = None;
    }

    pub(crate) fn platform(&self) -> &LocalPlatform {
        self.platform.as_deref().unwrap()
    }

    /// A permit of a new step.
    pub(crate) fn permit(&self) -> Permit {
        testing::permit(&"r-3f2a".parse().unwrap(), self.steps.fetch_add(1, Ordering::SeqCst))
    }

    pub(crate) fn source(&self) -> Source {
        Source {
            repository: self.folder.join("repository").display().to_string(),
            path: ".".to_owned(),
            credentials: None,
        }
    }

    pub(crate) fn commit(&self) -> String {
        git(&self.folder.join("repository"), &["rev-parse", "HEAD"])
    }

    /// Builds the newest commit under a key and waits for the outcome.
    pub(crate) async fn build(&self, key: &str, command: Option<&str>) -> BuildState {
        let key = BuildKey(key.to_owned());
        let command = command.map(str::to_owned);
        let request =
            BuildRequest { key: key.clone(), source: self.source(), commit: self.commit(), command };
        self.platform().build_start(&self.permit(), &request).await.unwrap();
        eventually("the build ends", async || match self.platform().build_look(&key).await.unwrap() {
            BuildState::Running { .. } => None,
            state => Some(state),
        })
        .await
    }

    /// Variables for the service: how it is to act.
    pub(crate) async fn configure(&self, service: &str, release: u32, mode: &str, more: &[(&str, &str)]) {
        let mut variables = BTreeMap::from([
            ("TEST_SERVICE".to_owned(), Variable::Plain(mode.to_owned())),
            ("TEST_STAGE".to_owned(), Variable::Plain(self.id.clone())),
            ("TOKEN".to_owned(), Variable::Secret("token".parse().unwrap())),
        ]);
        variables.extend(
            more.iter().map(|(name, value)| ((*name).to_owned(), Variable::Plain((*value).to_owned()))),
        );
        let service: ServiceName = service.parse().unwrap();
        let config = ConfigSet {
            service: service.clone(),
            release,
            variables,
            secrets: std::collections::BTreeMap::new(),
            components: None,
            fingerprint: format!("{mode}-{release}"),
        };
        let permit = self.permit();
        let put = self.platform().config_put(&permit, &self.environment, &service, release, Some(&config));
        put.await.unwrap();
    }

    /// The set of a release of the service.
    pub(crate) fn set(service: &str, release: u32, replicas: u32) -> InstanceSet {
        InstanceSet {
            service: service.parse().unwrap(),
            release,
            build: BuildKey("b1".to_owned()),
            commit: String::new(),
            start: crate::service::command(),
            replicas,
            health: Some(Health { path: "/health".to_owned(), timeout_s: 10 }),
            limits: Limits { memory_mb: None, open_files: Some(256) },
        }
    }

    /// Builds, configures and starts a release, without waiting for health.
    pub(crate) async fn deploy(&self, service: &str, release: u32, replicas: u32, mode: &str) {
        assert!(matches!(self.build("b1", None).await, BuildState::Done { .. }));
        self.configure(service, release, mode, &[]).await;
        let set = Self::set(service, release, replicas);
        self.platform().instances_ensure(&self.permit(), &self.environment, &set).await.unwrap();
    }

    pub(crate) async fn instances(&self, service: &str, release: u32) -> Vec<Instance> {
        let observed = self.platform().observe(&self.environment).await.unwrap();
        let sets = observed.services.get(service).map(|service| service.sets.clone()).unwrap_or_default();
        sets.into_iter().find(|set| set.release == release).map(|set| set.instances).unwrap_or_default()
    }

    /// Waits until exactly so many instances are there, all healthy, and the edge knows them.
    pub(crate) async fn healthy(&self, service: &str, release: u32, count: usize) -> Vec<Instance> {
        eventually("all instances are healthy", async || {
            let instances = self.instances(service, release).await;
            let healthy = instances.iter().all(|one| matches!(one.state, InstanceState::Healthy { .. }));
            (healthy && instances.len() == count && self.backends(service, release).len() == count)
                .then_some(instances)
        })
        .await
    }

    pub(crate) fn backends(&self, service: &str, release: u32) -> BTreeSet<SocketAddr> {
        self.edge.backends.lock().unwrap().get(&(service.to_owned(), release)).cloned().unwrap_or_default()
    }

    /// Ids of all processes of this stage.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mut system = System::new();
        let what = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always).without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let wanted = std::ffi::OsString::from(format!("TEST_STAGE={}", self.id));
        let all = system.processes().values().filter(|process| process.status() != ProcessStatus::Zombie);
        let mut pids: Vec<u32> =
            all.filter(|p| p.environ().contains(&wanted)).map(|p| p.pid().as_u32()).collect();
        pids.sort_unstable();
        pids
    }
}

/// Waits for something to come true.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited {} s until {what}", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks a service for something; the body, or nothing if it is gone.
pub(crate) fn get(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

/// Runs git in a folder.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main"])
        .args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Commits files, making the repository if there is none, and tags the commit.
pub(crate) fn repository(folder: &Path, files: &[(&str, &str)], tag: &str) {
    if !folder.join(".git").exists() {
        std::fs::create_dir_all(folder).unwrap();
        git(folder, &["init", "--quiet"]);
    }
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", &format!("make {tag}")]);
    git(folder, &["tag", tag]);
}
