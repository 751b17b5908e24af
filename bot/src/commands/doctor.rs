//! `doctor`: looks whether everything that is needed is there, and says of each thing what to do. It changes nothing but
//! what every start does.

mod texts;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use adapters::git::GitHost;
use engine::model::{PLATFORM_LOCAL, Project};
use engine::ports::PortError;
use engine::secrets::MasterKey;
use engine::store::Store;
use tokio::process::Command;

use crate::cli::{Exit, Global};
use crate::config::{Config, meanings_check};
use crate::host::{front_troubles, fronts_connected, unreached};
use crate::out;
use crate::wiring::{Holder, HostLock, MASTER_KEY_FILE, SIGNING_KEY_FILE, folder_private, rules_load};

/// Less than this and builds are likely to fail, in bytes.
const FREE_WARN: u64 = 2 * 1024 * 1024 * 1024;
/// Less than this and the database itself is in danger, in bytes.
const FREE_FAIL: u64 = 200 * 1024 * 1024;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    Ok,
    Warn,
    Fail,
}

/// The findings, said as they come.
#[derive(Debug, Default)]
struct Report {
    warned: u32,
    failed: u32,
}

impl Report {
    fn say(&mut self, finding: Finding, what: &str, says: &str) {
        let word = match finding {
            Finding::Ok => "ok  ",
            Finding::Warn => "warn",
            Finding::Fail => "FAIL",
        };
        self.warned += u32::from(finding == Finding::Warn);
        self.failed += u32::from(finding == Finding::Fail);
        out::line(&format!("{word}  {what:14} {says}"));
    }
}

pub(super) async fn run(global: &Global) -> anyhow::Result<Exit> {
    let mut report = Report::default();
    let config = super::config(global)?;
    report.say(Finding::Ok, "configuration", "no fault in it");
    git(&mut report, &config).await;
    folder(&mut report, &config.data_dir);
    rules(&mut report, &config);
    let hosted = host(&mut report, &config);
    listen(&mut report, &config, hosted);
    let projects = database(&mut report, &config).await;
    keys(&mut report, &config, !projects.is_empty());
    for project in &projects {
        edge(&mut report, project, hosted);
    }
    if hosted {
        // One of another version, or one that is just starting, says nothing of it.
        for why in unreached(&config.data_dir).await.unwrap_or_default() {
            report.say(Finding::Warn, "addresses", &why);
        }
        for front in fronts_connected(&config.data_dir).await.unwrap_or_default() {
            report.say(Finding::Ok, "chat", &format!("`serve` is connected: {front}"));
        }
        for why in front_troubles(&config.data_dir).await.unwrap_or_default() {
            report.say(Finding::Warn, "chat", &why);
        }
    }
    if let Err(faults) = meanings_check(&config.meant, &projects) {
        faults.0.iter().for_each(|fault| report.say(Finding::Fail, "channels", &fault.to_string()));
    }
    fronts(&mut report, &config).await;
    texts::texts(&mut report, &config, &projects, hosted).await;
    signals(&mut report, &config, &projects);
    tools(&mut report, &projects).await;
    out::line(&match (report.failed, report.warned) {
        (0, 0) => "Everything is there.".to_owned(),
        (0, warned) => format!("It works; {warned} to look at."),
        (failed, _) => format!("{failed} to mend before it works."),
    });
    Ok(if report.failed == 0 { Exit::Fine } else { Exit::Failed })
}

/// What the chat platforms say of the tokens, and of what the bot may do.
async fn fronts(report: &mut Report, config: &Config) {
    if let Some(settings) = &config.slack {
        match slack::check(settings).await {
            slack::Checked::Known { who, missing } if missing.is_empty() => {
                report.say(Finding::Ok, "slack", &format!("the token is {who}'s"));
            }
            slack::Checked::Known { who, missing } => {
                let says = format!(
                    "the token is {who}'s, and lacks scopes: {}. Add them at *OAuth & Permissions* and install the app again",
                    missing.join(", ")
                );
                report.say(Finding::Warn, "slack", &says);
            }
            slack::Checked::Refused(why) => report.say(Finding::Fail, "slack", &why),
            slack::Checked::Unreached(why) => report.say(Finding::Warn, "slack", &why),
        }
    }
    if let Some(settings) = &config.discord {
        match discord::check(settings).await {
            discord::Checked::Known { who, missing } if missing.is_empty() => {
                report.say(Finding::Ok, "discord", &format!("the token is {who}"));
            }
            discord::Checked::Known { who, missing } => {
                let says = format!("the token is {who}, and the bot lacks {}", missing.join("; "));
                report.say(Finding::Warn, "discord", &says);
            }
            discord::Checked::Refused(why) => report.say(Finding::Fail, "discord", &why),
            discord::Checked::Unreached(why) => report.say(Finding::Warn, "discord", &why),
        }
    }
}

