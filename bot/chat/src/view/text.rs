//! Texts: what happened, the score, what was done or is awaited, and where to see more, in at most two segments of the
//! alphabet that every phone has.

use engine::model::Urgency;
use engine::notify::gsm::joined;
use engine::notify::{Alert, AlertKind, Code, CodeAction, ToSay, WRONG_MS};
use engine::run::{Run, RunState};

use super::back::stands;
use super::time::ago;
use crate::desk::{Heard, Outcome};
use crate::message::{Card, Tone};

/// What happened longer ago than this is told with its age, in milliseconds.
const OLD_MS: i64 = 2 * 60_000;

/// A text about what is due for somebody.
pub(crate) fn text(say: &ToSay<'_>) -> String {
    let lead = say.lead;
    let place = &lead.environment.environment;
    let run = lead.run.as_ref().map(|run| format!("{run} ")).unwrap_or_default();
    // Whoever is told second, or after a quiet night, has to know that it is old.
    let is_old = say.now_ms - lead.at_ms >= OLD_MS;
    let when = if is_old { format!(", {}", ago(lead.at_ms, say.now_ms)) } else { String::new() };
    let (service_at, says) = of_canary(lead).unwrap_or(("", lead.says.trim()));
    let beginning = if lead.kind == AlertKind::SelfTest {
        format!("Weekly test of Infra Chat: texts about {} reach you.", lead.says)
    } else {
        format!("{run}{place}{when}: {}", happened(lead, say.run, service_at))
    };
    let mut middle = Vec::new();
    match lead.kind {
        AlertKind::SelfTest | AlertKind::RollbackBegun | AlertKind::ApprovalAwaited => {}
        _ => middle.push(sentence(says)),
    }
    let mut end = Vec::new();
    if let Some(score) = lead.score {
        end.push(format!("Score {score}/100."));
    }
    if let Some((number, reference)) = say.live.as_ref().filter(|_| says_live(lead.kind)) {
        end.push(format!("Live: release {number} ({}).", clipped(reference)));
    }
    if lead.times > 1 {
        end.push(format!("{} times so far.", lead.times));
    }
    end.extend(folded(say.others));
    if lead.kind == AlertKind::ApprovalAwaited {
        let id = lead.run.as_ref().map(ToString::to_string).unwrap_or_default();
        if say.codes.iter().any(|(action, _)| *action == CodeAction::Approve) {
            end.push(format!("Its plan is in the chat ({id})."));
        } else {
            end.push(format!("In the chat: approve {id}."));
        }
    }
    end.extend(offers(say.codes));
    end.extend(say.link.map(ToOwned::to_owned));
    joined(&beginning, &middle.join(" "), &end.join(" "))
}

/// Of a canary the judge failed, which and where, "api at 10% of traffic", and the verdict: that has the numbers, which have to stay when room is short.
fn of_canary(lead: &Alert) -> Option<(&str, &str)> {
    if lead.kind != AlertKind::CanaryFailed {
        return None;
    }
    lead.says.strip_prefix("the canary of ")?.split_once(". ")
}

/// `canary` is which was taken back, and where it was, as far as that is known.
fn happened(lead: &Alert, run: Option<&Run>, canary: &str) -> String {
    let kind = run.map_or("run", |run| run.request.change.run_type());
    let asked = run.map_or("somebody", |run| run.requester.name.as_str());
    match lead.kind {
        AlertKind::CanaryWeird => "the canary looks worse:".to_owned(),
        AlertKind::CanaryHeld => "the canary waits for you:".to_owned(),
        AlertKind::CanaryFailed => match canary.split_once(" failed at ") {
            Some((service, place)) => format!("canary of {service} taken back by itself at {place}:"),
            None => "canary taken back by itself:".to_owned(),
        },
        AlertKind::RolledBack => format!("{kind} was rolled back:"),
        AlertKind::RollbackBegun => format!("{asked} rolls back now."),
        AlertKind::Failed => format!("{kind} failed:"),
        AlertKind::ApprovalAwaited => {
            let command = run.map_or("", |run| run.request.command.as_str());
            format!("{asked} needs a yes for \"{command}\".")
        }
        AlertKind::CrashLoop => "a live service keeps ending:".to_owned(),
        AlertKind::Unreached => "a live service is not reached:".to_owned(),
        AlertKind::ServerErrors => "a live service answers with errors:".to_owned(),
        AlertKind::Unhealthy => "a live service is unhealthy:".to_owned(),
        AlertKind::RuleActed => "a rule acted:".to_owned(),
        AlertKind::SelfTest => String::new(),
    }
}

/// Whether it matters what is live.
fn says_live(kind: AlertKind) -> bool {
    matches!(kind, AlertKind::CanaryFailed | AlertKind::RolledBack | AlertKind::Failed)
}

