//! Questions: status, releases, logs, audit, incidents, can, whoami, help.

use std::sync::LazyLock;

use engine::audit::AuditEvent;
use engine::control::{CanAnswer, Refusal, WhichRef};
use engine::model::{Change, EnvironmentKey, RunId, RunRequest};
use engine::plan::{PlanProblem, judged_by};
use regex::Regex;

use super::orders::{change_of, key, services};
use super::{Desk, Heard, Outcome, Speaker, is_passing, only, plainly};
use crate::intent::{Action, Command, Names, help, parse};
use crate::message::{Card, Outbound, Tone};
use crate::troubles::front_troubles;
use crate::view;

/// How far back logs go when nobody says, in seconds.
const LOGS_SINCE_S: u64 = 3_600;
/// How far back the record goes when nobody says, in seconds: a week.
const AUDIT_SINCE_S: u64 = 7 * 24 * 3_600;
/// Lines of each environment where nobody says which one; all there are to be had by naming it.
const LOG_LINES_OF_EACH: usize = 20;
/// Releases shown.
const RELEASES_SHOWN: i64 = 12;

static CAN_I: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:can|may|could)\s+(?:i|we)\s+(.*?)\s*\?*\s*$").ok());

/// "who deployed production?" is about runs, and nothing else that the record has.
static WHO_DID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\W*who(?:\s+\w+)?\s+(?:deployed|released|shipped|rolled|restarted|scaled|migrated|reverted)\b",
    )
    .ok()
});
static RUN_ID: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)\br-[0-9a-f]{4,16}\b").ok());

/// The run that words name.
pub(crate) fn run_id_in(text: &str) -> Option<RunId> {
    RUN_ID.as_ref()?.find(text)?.as_str().to_lowercase().parse().ok()
}

/// The run that logs are asked of: the one its words name, or the one the command has from its thread.
fn run_named(speaker: &Speaker<'_>, command: &Command) -> Option<String> {
    let named = || RUN_ID.as_ref()?.find(&speaker.inbound.text).map(|found| found.as_str().to_lowercase());
    named().or_else(|| command.run.clone())
}

fn run_id(named: &str) -> Result<RunId, Refusal> {
    named.parse().map_err(|error: engine::model::IdError| {
        Refusal::Problem(PlanProblem::new("unknown-run", error.to_string(), "status"))
    })
}

/// Who asked for a run, who let it go ahead, and how it ended.
fn is_of_runs(event: &AuditEvent) -> bool {
    let ended = || {
        let to = event.data["to"].as_str().unwrap_or_default();
        event.action == "run.moved" && ["succeeded", "failed", "rolled-back", "cancelled"].contains(&to)
    };
    matches!(event.action.as_str(), "run.requested" | "approval.given") || ended()
}

/// What can be said.
pub(super) fn help_card(topic: Option<&str>, names: &Names) -> Card {
    Card::new(Tone::Plain, "Help").verbatim(help(topic, names).lines().map(ToOwned::to_owned).collect())
}

impl Desk {
    pub(super) async fn look_up(&self, speaker: &Speaker<'_>, command: &Command) -> Result<Heard, Refusal> {
        let card = match command.action {
            Action::Help => help_card(command.topic.as_deref(), &speaker.names()),
            Action::Whoami => {
                if let Some(role) = speaker.actor.role {
                    view::whoami(&speaker.actor, role, &speaker.inbound.identity)
                } else {
                    let stranger = self.stranger(speaker).await?;
                    Card { tone: Tone::Plain, private: false, ..stranger }
                }
            }
            Action::Can => return self.can(speaker, command).await,
            Action::Audit => {
                let since_ms = self.since(command.since_s, AUDIT_SINCE_S);
                let environments = environments(speaker, command)?;
                let one = (command.environments.len() == 1).then(|| environments.first()).flatten();
                let mut events = self.engine.audit(one, since_ms, &speaker.actor).await?;
                if let Some(actor) = &command.actor {
                    events.retain(|event| event.actor.name.eq_ignore_ascii_case(actor));
                }
                if WHO_DID.as_ref().is_some_and(|who_did| who_did.is_match(&speaker.inbound.text)) {
                    events.retain(is_of_runs);
                }
                let run = run_id_in(&speaker.inbound.text);
                let only_this = only::keep_events(&mut events, speaker, run.as_ref());
                let card = view::audit(&events, one).text(plainly::all_services(speaker, command));
                card.text(only_this).text(only::unused(speaker, command))
            }
            Action::Status if command.run.is_some() => {
                let id = run_id(command.run.as_deref().unwrap_or_default())?;
                let detail = self.engine.run_look(&id, &speaker.actor).await?;
                let links = self.links(vec![id.clone()], &speaker.inbound.conversation).await?;
                view::with_link(view::run(&detail, self.engine.now_ms()), links.of(&id))
            }
            Action::Logs if run_named(speaker, command).is_some() => {
                let id = run_id(&run_named(speaker, command).unwrap_or_default())?;
                let services = services(command)?;
                let sentence = view::logs_of_run(&id, &services);
                let mut heard = match self.engine.run_logs(&id, &services, &speaker.actor).await {
                    Ok(logs) => {
                        let all = only::lines_with(&speaker.inbound.text).map(|word| {
                            format!("These are all lines: `{word}` is not looked for in a run's logs.")
                        });
                        Heard::say(
                            Outcome::Answered,
                            view::run_logs(&id, &logs).text(all.unwrap_or_default()),
                        )
                    }
                    Err(refusal) if !is_passing(&refusal) => Heard::refused(&refusal),
                    Err(refusal) => return Err(refusal),
                };
                heard.teach(&sentence);
                return Ok(heard);
            }
            _ => return self.per_environment(speaker, command).await,
        };
        Ok(Heard::say(Outcome::Answered, card))
    }