async fn git(report: &mut Report, config: &Config) {
    match GitHost::new(&config.data_dir).available().await {
        Ok(()) => report.say(Finding::Ok, "git", "there"),
        Err(PortError::Fail { what, hint }) => report.say(Finding::Fail, "git", &format!("{what}: {hint}")),
        Err(error) => report.say(Finding::Fail, "git", &error.to_string()),
    }
}

fn folder(report: &mut Report, folder: &Path) {
    let shown = folder.display();
    if let Err(error) = folder_private(folder) {
        return report.say(Finding::Fail, "data folder", &format!("{error:#}"));
    }
    let trial = folder.join(".doctor");
    if let Err(error) = std::fs::write(&trial, "x").and_then(|()| std::fs::remove_file(&trial)) {
        let mend = match error.kind() {
            std::io::ErrorKind::StorageFull => "make room",
            _ => "check whose it is",
        };
        let says = format!("can't write to {shown} ({error}): {mend}, or give another --data-dir");
        return report.say(Finding::Fail, "data folder", &says);
    }
    if std::fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        report.say(
            Finding::Warn,
            "data folder",
            &format!("others can look into it: type `chmod 700 {shown}`"),
        );
    }
    let Ok(free) = rustix::fs::statvfs(folder) else {
        return report.say(
            Finding::Warn,
            "data folder",
            &format!("{shown}, but its free space can't be told"),
        );
    };
    let bytes = free.f_bavail.saturating_mul(free.f_frsize);
    let says = format!("{shown}, {} MiB free", bytes / (1024 * 1024));
    match bytes {
        0..FREE_FAIL => report.say(
            Finding::Fail,
            "data folder",
            &format!("{says}: make room, or give another --data-dir"),
        ),
        FREE_FAIL..FREE_WARN => {
            report.say(Finding::Warn, "data folder", &format!("{says}: builds may not fit, make room"));
        }
        _ => report.say(Finding::Ok, "data folder", &says),
    }
}

/// The files of keys. Where a project is already, a key that is not there is gone.
fn keys(report: &mut Report, config: &Config, in_use: bool) {
    let mut files = vec![SIGNING_KEY_FILE];
    if config.master_key.is_none() {
        files.push(MASTER_KEY_FILE);
    }
    for file in files {
        let path = config.data_dir.join(file);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                let says = format!(
                    "others can read {0}: type `chmod 600 {0}`, and replace it if they may have",
                    path.display()
                );
                report.say(Finding::Fail, file, &says);
            }
            Ok(_) => report.say(Finding::Ok, file, "yours alone; keep a copy somewhere safe"),
            Err(_) if in_use && file == SIGNING_KEY_FILE => report.say(
                Finding::Warn,
                file,
                "gone: put your copy back. Without it the next start makes another, and `audit verify` needs both public keys",
            ),
            Err(_) if in_use => report.say(
                Finding::Fail,
                file,
                "gone: put your copy back before you start anything. Without it the secrets can't be opened, and must be set anew",
            ),
            Err(_) => report.say(Finding::Ok, file, "not there yet, is made at the first start"),
        }
    }
    keys_from_before(report, &config.data_dir);
}

/// The keys that were replaced: they open backups from their time, and whoever has one opens what it sealed.
fn keys_from_before(report: &mut Report, data_dir: &Path) {
    let mut names: Vec<String> = std::fs::read_dir(data_dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.strip_prefix(MASTER_KEY_FILE).is_some_and(|rest| rest.starts_with('.')))
        .collect();
    names.sort();
    for name in names {
        let path = data_dir.join(&name);
        let id = name.rsplit('.').next().unwrap_or_default();
        let key = std::fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| MasterKey::from_text(&name, text.trim()).map_err(|error| error.to_string()));
        match (key, std::fs::metadata(&path)) {
            (_, Ok(metadata)) if metadata.permissions().mode() & 0o077 != 0 => {
                let says = format!("others can read {0}: type `chmod 600 {0}`", path.display());
                report.say(Finding::Fail, &name, &says);
            }
            (Ok(key), _) if key.id() == id => {
                report.say(Finding::Ok, &name, "yours alone; opens what was sealed before it was replaced");
            }
            (Ok(key), _) => {
                let says = format!("holds the key {}: put back what was under this name", key.id());
                report.say(Finding::Warn, &name, &says);
            }
            (Err(why), _) => {
                let says =
                    format!("holds no key ({why}): backups from its time can't be put back without it");
                report.say(Finding::Warn, &name, &says);
            }
        }
    }
}

