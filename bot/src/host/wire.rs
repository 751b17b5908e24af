//! What goes over the socket, and what both kinds of session answer.

use chat::intent::Names;
use chat::{Follow, Inbound, Outbound};
use engine::control::{Engine, Refusal};
use engine::model::{Identity, RunId};
use engine::run::{Run, RunState};
use serde::{Deserialize, Serialize};

/// What a guest asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub(crate) enum Ask {
    /// Somebody said something.
    Hear {
        /// What.
        inbound: Inbound,
    },
    /// The names of the project.
    Names,
    /// Whether somebody is known.
    Knows {
        /// Who.
        identity: Identity,
    },
    /// How runs stand: these and all that are not over.
    Runs {
        /// These.
        ids: Vec<RunId>,
    },
    /// What happens to runs, as it comes, until the connection ends.
    Follow {
        /// In which conversation.
        conversation: String,
        /// Its front's name.
        front: String,
        /// All runs, not only those asked for in the conversation.
        everything: bool,
    },
    /// While following: show what is there by now, then say so.
    Settle,
}

/// What the host answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub(crate) enum Answer {
    /// To `hear`.
    Heard(Heard),
    /// To `names`.
    Names {
        /// The names.
        names: Names,
    },
    /// To `knows`.
    Knows {
        /// Whether they are.
        known: bool,
    },
    /// To `runs`.
    Runs {
        /// The runs asked for, in that order, then the others, oldest first.
        runs: Vec<RunBrief>,
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
    },
}

/// What came of something heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// What to show at once.
    pub(crate) outbound: Vec<Outbound>,
    /// In one word.
    pub(crate) came: Came,
}

/// What came of it, in one word; [`chat::Outcome`] as it goes over a wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub(crate) enum Came {
    /// Answered, or something small was done.
    Answered,
    /// Not understood, not allowed, or not possible.
    Refused,
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
            chat::Outcome::Asked => Came::Asked,
            chat::Outcome::Requested(runs) => Came::Requested { runs },
        };
        Self { outbound: heard.outbound, came }
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
}

impl RunBrief {
    async fn of(engine: &Engine, run: &Run) -> Result<Self, Refusal> {
        let waits_for = match &run.state {
            RunState::AwaitingApproval { .. } => match engine.store().approval_get(&run.id).await? {
                Some(approval) => {
                    let voted = engine.store().vote_list(&run.id).await?.len();
                    let roles: Vec<&str> = approval.roles.iter().map(|role| role.as_str()).collect();
                    let more = (approval.needed as usize).saturating_sub(voted).max(1);
                    format!("{more} more to approve it ({}): approve {}", roles.join(" or "), run.id)
                }
                None => format!("approval: approve {}", run.id),
            },
            RunState::Paused { by, .. } => format!("{by}, who paused it: resume {}", run.id),
            _ => String::new(),
        };
        // A run that waits for its time stands in the line, yet nothing will move for as long as that takes.
        let sleeps = matches!(run.state, RunState::Queued { .. })
            && run.request.not_before_ms.is_some_and(|not_before_ms| not_before_ms > engine.now_ms());
        Ok(Self {
            id: run.id.clone(),
            command: run.request.command.clone(),
            state: run.state.as_str().to_owned(),
            moves: run.state.moves_by_itself() && !sleeps,
            over: run.state.is_over(),
            succeeded: matches!(run.state, RunState::Succeeded { .. }),
            waits_for: if sleeps { "its time".to_owned() } else { waits_for },
        })
    }
}

/// How runs stand: these in their order, then all others that are not over.
pub(super) async fn runs(engine: &Engine, ids: &[RunId]) -> Result<Vec<RunBrief>, Refusal> {
    let mut briefs = Vec::new();
    for id in ids {
        if let Some(run) = engine.store().run_get(id).await? {
            briefs.push(RunBrief::of(engine, &run).await?);
        }
    }
    for run in engine.store().run_live().await? {
        if !ids.contains(&run.id) {
            briefs.push(RunBrief::of(engine, &run).await?);
        }
    }
    Ok(briefs)
}

/// The reporter's word for whether all runs are wanted.
pub(super) fn follow_of(everything: bool) -> Follow {
    if everything { Follow::Everything } else { Follow::Conversation }
}
