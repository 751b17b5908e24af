//! Whose workspace somebody is of. Slack promises that an identifier means one person within a workspace, or within an
//! organization of several; and what is signed or comes over a socket may be of another one: of people of another company in a
//! channel that is shared with it, or of a second workspace that has the same app. They are nobody who is known here.

use std::sync::Arc;

use chat::{Card, Tone};
use engine::model::Actor;
use engine::store::AuditEntry;
use serde_json::{Value, json};

use crate::FRONT;
use crate::intake::{Clicker, Intake};
use crate::payload::{Happened, first};
use crate::web::Bot;

/// Where whoever did something is at home, as far as Slack says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Home {
    /// Their workspace, or their organization.
    team: Option<String>,
    /// The organization it happened in, where no other one takes part.
    organization: Option<String>,
}

impl Home {
    /// Of whoever an event is about. Of an edit that is who wrote the message.
    pub(crate) fn of_event(payload: &Value) -> Self {
        let shared = payload["is_ext_shared_channel"] == true;
        let mut home = Self::of_message(&payload["event"]);
        if shared {
            // The rest is about the app, or about whoever made the channel.
            return home;
        }
        let authorized = &payload["authorizations"][0]["enterprise_id"];
        home.organization = first(&[&payload["enterprise_id"], authorized]);
        home.team = home.team.or_else(|| first(&[&payload["team_id"]]));
        home
    }

    /// Of whoever wrote a message.
    pub(crate) fn of_message(message: &Value) -> Self {
        let inside =
            [&message["message"], &message["previous_message"]].into_iter().find(|it| it.is_object());
        let message = inside.unwrap_or(message);
        let team = first(&[&message["user_team"], &message["source_team"], &message["team"]]);
        Self { team, organization: None }
    }

    /// Of whoever gave a command.
    pub(crate) fn of_command(payload: &Value) -> Self {
        Self { team: first(&[&payload["team_id"]]), organization: first(&[&payload["enterprise_id"]]) }
    }

    /// Of whoever clicked, or submitted a form. The workspace beside the person is the app's.
    pub(crate) fn of_interaction(payload: &Value) -> Self {
        Self {
            team: first(&[&payload["user"]["team_id"], &payload["team"]["id"]]),
            organization: first(&[&payload["enterprise"]["id"]]),
        }
    }

    /// Whether that is the bot's own workspace, or its organization. What Slack does not say is not held against anybody.
    pub(crate) fn is_of(&self, bot: &Bot) -> bool {
        let (Some(team), Some(ours)) = (&self.team, &bot.team_id) else { return true };
        let same = |told: Option<&String>| told.is_some() && told == bot.organization.as_ref();
        team == ours || same(Some(team)) || same(self.organization.as_ref())
    }
}

impl Intake {
    /// Whether somebody is at home where the bot is.
    pub(crate) fn is_ours(&self, home: &Home) -> bool {
        self.bot.get().is_none_or(|bot| home.is_of(bot))
    }

    /// Somebody of another workspace wants something, and nothing comes of it. Whoever commands or clicks is told, where Slack says
    /// how.
    pub(crate) async fn refuse_foreign(self: &Arc<Self>, happened: Happened, home: &Home) {
        let (clicker, trigger) = match happened {
            Happened::Commanded(it) => {
                (Clicker { user: it.user, channel: Some(it.channel), answer_at: it.answer_at }, it.trigger)
            }
            Happened::Clicked(it) => {
                (Clicker { user: it.user, channel: it.channel, answer_at: it.answer_at }, it.trigger)
            }
            Happened::Submitted(it) => {
                (Clicker { user: it.user, channel: None, answer_at: None }, String::new())
            }
            // Whoever looks at the bot, or is not answered anyway.
            _ => return,
        };
        self.record_foreign(&clicker.user, home).await;
        if clicker.answer_at.is_some() {
            let says = "I work for another Slack workspace and don't know you: nothing of that is done.";
            let card = Card::new(Tone::Bad, says);
            self.later(|intake| async move { intake.tell(&trigger, &clicker, card).await });
        }
    }

