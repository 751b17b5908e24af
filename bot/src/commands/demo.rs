//! `demo railway`: Railway, Cloudflare and GitHub without an account. Small ones of them run in this program, people visit what is
//! deployed, and the terminal chat speaks with the same engine and the same adapters as with the real ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adapters::cloudflare::sim::Sim as CloudflareSim;
use adapters::github::sim::{GitHubSim, SimRepository};
use adapters::hosted::sim::Hosts;
use adapters::hosted::visitors;
use adapters::http::sim::Server;
use adapters::railway::sim::{Behaviour, Simulation as RailwaySim};
use anyhow::Context as _;
use engine::clock::SystemClock;
use engine::control::Engine;
use engine::model::{Actor, EnvironmentKey, Project, Provider, SecretName};
use engine::store::StoreAddress;
use secrecy::SecretString;

use super::chat;
use crate::cli::{Exit, Global};
use crate::config::{Config, StandIns};
use crate::out;
use crate::wiring::{Parts, engine_unplugged, folder_private, logs};

/// The demonstration's project.
const PROJECT: &str = include_str!("demo/railway.project.yaml");
/// Where its code is said to be; it is the sample's, on this machine.
const REPOSITORY: (&str, &str) =
    ("https://github.com/infra-chat/invoice-perfect", "infra-chat/invoice-perfect");
/// The release that fails a fifth of its requests, as it does where it really runs.
const BROKEN: (&str, u32) = ("v1.4.0", 20);
/// The release whose tests failed, and what they are called.
const FAILING: (&str, &str) = ("v1.3.0", "test");
/// Keys of the simulated accounts: they open nothing.
const RAILWAY_KEY: &str = "demo-railway-key";
const CLOUDFLARE_KEY: &str = "demo-cloudflare-key-0123456789abcdef";
const GITHUB_KEY: &str = "demo-github-key";
/// How long an answer takes, in milliseconds.
const ANSWER_MS: u32 = 20;
/// How often it is looked whether an environment was created that has no keys yet.
const KEYS_EVERY: Duration = Duration::from_millis(300);
/// The data folder within a folder that is given.
const FOLDER: &str = "demo-railway";
/// The database in it.
const DATABASE: &str = "infra-chat.db";

const GREETING: &str = "\
This Railway, this Cloudflare and this GitHub are simulated within this program, and so are the people who visit: \
nothing is charged, nothing is reached, and all of it is gone at the end. v1.4.0 fails a fifth of its requests; the \
tests of v1.3.0 failed, and production takes only what passed.
An environment you create gets their keys by itself.
Try: deploy v1.1.0 to staging    then: deploy v1.4.0 to staging with canary 50/100";

/// Runs until the chat ends.
pub(super) async fn railway(global: &Global) -> anyhow::Result<Exit> {
    let mut config = super::config(global)?;
    let folder = Folder::new(&config.data_dir)?;
    config.data_dir = folder.0.join("data");
    config.database = StoreAddress::Sqlite(config.data_dir.join(DATABASE));
    config.artifacts = config.data_dir.join("artifacts").display().to_string();
    (config.slack, config.discord, config.twilio, config.prometheus) = (None, None, None, None);
    folder_private(&config.data_dir)?;
    logs::to_file(&config)?;

    super::progress("making the sample project's code");
    let made = tokio::task::spawn_blocking({
        let folder = folder.0.join("sample");
        move || samples::materialise(&folder)
    })
    .await??;
    let railway = Arc::new(Server::start(railway_of(&made)).await.context("can't simulate Railway")?);
    let cloudflare = CloudflareSim::new(CLOUDFLARE_KEY);
    let cloudflare = Arc::new(Server::start(cloudflare).await.context("can't simulate Cloudflare")?);
    let (clock, cf) = (Arc::new(SystemClock), Arc::clone(&cloudflare));
    let github = Server::start(github_of(&made)).await.context("can't simulate GitHub")?;
    let hosts = Hosts { railway: Arc::clone(&railway), cloudflare: cf, clock };
    let hosts = Server::start(hosts).await.context("can't simulate what is deployed")?;

    let cloudflare_base = format!("{}/client/v4", cloudflare.base());
    config.api_bases = BTreeMap::from([
        (Provider::Railway, railway.base()),
        (Provider::Cloudflare, cloudflare_base),
        (Provider::Github, github.base()),
    ]);
    config.stand_ins = StandIns {
        all_hosts_at: Some(hosts.base()),
        repositories: BTreeMap::from([(REPOSITORY.0.to_owned(), made.repository.clone())]),
    };
    let names = project_in(&config).await?;
    super::progress("");
    out::line(GREETING);
    let visits = tokio::spawn(visitors::visit(hosts.base(), names));
    let keys = tokio::spawn(keys_given_on(engine_unplugged(&config, Parts::open(&config, false).await?)));
    let talked = chat::run_with(&config, global).await;
    visits.abort();
    keys.abort();
    talked
}