/// What else happened, counted; the runs of the first few.
fn folded(others: &[Alert]) -> Option<String> {
    const NAMED: usize = 2;
    if others.is_empty() {
        return None;
    }
    let times: u32 = others.iter().map(|alert| alert.times).sum();
    let critical = others.iter().filter(|alert| alert.severity == Urgency::Critical).count();
    let mut names: Vec<String> =
        others.iter().filter_map(|alert| alert.run.as_ref()).map(ToString::to_string).collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let mut list = names.join(", ");
    if more > 0 {
        list += ", ...";
    }
    let grave = if critical > 0 { format!(", {critical} critical") } else { String::new() };
    Some(format!("And {times} more{grave} ({list})."))
}

/// What may be replied.
fn offers(codes: &[(CodeAction, String)]) -> Option<String> {
    let offers: Vec<String> =
        codes.iter().map(|(action, code)| format!("{code} {}", action.offer())).collect();
    (!offers.is_empty()).then(|| format!("Reply {}.", offers.join(", ")))
}

fn sentence(says: &str) -> String {
    if says.is_empty() || says.ends_with(['.', '!', '?']) { says.to_owned() } else { format!("{says}.") }
}

/// A ref as far as it is needed to be recognised.
fn clipped(reference: &str) -> String {
    reference.chars().take(24).collect()
}

/// What is texted to somebody whose number was carried out, or was not.
pub(crate) fn text_heard(heard: &Heard) -> String {
    let first = heard.outbound.first().map(crate::message::Outbound::card);
    let says = first.map_or_else(|| "It was done before.".to_owned(), |card| card.headline.clone());
    let next = match heard.outcome {
        Outcome::Answered | Outcome::Requested(_) => "",
        Outcome::Refused | Outcome::Failed | Outcome::Asked => "Nothing was done; go on in the chat.",
    };
    joined("", &says, next)
}

/// Somebody takes care of it.
pub(crate) fn text_taken(code: &Code) -> String {
    let what = code.run.as_ref().map_or_else(|| "this".to_owned(), |(run, _)| run.to_string());
    joined("", &format!("You have {what}: nobody else is texted about it."), "")
}

/// A number that was replied before.
pub(crate) fn text_used(code: &Code, now_ms: i64) -> String {
    let when = code.used_ms.map(|at_ms| format!(" {}", ago(at_ms, now_ms))).unwrap_or_default();
    joined("", &format!("{} was replied already{when}; nothing more was done.", code.code), "")
}

/// A reply that came too late, or whose run is not what it was: what came of it, and what is live.
pub(crate) fn text_late(code: &Code, run: Option<&Run>, live: Option<&(u32, String)>, now_ms: i64) -> String {
    let place = &code.environment.environment;
    let why = if code.expires_ms <= now_ms {
        format!("{} ran out {}.", code.code, ago(code.expires_ms, now_ms))
    } else {
        format!("{} came too late.", code.code)
    };
    let run = run.map(|run| {
        let when = run.finished_ms.map(|at_ms| format!(" {}", ago(at_ms, now_ms))).unwrap_or_default();
        format!("{} {}{when}.", run.id, became(&run.state))
    });
    let live = match live {
        Some((number, reference)) => format!("Live in {place}: release {number} ({}).", clipped(reference)),
        None => format!("Nothing is live in {place}."),
    };
    let says = [Some(why), run, Some(live), Some("Nothing was done.".to_owned())];
    joined("", &says.into_iter().flatten().collect::<Vec<_>>().join(" "), "")
}

/// What became of a run, or how it stands.
fn became(state: &RunState) -> &'static str {
    match state {
        RunState::Succeeded { .. } => "succeeded",
        RunState::Failed { .. } => "failed",
        RunState::RolledBack { .. } => "was rolled back",
        RunState::Cancelled { .. } => "was cancelled",
        other => stands(other),
    }
}

/// A reply that is no number of ours; the `last` of several after which none counts for a while.
pub(crate) fn text_no_number(last: bool) -> String {
    let says = if last {
        let minutes = WRONG_MS / 60_000;
        format!(
            "That is none of the numbers I sent you, as those before: I take no number from this phone for {minutes} minutes. Go on in \
             the chat."
        )
    } else {
        "That is none of the numbers I sent you. Reply just a number from a text, or go on in the chat."
            .to_owned()
    };
    joined("", &says, "")
}

/// A text as the terminal shows it.
pub(crate) fn on_phone(person: &str, phone: &str, body: &str) -> Card {
    const WIDTH: usize = 60;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in body.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    let to = if person.is_empty() { phone.to_owned() } else { format!("{person} ({phone})") };
    Card::new(Tone::Plain, format!("Text to {to}")).verbatim(lines)
}

/// What somebody who asked to be told in a conversation is told there.
pub(crate) fn noted(alert: &Alert, person: &str, sentence: &str) -> Card {
    let run = alert.run.as_ref().map(|run| format!("{run} in ")).unwrap_or_default();
    let place = &alert.environment.environment;
    let mut card = Card::new(
        Tone::Ask,
        format!("{person}: {run}{place}: {}", happened(alert, None, "").trim_end_matches(':')),
    )
    .text(self::sentence(&alert.says))
    .text(format!("You asked for it: {sentence}"));
    if let Some(run) = &alert.run {
        card = card.button("Status", format!("status {place}"), false);
        card.command = format!("logs of {run}");
    }
    card
}