    async fn per_environment(&self, speaker: &Speaker<'_>, command: &Command) -> Result<Heard, Refusal> {
        let mut cards = Vec::new();
        for environment in environments(speaker, command)? {
            let card = match command.action {
                Action::Releases => {
                    let (desired, releases) =
                        self.engine.releases(&environment, &speaker.actor, RELEASES_SHOWN).await?;
                    view::releases(&environment, &desired, &releases)
                }
                Action::Logs => {
                    let since_ms = self.since(command.since_s, LOGS_SINCE_S);
                    let mut lines =
                        self.engine.logs(&environment, &services(command)?, since_ms, &speaker.actor).await?;
                    let word = only::lines_with(&speaker.inbound.text).filter(|_| !lines.is_empty());
                    let only_these = word.map(|word| only::keep(&mut lines, &word)).unwrap_or_default();
                    let most = if command.environments.is_empty() { LOG_LINES_OF_EACH } else { lines.len() };
                    let card = if lines.is_empty() && !only_these.is_empty() {
                        Card::new(
                            Tone::Plain,
                            format!("No such line in the logs of {}", environment.environment),
                        )
                    } else {
                        view::logs(&environment, &lines, most)
                    };
                    card.text(only_these)
                }
                Action::Incidents => {
                    let since_ms = self.since(command.since_s, AUDIT_SINCE_S);
                    let incidents = self.engine.incidents(&environment, since_ms, &speaker.actor).await?;
                    let card = view::incidents(&environment, &incidents);
                    card.text(plainly::all_services(speaker, command))
                }
                _ => {
                    let status = self.engine.status(&environment, &speaker.actor).await?;
                    let runs = status.runs.iter().map(|run| run.id.clone()).collect();
                    let links = self.links(runs, &speaker.inbound.conversation).await?;
                    let card = view::status(&status, &links, self.engine.now_ms());
                    let project = speaker.project.as_ref();
                    let here = project.and_then(|project| project.environments.get(&environment.environment));
                    card.list("Canaries", here.map(|here| judged_by(&here.policy)).unwrap_or_default())
                }
            };
            let mut card = card.text(only::unused(speaker, command));
            let one = Command { environments: vec![environment.environment.to_string()], ..command.clone() };
            card.command = one.canonical();
            cards.push(card);
        }
        if command.action == Action::Status {
            cards.extend(view::fronts_in_trouble(front_troubles(&self.engine)));
        }
        Ok(Heard::of(Outcome::Answered, cards.into_iter().map(Outbound::Say).collect()))
    }

    async fn can(&self, speaker: &Speaker<'_>, command: &Command) -> Result<Heard, Refusal> {
        let verb = command.verb.map_or("deploy", Action::name);
        let environments = environments(speaker, command)?;
        let order = order_asked_about(speaker, command);
        let mut heard = Heard::nothing();
        for environment in &environments {
            let mut request = asked_about(environment, &order)?;
            // The rules are asked about the code a deploy without a ref means.
            if let Some(Change::Deploy { services, reference: reference @ None, proved, .. }) =
                request.as_mut().map(|request| &mut request.change)
                && let WhichRef::Proved { release, reference: made_from } =
                    self.engine.which_ref(environment, services).await?
            {
                (*reference, *proved) = (made_from, Some(release));
            }
            let answer = self.engine.can(verb, Some(environment), request.as_ref(), &speaker.actor).await?;
            heard.said_no |= answer != CanAnswer::Yes;
            let card = view::can(verb, environment, &answer, self.engine.now_ms());
            heard.outbound.push(Outbound::Say(card));
        }
        Ok(heard)
    }

    fn since(&self, said_s: Option<u64>, usual_s: u64) -> i64 {
        self.engine.now_ms() - (said_s.unwrap_or(usual_s) as i64).saturating_mul(1_000)
    }
}

/// The order in "can I scale production to 50?", read as if it were given: a question about it has no words for its ref
/// and its replicas.
fn order_asked_about(speaker: &Speaker<'_>, command: &Command) -> Command {
    let action = command.verb.unwrap_or(Action::Deploy);
    let order = CAN_I.as_ref().and_then(|can_i| can_i.captures(&speaker.inbound.text)).and_then(|found| {
        let parsed = parse(found.get(1)?.as_str(), &speaker.names());
        parsed.commands.into_iter().find(|order| order.action == action)
    });
    order.unwrap_or_else(|| Command { action, ..command.clone() })
}

/// The request a "can I …?" is about, where there is one: rules speak about refs and replicas.
fn asked_about(environment: &EnvironmentKey, order: &Command) -> Result<Option<RunRequest>, Refusal> {
    let makes_run = matches!(
        order.action,
        Action::Deploy
            | Action::Rollback
            | Action::Restart
            | Action::Migrate
            | Action::CronDisable
            | Action::CronEnable
            | Action::ClearCache
    ) || (order.action == Action::Scale && order.replicas.is_some());
    if !makes_run {
        return Ok(None);
    }
    Ok(Some(RunRequest {
        environment: environment.clone(),
        change: change_of(order)?,
        dry_run: false,
        not_before_ms: None,
        break_glass: None,
        command: order.canonical(),
        conversation: None,
    }))
}

/// The environments that were said, or all of them: looking harms nobody.
fn environments(speaker: &Speaker<'_>, command: &Command) -> Result<Vec<EnvironmentKey>, Refusal> {
    if command.environments.is_empty() {
        return speaker.project()?.environments.keys().map(|name| key(speaker, name.as_str())).collect();
    }
    command.environments.iter().map(|name| key(speaker, name)).collect()
}
