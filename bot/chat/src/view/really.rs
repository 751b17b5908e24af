//! What is asked once more before something is done that can't be taken back by a second click: it names what would be done,
//! to which release, and where.

use engine::control::RunDetail;
use engine::model::ServiceName;
use engine::step::StepKind;

use super::listed;

/// What a button's command would do to a run, as a question; nothing when it is none of those asked about.
pub fn really(command: &str, detail: &RunDetail) -> Option<String> {
    let (id, title) = (&detail.run.id, &detail.plan.title);
    let environment = &detail.run.environment().environment;
    match command.split_whitespace().next()? {
        "approve" => Some(format!("Approve {}{}?", what(title), how(detail))),
        "cancel" => Some(format!("Cancel {id}, {}{}? What it did is undone.", what(title), how(detail))),
        "promote" => Some(format!("Promote {id}, {}: its canary moves on to the next stage?", what(title))),
        "rollback" => {
            let to = command.split_once(" to release ").and_then(|(_, to)| to.split([',', ' ']).next());
            let to = to.map(|to| format!(" to release {to}")).unwrap_or_default();
            Some(format!("Roll {environment} back{to}, and take back {} ({id})?", what(title)))
        }
        _ => None,
    }
}

/// "Deploy v1.4.2 to production" within a sentence.
fn what(title: &str) -> String {
    if let Some(rest) = title.strip_prefix("Deploy ") {
        return format!("deploy of {rest}");
    }
    let mut letters = title.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What more there is to know: which services alone, and in which stages.
fn how(detail: &RunDetail) -> String {
    let services: Vec<&str> = detail.run.request.change.services().iter().map(ServiceName::as_str).collect();
    let mut how = String::new();
    if !services.is_empty() {
        how = format!(", {} alone", listed(&services));
    }
    let weights: Vec<String> = detail
        .plan
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::CanaryStage(stage) => Some(stage.weight_pct.to_string()),
            _ => None,
        })
        .collect();
    if !weights.is_empty() {
        how = format!("{how} with canary {}", weights.join("/"));
    }
    if detail.run.request.break_glass.is_some() {
        how.push_str(", breaking the glass");
    }
    how
}
