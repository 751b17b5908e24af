//! The App Home: the environments at a glance, as the person who looks may see them.

use std::sync::Arc;

use chat::{Button, Desk, Inbound, Outbound};
use serde_json::{Value, json};

use crate::FRONT;
use crate::blocks::{button, context, render};
use crate::intake::{Intake, identity};
use crate::limits::VIEW_BLOCKS;

/// Where clicks in the App Home come from, in identifiers of events.
pub(crate) const PLACE: &str = "home";

/// Shows somebody how things stand.
pub(crate) async fn show(intake: &Arc<Intake>, user: &str) {
    let view = view(intake, user).await;
    if let Err(error) = intake.web.home_publish(user, view).await {
        tracing::warn!(user, %error, "an App Home can't be shown");
    }
}

async fn view(intake: &Arc<Intake>, user: &str) -> Value {
    let asked = Inbound {
        identity: identity(user),
        conversation: format!("{FRONT}:{PLACE}:{user}"),
        event: None,
        text: "status".to_owned(),
    };
    let heard = Desk::new(intake.engine.clone()).hear(&asked).await;
    let names = Desk::new(intake.engine.clone()).names().await;
    let title = if names.project.is_empty() { "Infra Chat".to_owned() } else { names.project.clone() };
    let mut blocks = vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title } })];
    for (number, outbound) in heard.outbound.iter().map(Outbound::card).enumerate() {
        blocks.push(json!({ "type": "divider" }));
        let shown = render(outbound, &format!("environment/{number}"));
        blocks.extend(shown.blocks.into_iter().filter(|block| block["type"] != "actions"));
        // Cards come one for each environment, in the order of the names; a refusal is one card for all.
        if heard.outbound.len() == names.environments.len()
            && let Some(environment) = names.environments.get(number)
        {
            blocks.push(buttons(number, &environment.name));
        }
    }
    blocks.push(context("Say `help` to me, or `/infra help` anywhere. Secrets: `/infra secret`."));
    blocks.truncate(VIEW_BLOCKS);
    json!({ "type": "home", "blocks": blocks })
}

fn buttons(number: usize, environment: &str) -> Value {
    let offered = [("Deploy", "deploy", true), ("Releases", "releases", false), ("Logs", "logs", false)];
    let elements: Vec<Value> = offered
        .iter()
        .enumerate()
        .map(|(place, (label, verb, danger))| {
            let command = format!("{verb} {environment}");
            button(number * 10 + place, &Button { label: (*label).to_owned(), command, danger: *danger })
        })
        .collect();
    json!({ "type": "actions", "block_id": format!("home/{number}"), "elements": elements })
}
