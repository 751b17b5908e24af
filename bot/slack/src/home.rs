//! The App Home: the environments at a glance, as the person who looks may see them, kept up to date for a while after it was
//! opened.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat::{Button, Desk, Inbound, Outbound, decisions_on};
use engine::clock::EpochMs;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::FRONT;
use crate::blocks::{context, elements, render};
use crate::intake::{Intake, identity};
use crate::limits::VIEW_BLOCKS;
use crate::web::WebError;

/// Where clicks in the App Home come from, in identifiers of events.
pub(crate) const PLACE: &str = "home";

/// What fails while Slack is away.
const DRAWING: &str = "App Homes can't be kept up to date, trying again";
/// How long after somebody opened their App Home it is kept up to date, in milliseconds.
const LATELY_MS: EpochMs = 15 * 60_000;
/// Least time between two rounds of drawing: what changes in the meantime is drawn together.
const ROUND: Duration = Duration::from_secs(3);
/// Least time between two App Homes: Slack's tier 4, 100 a minute in a workspace, and some for people who open theirs.
const GAP: Duration = Duration::from_millis(800);
/// More buttons than one environment ever has.
const ACTIONS_EACH: usize = 10;
/// Wait after one could not be shown.
const TROUBLE: Duration = Duration::from_secs(10);

/// The App Homes people look at.
#[derive(Debug, Default)]
pub(crate) struct Homes {
    opened: Mutex<HashMap<String, Opened>>,
    /// Some are to be drawn although nothing has changed: Slack did not take them.
    missed: Notify,
    /// Until when none is drawn.
    held: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Opened {
    at_ms: EpochMs,
    /// What was shown last, in short.
    shown: Vec<u8>,
}

impl Homes {
    fn opened(&self) -> MutexGuard<'_, HashMap<String, Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Slack did not take one: none is drawn for a while, and what is missing then.
    fn hold(&self, error: &WebError) {
        let wait = match error {
            WebError::Limited { after_ms: Some(ms), .. } => Duration::from_millis((*ms).max(0) as u64),
            _ => TROUBLE,
        };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait);
        self.missed.notify_one();
    }

