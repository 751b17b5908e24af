//! What goes over the socket, and what both kinds of session answer.

use chat::intent::Known;
use chat::{Follow, Inbound, Outbound};
use engine::control::{Engine, JUDGE, Refusal, RunDetail};
use engine::model::{Identity, RunId};
use engine::ports::PortError;
use engine::ports::far::Call;
use engine::run::RunState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The newest runs among which those of a conversation are looked for.
const FOLLOWERS_MAX: i64 = 100;

/// What a guest asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub(crate) enum Ask {
    /// Somebody said something.
    Hear {
        /// What.
        inbound: Inbound,
    },
    /// What can be proposed to whoever types.
    Known {
        /// Who.
        identity: Identity,
    },
    /// Who speaks when nobody says.
    Speaker {
        /// The front.
        front: String,
        /// The system's name for the user.
        name: String,
    },
    /// How runs stand.
    Runs {
        /// Who looks.
        identity: Identity,
        /// Which.
        which: Which,
    },
    /// What happens to runs, as it comes, until the connection ends.
    Follow {
        /// In which conversation.
        conversation: String,
        /// Its front's name.
        front: String,
        /// Who looks.
        identity: Identity,
        /// All runs, not only those asked for in the conversation.
        everything: bool,
    },
    /// Which services nobody reaches at their address.
    Unreached,
    /// What keeps the connected chat platforms from hearing or speaking.
    Fronts,
    /// A replica that shares the runs wants a port of the host's to do this.
    Call {
        /// What.
        call: Call,
    },
    /// While following: show what is there by now, then say so. Else answered at once, by a host that is alive.
    Settle,
}

/// Which runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "which")]
pub(crate) enum Which {
    /// All that are not over.
    Live,
    /// These, in their order, and those asked for in the conversation, also the ones that followed by themselves.
    Ours {
        /// These.
        ids: Vec<RunId>,
        /// The conversation.
        conversation: String,
    },
}

/// What the host answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub(crate) enum Answer {
    /// To `hear`.
    Heard(Heard),
    /// To `known`.
    Known {
        /// All of it.
        known: Known,
    },
    /// To `speaker`.
    Speaker {
        /// Their name.
        name: String,
    },
    /// To `runs`.
    Runs {
        /// Those the asker may look at.
        runs: Vec<RunBrief>,
    },
    /// To `unreached`.
    Unreached {
        /// Why, in words, one for each.
        why: Vec<String>,
    },
    /// To `fronts`.
    Fronts {
        /// Why, in words, one for each.
        why: Vec<String>,
        /// Which are connected, as whom and where. An older host says nothing of it.
        #[serde(default)]
        connected: Vec<String>,
    },
    /// To `call`.
    Called {
        /// What the port answered.
        came: Result<Value, PortError>,
    },
    /// To `follow`, as often as something happens.
    Show {
        /// What to show.
        outbound: Outbound,
    },
    /// To `settle`.
    Settled,
    /// It did not work.
    Failed {
        /// Why, for people.
        why: String,
        /// The same may work later: the database did not answer.
        #[serde(default)]
        may_pass: bool,
    },
}

/// What came of something heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// What to show at once.
    pub(crate) outbound: Vec<Outbound>,
    /// In one word.
    pub(crate) came: Came,
    /// Runs of earlier orders that go on because of it: approved or resumed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) goes_on: Vec<RunId>,
    /// Runs that are stopped because of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stops: Vec<RunId>,
    /// Somebody asked whether they may, and the answer was no or not without others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) said_no: bool,
}

/// What came of it, in one word; [`chat::Outcome`] as it goes over a wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub(crate) enum Came {
    /// Answered, or something small was done.
    Answered,
    /// Not understood, not allowed, or not possible.
    Refused,
    /// It could not be done: the database or a provider does not answer.
    Failed,
    /// Something must be said before it can go on.
    Asked,
    /// Runs were made.
    Requested {
        /// In this order.
        runs: Vec<RunId>,
    },
}

impl From<chat::Heard> for Heard {
    fn from(heard: chat::Heard) -> Self {
        let came = match heard.outcome {
            chat::Outcome::Answered => Came::Answered,
            chat::Outcome::Refused => Came::Refused,
            chat::Outcome::Failed => Came::Failed,
            chat::Outcome::Asked => Came::Asked,
            chat::Outcome::Requested(runs) => Came::Requested { runs },
        };
        let chat::Heard { outbound, goes_on, stops, said_no, .. } = heard;
        Self { outbound, came, goes_on, stops, said_no }
    }
}

