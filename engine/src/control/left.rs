//! What a run left, for whoever may look at it: its artifacts, and what was printed while it ran.

use super::answers::{LOG_LINES_MAX, unreadable};
use super::clearance::Asked;
use super::{Engine, Refusal};
use crate::artifacts::{ArtifactError, ArtifactName, ArtifactRef};
use crate::clock::EpochMs;
use crate::model::{Actor, Change, EnvironmentKey, RunId, ServiceName};
use crate::ports::LogLine;
use crate::run::Run;

/// Lines asked for to find those of a run that is over: services go on printing behind it.
const LINES_LOOKED_AT: usize = 5_000;
/// How late a platform may notice a line, in milliseconds: the time a line has is when it was noticed.
const NOTICED_LATE_MS: EpochMs = 1_000;

/// The artifacts of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFiles {
    /// Where the run was.
    pub environment: EnvironmentKey,
    /// Where they are kept: a folder, or the beginning of a URL.
    pub place: String,
    /// By name.
    pub files: Vec<RunFile>,
}

/// An artifact as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// Its name.
    pub name: ArtifactName,
    /// Where it is kept, with its hash and size.
    pub kept: ArtifactRef,
    /// Something in it has become known as secret since, so it is shown without that.
    pub hides: bool,
}

/// What is in an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFileText {
    /// Without what is known as secret.
    pub text: String,
    /// That is less than what is kept: something in it has become known as secret since.
    pub hides: bool,
}

/// What was printed while a run ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLogs {
    /// Where.
    pub environment: EnvironmentKey,
    /// What was kept of it before the run was undone.
    pub kept: Vec<KeptLog>,
    /// When the run began.
    pub since_ms: EpochMs,
    /// When it ended; absent while it goes on.
    pub until_ms: Option<EpochMs>,
    /// What services of which nothing was kept printed in that time, newest last.
    pub printed: Vec<LogLine>,
    /// They may have printed more in that time, before this.
    pub maybe_more: bool,
}

/// A log among a run's artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLog {
    /// The artifact.
    pub name: ArtifactName,
    /// Its newest lines, newest last, with instant, service and release in front where they are a service's.
    pub lines: Vec<String>,
    /// How many lines it has before these.
    pub before: usize,
}

impl Engine {
    /// The artifacts of a run, for those who may look at it and read what was printed there.
    pub async fn run_files(&self, id: &RunId, actor: &Actor) -> Result<RunFiles, Refusal> {
        let run = self.run_of_files(id, actor).await?;
        let mut files = Vec::new();
        for listed in self.artifacts().list(id).await.map_err(|error| unreadable(&error))? {
            let bytes = self.artifacts().get(id, &listed.name).await.map_err(|error| unreadable(&error))?;
            files.push(RunFile {
                kept: self.artifacts().as_kept(id, &listed.name, &bytes),
                hides: self.redactor().holds(&String::from_utf8_lossy(&bytes)),
                name: listed.name,
            });
        }
        if files.is_empty() {
            return Err(none_yet(&run));
        }
        Ok(RunFiles { environment: run.environment().clone(), place: self.artifacts().place_of(id), files })
    }