    /// How long none is drawn from now on.
    fn wait(&self) -> Option<Duration> {
        let held = *self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.map(|until| until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }

    /// Who opened theirs lately.
    fn lookers(&self, now_ms: EpochMs) -> Vec<String> {
        let mut opened = self.opened();
        opened.retain(|_, opened| now_ms - opened.at_ms < LATELY_MS);
        opened.keys().cloned().collect()
    }
}

/// Somebody opened their App Home: shows them how things stand.
pub(crate) async fn show(intake: &Arc<Intake>, user: &str) {
    let at_ms = intake.engine.now_ms();
    intake.homes.opened().insert(user.to_owned(), Opened { at_ms, shown: Vec::new() });
    if let Err(error) = draw(intake, user).await {
        untaken(intake, &error);
    }
}

/// Slack did not take one. It is drawn again, also when nothing changes meanwhile.
fn untaken(intake: &Arc<Intake>, error: &WebError) {
    intake.recurring.fails(FRONT, DRAWING, error, intake.engine.now_ms());
    intake.homes.hold(error);
}

/// Draws one anew unless it looks the same; true when it was drawn.
async fn draw(intake: &Arc<Intake>, user: &str) -> Result<bool, WebError> {
    let view = view(intake, user).await;
    let short = Sha256::digest(view.to_string()).to_vec();
    if intake.homes.opened().get(user).is_some_and(|opened| opened.shown == short) {
        return Ok(false);
    }
    intake.web.home_publish(user, view).await?;
    if let Some(opened) = intake.homes.opened().get_mut(user) {
        opened.shown = short;
    }
    Ok(true)
}

/// Draws those anew that were opened lately and look different by now, `gap` apart; how many that were. One that Slack refuses
/// keeps nobody else from theirs; any other error leaves the rest for the next time.
pub(crate) async fn redraw(intake: &Arc<Intake>, gap: Duration) -> Result<usize, WebError> {
    let (mut drawn, mut refused) = (0, None);
    for user in intake.homes.lookers(intake.engine.now_ms()) {
        match draw(intake, &user).await {
            Ok(false) => continue,
            Ok(true) => drawn += 1,
            Err(error @ WebError::Refused { .. }) => refused = Some(error),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(gap).await;
    }
    refused.map_or(Ok(drawn), Err)
}

/// Keeps the App Homes up to date until told to stop.
pub(crate) async fn keep(intake: Arc<Intake>, stop: CancellationToken) {
    let mut commits = intake.engine.store().watch();
    loop {
        tokio::select! {
            _ = commits.changed() => {}
            () = intake.homes.missed.notified() => {}
            () = stop.cancelled() => return,
        }
        while let Some(wait) = intake.homes.wait() {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
        commits.mark_unchanged();
        match redraw(&intake, GAP).await {
            Ok(_) => intake.recurring.works(FRONT, DRAWING, intake.engine.now_ms()),
            Err(error) => untaken(&intake, &error),
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn view(intake: &Arc<Intake>, user: &str) -> Value {
    let desk = Desk::new(intake.engine.clone());
    let projects = desk.names_of_each().await;
    let title = match projects.as_slice() {
        [only] => only.project.clone(),
        _ => "Infra Chat".to_owned(),
    };
    let mut blocks = vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title } })];
    // Of several projects each is asked for by its name; while there is none, the answer says what to do about that.
    let several = projects.len() > 1;
    let asked = if projects.is_empty() { vec![None] } else { projects.iter().map(Some).collect() };
    let mut number = 0;
    for names in asked {
        let front = names.filter(|_| several).map(|names| format!("{}: ", names.project)).unwrap_or_default();
        if let Some(names) = names.filter(|_| several) {
            blocks.push(json!({ "type": "header", "text": { "type": "plain_text", "text": names.project } }));
        }
        let asked = Inbound {
            identity: identity(user),
            conversation: format!("{FRONT}:{PLACE}:{user}"),
            event: None,
            text: format!("{front}status"),
        };
        let heard = desk.hear(&asked).await;
        let environments = names.map_or(&[][..], |names| &names.environments);
        for (place, outbound) in heard.outbound.iter().map(Outbound::card).enumerate() {
            blocks.push(json!({ "type": "divider" }));
            let shown = render(outbound, &format!("environment/{number}"));
            blocks.extend(shown.blocks.into_iter().filter(|block| block["type"] != "actions"));
            // Cards come one for each environment, in the order of the names; a refusal is one card for all.
            if heard.outbound.len() == environments.len()
                && let Some(environment) = environments.get(place)
            {
                let project = names.map(|names| names.project.as_str()).unwrap_or_default();
                let decisions = decisions_on(&intake.engine, project, &environment.name).await;
                blocks.push(buttons(number, &front, &environment.name, &decisions));
            }
            number += 1;
        }
    }
    json!({ "type": "home", "blocks": ended(blocks) })
}

/// With what stands at the end. Slack takes so many blocks: where there are more, it says so.
fn ended(mut blocks: Vec<Value>) -> Vec<Value> {
    let end = context("Say `help` to me, or `/infra help` anywhere. Secrets: `/infra secret`.");
    if blocks.len() >= VIEW_BLOCKS {
        blocks.truncate(VIEW_BLOCKS - 2);
        blocks.push(context("_There is more than Slack shows here: `/infra status` has all of it._"));
    }
    blocks.push(end);
    blocks
}

fn buttons(number: usize, front: &str, environment: &str, decisions: &[Button]) -> Value {
    let offered = [("Deploy", "deploy", true), ("Releases", "releases", false), ("Logs", "logs", false)];
    // What waits for somebody comes first.
    let offered = offered.map(|(label, verb, danger)| {
        let command = format!("{front}{verb} {environment}");
        Button { label: label.to_owned(), command, danger, asks: None }
    });
    let shown: Vec<Button> = decisions.iter().cloned().chain(offered).collect();
    let elements = elements(&shown, number * ACTIONS_EACH, false);
    json!({ "type": "actions", "block_id": format!("home/{number}"), "elements": elements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_not_left_out_silently() {
        let many = |count: usize| ended(vec![json!({ "type": "divider" }); count]);
        for (count, shown, told) in [(99, 100, false), (100, 100, true), (400, 100, true)] {
            let blocks = many(count);
            assert_eq!(blocks.len(), shown);
            assert_eq!(json!(blocks).to_string().contains("more than Slack shows"), told, "{count}");
        }
    }
}