fn rules(report: &mut Report, config: &Config) {
    match rules_load(config.rules_dir.as_deref()) {
        Ok(rules) => {
            let own = if config.rules_dir.is_some() { ", your own among them" } else { "" };
            report.say(Finding::Ok, "rules", &format!("{} in force{own}", rules.names().len()));
        }
        Err(error) => report.say(Finding::Fail, "rules", &format!("{error:#}")),
    }
}

/// Whether a host runs the services right now.
fn host(report: &mut Report, config: &Config) -> bool {
    let hosted = HostLock::is_taken(&config.data_dir);
    let says = match Holder::read(&config.data_dir).filter(|_| hosted) {
        Some(holder) => format!("{holder} runs the services"),
        None if hosted => "another infra-chat runs the services".to_owned(),
        None => "no infra-chat runs the services now: `infra-chat serve` keeps them running".to_owned(),
    };
    report.say(Finding::Ok, "host", &says);
    hosted
}

/// The address of `serve`, free unless the host listens there itself.
fn listen(report: &mut Report, config: &Config, hosted: bool) {
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) => report.say(Finding::Ok, "listen", &format!("{address} is free for `serve`")),
        Err(_) if hosted => report.say(Finding::Ok, "listen", &format!("{address} is in use, by the host if that is `serve`")),
        Err(error) => report.say(
            Finding::Warn,
            "listen",
            &format!("`serve` can't have {address} ({error}): end the other program, or set `listen` to another address"),
        ),
    }
}

async fn database(report: &mut Report, config: &Config) -> Vec<Project> {
    let projects = match Store::open(&config.database).await {
        Ok(store) => store.project_list().await,
        Err(error) => Err(error),
    };
    match projects {
        Ok(projects) => {
            let says = format!("{}, up to date; projects: {}", config.database.shown(), projects.len());
            report.say(Finding::Ok, "database", &says);
            projects.into_iter().map(|project| project.value).collect()
        }
        Err(error) => {
            report.say(Finding::Fail, "database", &out::causes(&error));
            Vec::new()
        }
    }
}

/// The addresses services are reached at: taken is fine only while a host serves them.
fn edge(report: &mut Report, project: &Project, hosted: bool) {
    let mut taken = Vec::new();
    let mut count = 0;
    // What a provider runs is reached at names in the DNS, not at addresses of this machine.
    let here = project.environments.iter().filter(|(_, it)| it.platform == PLATFORM_LOCAL);
    for (name, environment) in here {
        for (service, address) in &environment.edge {
            count += 1;
            if !hosted && TcpListener::bind(address).is_err() {
                taken.push(format!("{address} ({service} of {name})"));
            }
        }
    }
    let what = "addresses";
    if taken.is_empty() {
        let says = if hosted { "the host listens where a service is deployed" } else { "all free" };
        report.say(Finding::Ok, what, &format!("{count} of {}, {says}", project.project));
    } else {
        let says =
            format!("other programs have {}: end them, or change `edge` in the project", taken.join(", "));
        report.say(Finding::Warn, what, &says);
    }
}

/// Services that are to be watched through a Prometheus nobody has said where to find.
fn signals(report: &mut Report, config: &Config, projects: &[Project]) {
    if config.prometheus.is_some() {
        return;
    }
    for project in projects {
        for (name, _) in project.services.iter().filter(|(_, service)| service.signals.is_some()) {
            let says = format!(
                "{name} of {} is to be watched through Prometheus, and canaries of it are refused: set prometheus.url",
                project.project
            );
            report.say(Finding::Warn, "signals", &says);
        }
    }
}

/// The first words of build commands: a project that is built with something needs that something here.
async fn tools(report: &mut Report, projects: &[Project]) {
    let mut tools: Vec<String> = projects
        .iter()
        .flat_map(|project| project.services.values())
        .filter_map(|service| service.build.as_deref()?.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    tools.retain(|tool| !tool.contains(['=', '$', '(']));
    tools.sort();
    tools.dedup();
    for tool in tools {
        let found = Command::new("sh").args(["-c", "command -v -- \"$1\"", "sh", &tool]).output().await;
        match found {
            Ok(output) if output.status.success() => report.say(Finding::Ok, &tool, "there, builds need it"),
            _ => report.say(
                Finding::Warn,
                &tool,
                "not found, and builds need it: install it, or change `build`",
            ),
        }
    }
}