/// A run in a few words, for those who wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunBrief {
    /// Which.
    pub(crate) id: RunId,
    /// What was asked for.
    pub(crate) command: String,
    /// Its state's word.
    pub(crate) state: String,
    /// It goes on without anybody doing anything.
    pub(crate) moves: bool,
    /// Nothing follows any more.
    pub(crate) over: bool,
    /// It did what it was asked.
    pub(crate) succeeded: bool,
    /// What it waits for; empty when it moves or is over.
    pub(crate) waits_for: String,
    /// It stands in the line until its time has come, in milliseconds since 1970.
    #[serde(default)]
    pub(crate) starts_ms: Option<i64>,
}

impl RunBrief {
    /// `paused` is the run that people hold where this one is to run: what stands in the line behind it waits for them.
    fn of(engine: &Engine, detail: &RunDetail, paused: Option<&RunId>) -> Self {
        let run = &detail.run;
        let waits_for = match &run.state {
            RunState::AwaitingApproval { .. } => match &detail.approval {
                Some(approval) => {
                    let roles: Vec<&str> = approval.roles.iter().map(|role| role.as_str()).collect();
                    let more = (approval.needed as usize).saturating_sub(detail.votes.len()).max(1);
                    format!("{more} more to approve it ({}): approve {}", roles.join(" or "), run.id)
                }
                None => format!("approval: approve {}", run.id),
            },
            RunState::Paused { by, .. } if by == JUDGE => {
                format!("a person to say: promote {id}, resume {id}, or rollback {id}", id = run.id)
            }
            RunState::Paused { by, .. } => format!("{by}, who paused it: resume {}", run.id),
            RunState::Queued { .. } => {
                paused.map(|paused| format!("{paused}, which is paused: resume {paused}")).unwrap_or_default()
            }
            _ => String::new(),
        };
        // A run that waits for its time stands in the line, yet nothing will move for as long as that takes.
        let queued = matches!(run.state, RunState::Queued { .. });
        let starts_ms = run.request.not_before_ms.filter(|starts_ms| queued && *starts_ms > engine.now_ms());
        Self {
            id: run.id.clone(),
            command: run.request.command.clone(),
            state: run.state.as_str().to_owned(),
            moves: run.state.moves_by_itself() && starts_ms.is_none() && waits_for.is_empty(),
            over: run.state.is_over(),
            succeeded: matches!(run.state, RunState::Succeeded { .. }),
            waits_for: match starts_ms {
                Some(starts_ms) => format!("its time, {}", chat::view::clock(starts_ms)),
                None => waits_for,
            },
            starts_ms,
        }
    }
}

/// How runs stand, of those this person may look at.
pub(super) async fn runs(
    engine: &Engine,
    identity: &Identity,
    which: &Which,
) -> Result<Vec<RunBrief>, Refusal> {
    let actor = engine.actor(identity).await?;
    let live = engine.store().run_live().await?;
    let wanted = match which {
        Which::Live => live.iter().map(|run| run.id.clone()).collect(),
        Which::Ours { ids, conversation } => {
            let mut wanted = ids.clone();
            let mut recent = engine.store().run_recent(FOLLOWERS_MAX).await?;
            recent.retain(|run| {
                run.request.conversation.as_ref() == Some(conversation) && !ids.contains(&run.id)
            });
            wanted.extend(recent.into_iter().rev().map(|run| run.id));
            wanted
        }
    };
    let mut briefs = Vec::new();
    for id in wanted {
        match engine.run_look(&id, &actor).await {
            Ok(detail) => {
                let paused = live.iter().find(|other| {
                    matches!(other.state, RunState::Paused { .. })
                        && other.environment() == detail.run.environment()
                });
                briefs.push(RunBrief::of(engine, &detail, paused.map(|run| &run.id)));
            }
            Err(Refusal::NotAllowed { .. } | Refusal::NotFound { .. }) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(briefs)
}

/// The reporter's word for whether all runs are wanted. Strangers are shown their own conversation only.
pub(super) async fn follow_of(
    engine: &Engine,
    identity: &Identity,
    everything: bool,
) -> Result<Follow, Refusal> {
    let known = engine.actor(identity).await?.role.is_some();
    Ok(if everything && known { Follow::Everything } else { Follow::Conversation })
}
