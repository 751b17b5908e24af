//! Understood, and not there yet: what it would do, in the project's terms, and that nothing was done.

use engine::model::Project;

use crate::intent::{Action, Bundle, Command, Key};
use crate::message::{Card, Tone};

/// "a and b", "a, b and c"; `none` when there are none.
pub(super) fn and(names: &[String], none: &str) -> String {
    match names {
        [] => none.to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// "a or b", "a, b or c".
pub(super) fn or(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// What ends every such answer.
pub(super) const NOTHING_DONE: &str = "Nothing was done.";

/// The order as it was understood, and what of it can't be done.
pub(super) fn head(canonical: &str, what: &str) -> Card {
    let headline = format!("I understood \u{ab}{canonical}\u{bb}, but I can't do {what} yet.");
    let mut card = Card::new(Tone::Plain, headline);
    canonical.clone_into(&mut card.command);
    card
}

/// The part of the house that does it is not built yet.
pub(crate) fn not_yet(command: &Command, project: Option<&Project>) -> Card {
    let card = head(&command.canonical(), "that").text(format!("It would {}.", would(command)));
    card.text(format!("{NOTHING_DONE} {}", until_then(command, project)).trim_end().to_owned())
}

/// What does the same today, by hand.
fn until_then(command: &Command, project: Option<&Project>) -> String {
    let likely =
        project.and_then(|it| it.environments.iter().find(|(_, environment)| !environment.production));
    let likely = likely.map_or("staging", |(name, _)| name.as_str());
    let place = command.environments.first().map_or(likely, String::as_str);
    let instead = match command.action {
        Action::Expand => format!("put the migration into the repository, and say `migrate {place}`"),
        Action::Diagnose => format!("`status {place}`, `logs {place}` and `incidents {place}`"),
        Action::Readiness => format!("`status {place}` and `can I deploy {place}?`"),
        _ => return String::new(),
    };
    format!("Until then: {instead}.")
}

/// What an action of later would do, as the rest of a sentence.
pub(super) fn would(command: &Command) -> String {
    would_at(command, None, None)
}

/// The same with its rate, and what its job fills from, in the words they were said in.
pub(super) fn would_at(command: &Command, rate: Option<&str>, source: Option<&str>) -> String {
    // What changes something is asked where, and never means all there are.
    let asks_where = command.action.row().needs.contains(&Key::Environments);
    let unsaid = if asks_where { "the environment you name" } else { "every environment" };
    let places = and(&command.environments, unsaid);
    let job = command.job.as_deref().unwrap_or("the job");
    let project = command.project.as_deref().unwrap_or("the project");
    match command.action {
        Action::Backfill => match source {
            Some(source) => backfill(command, &format!("{job} from {source}"), &places, rate),
            None => backfill(command, job, &places, rate),
        },
        Action::BackfillStop => format!("stop {job} in {places} after the batch at hand, and keep its place"),
        Action::BackfillResume => format!("go on with {job} in {places} from where it stopped"),
        Action::BackfillStatus => {
            format!("show how far {job} is in {places}, how fast, and when it will be done")
        }
        Action::Expand => {
            let column = command.column.as_deref().unwrap_or("a column");
            format!(
                "write a migration that adds {column} without disturbing what runs, and run it in {places}"
            )
        }
        Action::Setup => setup(command, project, &places),
        Action::BootstrapLocal => {
            format!("prepare this machine for work on {project}: components, variables, data")
        }
        Action::Provision => format!("create what {project} describes and its providers do not have yet"),
        Action::Diagnose => {
            let providers = and(&command.providers, "services, components and providers");
            format!("look at {providers} in {places} for what is wrong, and change nothing")
        }
        Action::Readiness => {
            let bundle = match command.bundle {
                Some(Bundle::Health) => "the health checks",
                Some(Bundle::Security) => "the security checks",
                Some(Bundle::Backup) => "the backup checks",
                Some(Bundle::Deploy) => "the deploy checks",
                None => "all checks",
            };
            format!("run {bundle} on {places} and say what is missing")
        }
        action => {
            let help = action.row().help.trim_end_matches('.');
            help.chars().take(1).flat_map(char::to_lowercase).chain(help.chars().skip(1)).collect()
        }
    }
}

fn backfill(command: &Command, job: &str, places: &str, rate: Option<&str>) -> String {
    let size = command.batch_size.map(|size| format!(" of {size} rows")).unwrap_or_default();
    let said = rate.map(ToOwned::to_owned).or(command.rate_per_min.map(|count| format!("{count}/min")));
    let rate = said.map(|rate| format!(", at most {rate}")).unwrap_or_default();
    let what = if command.dry_run { "count what it would change, and change nothing, with" } else { "run" };
    format!(
        "{what} {job} in {places} in batches{size}{rate}, resumable and stopped when the database suffers"
    )
}

fn setup(command: &Command, project: &str, places: &str) -> String {
    let platform = command.platform.as_deref().unwrap_or("its platform");
    let edge = command.edge.as_ref().map(|edge| format!(", {edge} in front for DNS")).unwrap_or_default();
    let connections = match command.connections.as_slice() {
        [] => String::new(),
        some => format!(", with {} connected", and(some, "")),
    };
    format!("create {project} in {places} on {platform}{edge}{connections}, and deploy it once")
}