    /// It goes into the record.
    pub(crate) async fn record_foreign(&self, user: &str, home: &Home) {
        let (now_ms, team) = (self.engine.now_ms(), home.team.as_deref().unwrap_or_default());
        let why = format!("{user} is of {team}");
        self.recurring.fails(FRONT, "a request of another workspace is refused", &why, now_ms);
        let Some(many) = self.foreign.one_more(now_ms) else { return };
        let entry = AuditEntry {
            actor: Actor { name: "unknown".to_owned(), role: None, front: FRONT.to_owned() },
            action: "front.foreign",
            subject: "a request of another workspace".to_owned(),
            environment: None,
            run: None,
            data: json!({ "requests": many, "user": user, "team": team }),
        };
        self.foreign.record(&self.engine, entry).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(team: &str, organization: Option<&str>) -> Bot {
        Bot {
            user: "U0".to_owned(),
            id: "B0".to_owned(),
            name: "infra".to_owned(),
            team: "Ours".to_owned(),
            team_id: Some(team.to_owned()),
            organization: organization.map(ToOwned::to_owned),
            scopes: None,
        }
    }

    #[test]
    fn a_workspace_of_the_same_organization_is_ours_and_a_guest_in_a_shared_channel_is_not() {
        let (alone, in_grid, whole_grid) = (bot("T1", None), bot("T1", Some("E1")), bot("E1", Some("E1")));
        let event = |told: Value, event: Value| {
            let mut payload = told;
            payload["event"] = event;
            Home::of_event(&payload)
        };
        for (home, expected) in [
            // In a workspace: the same, another one that has the app, and one of the same organization.
            (event(json!({ "team_id": "T1" }), json!({})), [true, true, false]),
            (event(json!({ "team_id": "T2" }), json!({ "team": "T2" })), [false, false, false]),
            (
                event(json!({ "team_id": "T2", "enterprise_id": "E1" }), json!({ "team": "T2" })),
                [false, true, true],
            ),
            (
                event(json!({ "team_id": "T2", "enterprise_id": "E2" }), json!({ "team": "T2" })),
                [false, false, false],
            ),
            // In a channel shared with others, made by them or by us.
            (
                event(
                    json!({ "team_id": "T2", "is_ext_shared_channel": true }),
                    json!({ "user_team": "T1" }),
                ),
                [true, true, false],
            ),
            (
                event(
                    json!({ "team_id": "T1", "enterprise_id": "E1", "is_ext_shared_channel": true }),
                    json!({ "team": "T1", "user_team": "T2" }),
                ),
                [false, false, false],
            ),
            (
                event(
                    json!({ "team_id": "T1", "is_ext_shared_channel": true }),
                    json!({ "user_team": "E1" }),
                ),
                [false, true, true],
            ),
            // What is edited is the writer's.
            (
                event(json!({ "team_id": "T1" }), json!({ "message": { "user_team": "T2", "team": "T1" } })),
                [false, false, false],
            ),
            (Home::of_command(&json!({ "team_id": "T2", "enterprise_id": "E1" })), [false, true, true]),
            (
                Home::of_interaction(&json!({ "user": { "team_id": "T2" }, "team": { "id": "T1" } })),
                [false, false, false],
            ),
            (Home::of_interaction(&json!({ "user": {}, "team": { "id": "T1" } })), [true, true, false]),
            // Nothing is said, or nothing that can be read.
            (Home::of_interaction(&json!({ "user": { "team_id": 7 } })), [true, true, true]),
            (Home::of_event(&Value::Null), [true, true, true]),
        ] {
            let is = [&alone, &in_grid, &whole_grid].map(|bot| home.is_of(bot));
            assert_eq!(is, expected, "{home:?}");
        }
        let unsaid = Bot { team_id: None, ..alone };
        assert!(Home::of_command(&json!({ "team_id": "T2" })).is_of(&unsaid));
    }
}