/// A Railway with the sample's releases, each of which answers as it does.
fn railway_of(made: &samples::Materialised) -> RailwaySim {
    let mut railway = RailwaySim::new(RAILWAY_KEY);
    railway.world.is_lively = true;
    railway.world.heads.insert(REPOSITORY.1.to_owned(), made.main.clone());
    for (tag, commit) in &made.tags {
        let error_percent = if tag == BROKEN.0 { BROKEN.1 } else { 0 };
        railway.world.behaviours.insert(commit.clone(), Behaviour { error_percent, took_ms: ANSWER_MS });
    }
    railway
}

/// A GitHub with the sample's repository, where all releases passed but one.
fn github_of(made: &samples::Materialised) -> GitHubSim {
    let mut github = GitHubSim::with_token(GITHUB_KEY, REPOSITORY.1);
    let runs = made.tags.iter().map(|(tag, commit)| {
        let run = |name: &str| {
            let conclusion = if (tag.as_str(), name) == FAILING { "failure" } else { "success" };
            (name.to_owned(), "completed".to_owned(), Some(conclusion.to_owned()))
        };
        (commit.clone(), vec![run("build"), run(FAILING.1)])
    });
    let repository = SimRepository {
        commits: made.tags.iter().map(|(tag, commit)| (commit.clone(), tag.clone())).collect(),
        branches: BTreeMap::from([("main".to_owned(), made.main.clone())]),
        runs: runs.collect(),
        ..SimRepository::default()
    };
    github.repositories.insert(REPOSITORY.1.to_owned(), repository);
    github
}

/// Takes the project in, with the keys of its accounts; the names at which it is reached.
async fn project_in(config: &Config) -> anyhow::Result<Vec<String>> {
    let engine = engine_unplugged(config, Parts::open(config, false).await?);
    let project = engine::project::import(PROJECT, Path::new("/"))
        .map_err(|faults| faults.in_file("railway.project.yaml".to_owned()))?;
    let actor = Actor::system();
    engine.project_import(&project, &actor).await?;
    engine.secrets_generate_missing(&project, &actor).await?;
    keys_given(&engine, &project).await?;
    engine.store().close().await;
    let environments = project.environments.values();
    Ok(environments.flat_map(|environment| environment.edge.values().cloned()).collect())
}

/// Gives each environment of a project the keys of the simulated accounts, where it has none.
async fn keys_given(engine: &Engine, project: &Project) -> anyhow::Result<()> {
    for environment in project.environments.keys() {
        let key = EnvironmentKey::new(project.project.clone(), environment.clone());
        let keys =
            [("railway-key", RAILWAY_KEY), ("cloudflare-key", CLOUDFLARE_KEY), ("github-key", GITHUB_KEY)];
        for (name, value) in keys {
            let name: SecretName = name.parse()?;
            if engine.store().secret_get(&key, &name).await?.is_none() {
                engine.secret_set(&key, &name, SecretString::from(value), &Actor::system()).await?;
            }
        }
    }
    Ok(())
}

/// The same for environments that are created in the chat, for as long as it goes on.
async fn keys_given_on(engine: Engine) {
    loop {
        tokio::time::sleep(KEYS_EVERY).await;
        for project in engine.store().project_list().await.unwrap_or_default() {
            if let Err(error) = keys_given(&engine, &project.value).await {
                tracing::warn!(%error, "an environment has no keys yet");
            }
        }
    }
}

/// The demonstration's folder, which goes with it: what is simulated is not there the next time.
struct Folder(PathBuf);

impl Folder {
    fn new(within: &Path) -> anyhow::Result<Self> {
        let folder = std::path::absolute(within.join(format!("{FOLDER}-{}", uuid::Uuid::new_v4())))?;
        folder_private(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "the demonstration's folder is left behind");
        }
    }
}
