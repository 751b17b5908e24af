//! The trace of decisions: who or what decided what about a run, when, and on which numbers; as the record has it.

use super::time::instant;
use crate::audit::AuditEvent;

/// Every decision, a line each, with the numbers of a verdict below it.
pub(crate) fn decisions(record: &[AuditEvent]) -> Vec<String> {
    let mut judged = String::new();
    let mut trace = Vec::new();
    for event in record {
        let Some(mut decided) = decided(event) else { continue };
        match event.action.as_str() {
            "canary.judged" => {
                event.data["because"].as_str().unwrap_or_default().clone_into(&mut judged);
            }
            // The verdict stands right above.
            "step.failed" if !judged.is_empty() => decided = without(&decided, &judged),
            _ => {}
        }
        trace.extend(lines((event, decided)));
    }
    trace
}

/// Words without a sentence in them that was said before.
fn without(words: &str, said: &str) -> String {
    words.replace(said, "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What was decided, when it was a decision.
fn decided(event: &AuditEvent) -> Option<String> {
    let said = |key: &str| event.data[key].as_str().unwrap_or_default().to_owned();
    match event.action.as_str() {
        "run.requested" => Some(format!("asked for `{}`", said("command"))),
        "approval.given" => Some("approved it".to_owned()),
        "run.steered" => Some(format!("said {}", said("verb"))),
        "canary.judged" => Some(format!(
            "stage {} of {} ({}% of traffic): **{}**. {}",
            event.data["stage"],
            event.data["of"],
            event.data["weight_pct"],
            said("verdict"),
            said("because")
        )),
        "step.failed" => Some(format!("gave it up ({}): {}", said("code"), said("say"))),
        _ => None,
    }
}

fn lines((event, decided): (&AuditEvent, String)) -> Vec<String> {
    let by = if event.action == "canary.judged" { "the judge" } else { event.actor.name.as_str() };
    let mut lines = vec![format!("- {} {by}: {decided}", instant(event.at_ms))];
    for one in event.data["services"].as_array().into_iter().flatten() {
        let side = |of: &serde_json::Value| {
            let p95 = of["p95_ms"].as_u64().map(|ms| format!(", p95 {ms} ms")).unwrap_or_default();
            format!("{} of {} failed{p95}", of["errors"], of["requests"])
        };
        lines.push(format!(
            "  - {}, {} s, score {}: canary {}; stable {}",
            one["service"].as_str().unwrap_or_default(),
            one["soaked_s"],
            one["score"],
            side(&one["canary"]),
            side(&one["stable"])
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_above_is_not_said_again() {
        let verdict = "The canary failed 7 of 31 requests (23%).";
        let gave_up =
            format!("gave it up (canary-failed): the canary of api failed at 10% of traffic. {verdict}");
        assert_eq!(
            without(&gave_up, verdict),
            "gave it up (canary-failed): the canary of api failed at 10% of traffic."
        );
        assert_eq!(without("gave it up: no disk", verdict), "gave it up: no disk");
    }
}