    /// What is in one artifact of a run, for those who may see its artifacts.
    pub async fn run_file(
        &self,
        id: &RunId,
        name: &ArtifactName,
        actor: &Actor,
    ) -> Result<RunFileText, Refusal> {
        let run = self.run_of_files(id, actor).await?;
        match self.artifacts().get(id, name).await {
            Ok(bytes) => {
                let kept = String::from_utf8_lossy(&bytes);
                Ok(RunFileText {
                    text: self.redactor().redact(&kept).into_owned(),
                    hides: self.redactor().holds(&kept),
                })
            }
            Err(ArtifactError::Missing { .. }) if run.state.is_over() => {
                let say = format!("{id} has no {name}");
                Err(Refusal::NotFound { say, next: format!("artifacts of {id}") })
            }
            Err(ArtifactError::Missing { .. }) => Err(none_yet(&run)),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// A run whose artifacts this person may see: logs are among them.
    async fn run_of_files(&self, id: &RunId, actor: &Actor) -> Result<Run, Refusal> {
        let run = self.run_there(id).await?;
        for question in ["status", "logs"] {
            self.cleared(actor, question, Some(run.environment()), &Asked::default()).await?;
        }
        Ok(run)
    }

    /// What was printed while a run ran, by these services (empty: all it is about): what was kept before it was undone, and
    /// of the others what the platform still has of that time. Redacted.
    pub async fn run_logs(
        &self,
        id: &RunId,
        services: &[ServiceName],
        actor: &Actor,
    ) -> Result<RunLogs, Refusal> {
        let run = self.run_there(id).await?;
        let environment = run.environment().clone();
        self.cleared(actor, "logs", Some(&environment), &Asked::default()).await?;
        let Some(since_ms) = run.started_ms else {
            let say = format!("{id} has not begun, so it has printed nothing");
            return Err(Refusal::standing("not-begun", say, format!("status {id}")));
        };
        let kept = self.kept_logs(id, services).await?;
        let is_kept =
            |service: &ServiceName| kept.iter().any(|log| log.name == ArtifactName::Log(service.clone()));
        let asked = if services.is_empty() { run.request.change.services() } else { services };
        let any_kept = kept.iter().any(|log| matches!(log.name, ArtifactName::Log(_)));
        let until_ms = run.finished_ms.filter(|_| run.state.is_over());
        let mut logs = RunLogs {
            environment,
            kept: Vec::new(),
            since_ms,
            until_ms,
            printed: Vec::new(),
            maybe_more: false,
        };
        // Of an undone run everything it touched was kept, and what goes on since is not the run's.
        if !any_kept || asked.iter().any(|service| !is_kept(service)) {
            let left: Vec<ServiceName> = asked.iter().filter(|service| !is_kept(service)).cloned().collect();
            self.printed_meanwhile(&run, &left, &mut logs).await?;
        }
        logs.kept = kept;
        Ok(logs)
    }

    async fn kept_logs(&self, id: &RunId, services: &[ServiceName]) -> Result<Vec<KeptLog>, Refusal> {
        let mut kept = Vec::new();
        for listed in self.artifacts().list(id).await.map_err(|error| unreadable(&error))? {
            let wanted = match &listed.name {
                ArtifactName::Log(service) => services.is_empty() || services.contains(service),
                ArtifactName::Build => services.is_empty(),
                _ => false,
            };
            if wanted {
                let text =
                    self.artifacts().read(id, &listed.name).await.map_err(|error| unreadable(&error))?;
                let lines: Vec<&str> = text.lines().collect();
                let before = lines.len().saturating_sub(LOG_LINES_MAX);
                let lines = lines[before..].iter().map(|line| (*line).to_owned()).collect();
                kept.push(KeptLog { name: listed.name, lines, before });
            }
        }
        Ok(kept)
    }

    /// What services printed between a run's begin and its end, as far as the platform still has it.
    async fn printed_meanwhile(
        &self,
        run: &Run,
        services: &[ServiceName],
        logs: &mut RunLogs,
    ) -> Result<(), Refusal> {
        let platform = &self.ports().platform;
        let read = platform.logs(run.environment(), services, logs.since_ms, LINES_LOOKED_AT).await;
        let mut lines = read.map_err(Refusal::port("reading the logs"))?;
        logs.maybe_more = lines.len() >= LINES_LOOKED_AT;
        if let Some(until_ms) = logs.until_ms {
            // Later releases may have printed within the same second.
            let own = match run.request.change {
                Change::Deploy { .. } => self.plan_there(&run.id).await?.puts_live(),
                _ => None,
            };
            lines.retain(|line| {
                line.at_ms <= until_ms + NOTICED_LATE_MS && own.is_none_or(|own| line.release <= own)
            });
        }
        let before = lines.len().saturating_sub(LOG_LINES_MAX);
        logs.maybe_more |= before > 0;
        lines.drain(..before);
        for line in &mut lines {
            line.text = self.redactor().redact(&line.text).into_owned();
        }
        logs.printed = lines;
        Ok(())
    }
}

fn none_yet(run: &Run) -> Refusal {
    let id = &run.id;
    let say = if run.state.is_over() {
        format!("{id} is over, and its artifacts are not kept yet")
    } else {
        format!("{id} is not over yet, and its artifacts are kept when it is")
    };
    Refusal::standing("no-artifacts", say, format!("status {id}"))
}
