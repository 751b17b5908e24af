//! Every kind of write, as data. The pure core says what is to be written; the committer writes it.

use super::backfills::BackfillWrite;
use super::value::{Statement, free, guarded, json};
use super::{ChatWrite, SecretWrite, StoreError, TextWrite};
use super::{people, sql};
use crate::audit::Checkpoint;
use crate::clock::EpochMs;
use crate::model::{
    ConnectionCheck, ConnectionName, Desired, EnvironmentKey, Identity, Project, ProjectName, Release, RunId,
    StandingOrder, StepNumber, User, UserName,
};
use crate::monitor::Incident;
use crate::plan::Plan;
use crate::run::{Approval, Lock, Run, Step, Vote};
use crate::trial::Trial;

/// One write. Those with a guard make the whole commit a conflict when it does not hold.
#[derive(Debug, Clone)]
pub enum Write {
    /// A project's description, with the connections it comes to. Guard: `revision` follows the one in the database (1 for a new project).
    ProjectPut {
        /// The description.
        project: Box<Project>,
        /// Its new revision.
        revision: i64,
        /// When.
        at_ms: EpochMs,
    },
    /// An environment's desired state. Guard as for a project.
    EnvironmentPut {
        /// Which.
        environment: EnvironmentKey,
        /// Its desired state.
        desired: Desired,
        /// Its new revision.
        revision: i64,
    },
    /// What a provider said of a connection's secret; the newest answer counts.
    ConnectionChecked {
        /// Where.
        environment: EnvironmentKey,
        /// The connection.
        connection: ConnectionName,
        /// What it said.
        check: Box<ConnectionCheck>,
    },
    /// A release, new or changed.
    ReleasePut(Box<Release>),
    /// A new run with its plan. Guard: the identifier is free.
    RunInsert {
        /// The run.
        run: Box<Run>,
        /// Its plan.
        plan: Box<Plan>,
        /// When the executor must look at it; absent while it waits for people.
        due_ms: Option<EpochMs>,
    },
    /// A changed run. Guard: its version follows the one in the database.
    RunUpdate {
        /// The run.
        run: Box<Run>,
        /// When the executor must look at it.
        due_ms: Option<EpochMs>,
    },
    /// A plan made anew before anything was done. Guard: the run has one.
    PlanReplace {
        /// The run.
        run: RunId,
        /// Its new digest.
        digest: String,
        /// The new plan.
        plan: Box<Plan>,
    },
    /// Guard: the lease under which this commit was worked out is still ours.
    RunFenced {
        /// The run.
        run: RunId,
        /// The fencing token of the lease.
        fence: i64,
    },
    /// A step, new or changed.
    StepPut {
        /// The run.
        run: RunId,
        /// The step.
        step: Step,
    },
    /// How a run's canary stands.
    TrialPut {
        /// The run.
        run: RunId,
        /// The canary.
        trial: Box<Trial>,
    },
    /// How far a run's backfill has come.
    Backfill(Box<BackfillWrite>),
    /// Something a step left behind.
    ReceiptPut {
        /// The run.
        run: RunId,
        /// The step.
        step: StepNumber,
        /// `receipt` (an answer), `unknown` (none), `done`, `failed` or `undo`.
        kind: &'static str,
        /// What.
        body: serde_json::Value,
        /// When.
        at_ms: EpochMs,
    },
    /// An open approval.
    ApprovalPut(Approval),
    /// A decided approval. Guard: it was open, for this plan.
    ApprovalDecide(Approval),
    /// A yes. A second yes of the same person changes nothing.
    VotePut {
        /// The run.
        run: RunId,
        /// The yes.
        vote: Vote,
    },
    /// A lock. Guard: it was free.
    LockTake(Lock),
    /// A lock given back. Guard: this holder had it.
    LockRelease(Lock),
    /// An incident.
    IncidentPut(Incident),
    /// A secret.
    Secret(SecretWrite),
    /// A person, new or with another role.
    UserPut {
        /// The person.
        user: User,
        /// When.
        at_ms: EpochMs,
    },
    /// A person and all their identities, gone. Guard: they were there.
    UserDelete(UserName),
    /// Guard: once all before this is written, somebody is an admin.
    AdminLeft,
    /// Who somebody is on a front. Guard: nobody else is.
    IdentityPut {
        /// The identity.
        identity: Identity,
        /// The person.
        person: UserName,
    },
    /// An identity taken from one person and given to another. Guard: it was theirs.
    IdentityMove {
        /// The identity.
        identity: Identity,
        /// Whose it was.
        from: UserName,
        /// Whose it is.
        person: UserName,
    },
    /// A conversation's state; a new one's cursor too.
    ConversationPut {
        /// Its identifier.
        conversation: String,
        /// Its front.
        front: String,
        /// Its state as JSON as it was read; anything when it is new. Other state there by now is a conflict.
        before: String,
        /// Its state as JSON.
        body: String,
        /// The last happening it has been told of; of a new conversation only.
        cursor: i64,
    },
    /// How far a conversation's reporter has come; never backwards.
    ConversationCursor {
        /// Its identifier.
        conversation: String,
        /// The last happening it has been told of.
        cursor: i64,
    },
    /// When the open questions of a conversation expire: these, and no others.
    QuestionDues {
        /// The conversation.
        conversation: String,
        /// Who was asked, and when the question expires.
        dues: Vec<(Identity, EpochMs)>,
    },
    /// A standing order. Guard: its number is free.
    StandingPut(Box<StandingOrder>),
    /// A standing order taken away. Guard: it stood.
    StandingRemove {
        /// Its project.
        project: ProjectName,
        /// Its number.
        number: u32,
        /// When.
        at_ms: EpochMs,
    },
    /// A message on its way to a front; one that is on its way already stays as it is.
    OutboxPut {
        /// Its identifier.
        message: String,
        /// Where to.
        conversation: String,
        /// The card it belongs to: a later message to the same card replaces it.
        card: String,
        /// The message as JSON.
        body: String,
        /// When.
        at_ms: EpochMs,
    },
    /// A message that has been delivered.
    OutboxDelete(String),
    /// What a chat front heard, or has shown.
    Chat(ChatWrite),
    /// About texts.
    Text(TextWrite),
    /// An event of a front. Guard: it was not handled before.
    InboundPut {
        /// The front.
        front: String,
        /// The event's identifier there.
        event: String,
        /// When.
        at_ms: EpochMs,
    },
    /// Events of fronts older than that may be forgotten.
    InboundForget {
        /// Before when.
        before_ms: EpochMs,
    },
    /// A signed checkpoint of the audit chain.
    CheckpointPut(Checkpoint),
}

/// All connections of all environments, in place of those there were.
fn connections(project: &Project) -> Result<Vec<Statement>, StoreError> {
    let name = project.project.as_str();
    let mut all = free(sql::CONNECTION_CLEAR, vec![name.into()]);
    for environment in project.environments.keys() {
        for here in project.connections_in(environment) {
            let values =
                vec![name.into(), environment.as_str().into(), here.name.as_str().into(), json(&here)?];
            all.extend(free(sql::CONNECTION_PUT, values));
        }
    }
    Ok(all)
}

/// A message on its way; the newest drawing of a card is the only one that anybody still wants to see.
fn outbox(message: &str, conversation: &str, card: &str, body: &str, at_ms: EpochMs) -> Vec<Statement> {
    let mut all = free(sql::OUTBOX_SUPERSEDE, vec![conversation.into(), card.into(), message.into()]);
    let values = vec![message.into(), conversation.into(), card.into(), body.into(), at_ms.into()];
    all.extend(free(sql::OUTBOX_PUT, values));
    all
}

/// When a run joined the queue: the order of the line.
fn queued_ms(run: &Run) -> Option<EpochMs> {
    match run.state {
        crate::run::RunState::Queued { since_ms } => Some(since_ms),
        _ => None,
    }
}

impl Write {
    /// The statements it takes, in order.
    pub(crate) fn statements(&self) -> Result<Vec<Statement>, StoreError> {
        Ok(match self {
            Self::ProjectPut { project, revision, at_ms } => {
                let name = project.project.as_str();
                let mut all = guarded(
                    sql::PROJECT_PUT,
                    vec![name.into(), json(project)?, (*revision).into(), (*at_ms).into()],
                );
                all.extend(connections(project)?);
                all
            }
            Self::EnvironmentPut { environment, desired, revision } => guarded(
                sql::ENVIRONMENT_PUT,
                vec![
                    environment.project.as_str().into(),
                    environment.environment.as_str().into(),
                    json(desired)?,
                    (*revision).into(),
                ],
            ),
            Self::ConnectionChecked { environment, connection, check } => free(
                sql::CONNECTION_CHECKED,
                vec![
                    environment.project.as_str().into(),
                    environment.environment.as_str().into(),
                    connection.as_str().into(),
                    json(check)?,
                    check.at_ms.into(),
                ],
            ),
            Self::ReleasePut(release) => guarded(
                sql::RELEASE_PUT,
                vec![
                    release.id.environment.project.as_str().into(),
                    release.id.environment.environment.as_str().into(),
                    release.id.number.into(),
                    release.state.as_str().into(),
                    release.run.as_str().into(),
                    json(release)?,
                ],
            ),
            Self::RunInsert { run, plan, due_ms } => {
                let key = run.environment();
                let mut both = guarded(
                    sql::RUN_INSERT,
                    vec![
                        run.id.as_str().into(),
                        key.project.as_str().into(),
                        key.environment.as_str().into(),
                        run.request.change.run_type().into(),
                        run.requester.name.as_str().into(),
                        run.state.as_str().into(),
                        json(run)?,
                        run.version.into(),
                        (*due_ms).into(),
                        queued_ms(run).into(),
                        run.created_ms.into(),
                        run.finished_ms.into(),
                    ],
                );
                both.extend(guarded(
                    sql::PLAN_PUT,
                    vec![run.id.as_str().into(), run.plan_digest.as_str().into(), json(plan)?],
                ));
                both
            }
            Self::RunUpdate { run, due_ms } => guarded(
                sql::RUN_UPDATE,
                vec![
                    run.id.as_str().into(),
                    run.state.as_str().into(),
                    json(run)?,
                    run.version.into(),
                    (*due_ms).into(),
                    queued_ms(run).into(),
                    run.finished_ms.into(),
                ],
            ),
            Self::PlanReplace { run, digest, plan } => {
                guarded(sql::PLAN_REPLACE, vec![run.as_str().into(), digest.as_str().into(), json(plan)?])
            }
            Self::RunFenced { run, fence } => {
                guarded(sql::RUN_FENCED, vec![run.as_str().into(), (*fence).into()])
            }
            Self::StepPut { run, step } => free(
                sql::STEP_PUT,
                vec![run.as_str().into(), step.number.into(), step.state.as_str().into(), json(step)?],
            ),
            Self::TrialPut { run, trial } => free(sql::TRIAL_PUT, vec![run.as_str().into(), json(trial)?]),
            Self::Backfill(write) => write.statements()?,
            Self::ReceiptPut { run, step, kind, body, at_ms } => free(
                sql::RECEIPT_PUT,
                vec![run.as_str().into(), (*step).into(), (*kind).into(), json(body)?, (*at_ms).into()],
            ),
            Self::ApprovalPut(approval) => guarded(
                sql::APPROVAL_PUT,
                vec![
                    approval.run.as_str().into(),
                    approval.plan_digest.as_str().into(),
                    approval.state.as_str().into(),
                    json(approval)?,
                    approval.expires_ms.into(),
                ],
            ),
            Self::ApprovalDecide(approval) => guarded(
                sql::APPROVAL_DECIDE,
                vec![
                    approval.run.as_str().into(),
                    approval.state.as_str().into(),
                    json(approval)?,
                    approval.plan_digest.as_str().into(),
                ],
            ),
            Self::VotePut { run, vote } => free(
                sql::VOTE_PUT,
                vec![
                    run.as_str().into(),
                    vote.person.as_str().into(),
                    vote.at_ms.into(),
                    vote.front.as_str().into(),
                ],
            ),
            Self::LockTake(lock) => guarded(
                sql::LOCK_TAKE,
                vec![
                    lock.environment.project.as_str().into(),
                    lock.environment.environment.as_str().into(),
                    lock.holder.kind().into(),
                    lock.holder.name().into(),
                    json(lock)?,
                    lock.expires_ms.into(),
                ],
            ),
            Self::LockRelease(lock) => guarded(
                sql::LOCK_RELEASE,
                vec![
                    lock.environment.project.as_str().into(),
                    lock.environment.environment.as_str().into(),
                    lock.holder.kind().into(),
                    lock.holder.name().into(),
                ],
            ),
            Self::IncidentPut(incident) => guarded(
                sql::INCIDENT_PUT,
                vec![
                    incident.id.as_str().into(),
                    incident.environment.project.as_str().into(),
                    incident.environment.environment.as_str().into(),
                    incident.run.as_str().into(),
                    json(incident)?,
                    incident.opened_ms.into(),
                ],
            ),
            Self::Secret(write) => write.statements(),
            Self::UserPut { user, at_ms } => people::user_put(user, *at_ms),
            Self::UserDelete(name) => people::user_delete(name),
            Self::AdminLeft => guarded(sql::USER_ADMIN_LEFT, Vec::new()),
            Self::IdentityPut { identity, person } => people::identity_put(identity, person),
            Self::IdentityMove { identity, from, person } => people::identity_move(identity, from, person),
            Self::ConversationPut { conversation, front, before, body, cursor } => guarded(
                sql::CONVERSATION_PUT,
                vec![
                    conversation.as_str().into(),
                    front.as_str().into(),
                    body.as_str().into(),
                    (*cursor).into(),
                    before.as_str().into(),
                ],
            ),
            Self::ConversationCursor { conversation, cursor } => {
                free(sql::CONVERSATION_CURSOR, vec![conversation.as_str().into(), (*cursor).into()])
            }
            Self::QuestionDues { conversation, dues } => {
                let mut all = free(sql::QUESTION_DUE_CLEAR, vec![conversation.as_str().into()]);
                for (asked, due_ms) in dues {
                    all.extend(guarded(
                        sql::QUESTION_DUE_PUT,
                        vec![conversation.as_str().into(), asked.to_string().into(), (*due_ms).into()],
                    ));
                }
                all
            }
            Self::StandingPut(order) => guarded(
                sql::STANDING_PUT,
                vec![
                    order.project.as_str().into(),
                    order.number.into(),
                    order.what.kind().as_str().into(),
                    order.person.as_str().into(),
                    json(order)?,
                    order.made_ms.into(),
                ],
            ),
            Self::StandingRemove { project, number, at_ms } => guarded(
                sql::STANDING_REMOVE,
                vec![project.as_str().into(), (*number).into(), (*at_ms).into()],
            ),
            Self::OutboxPut { message, conversation, card, body, at_ms } => {
                outbox(message, conversation, card, body, *at_ms)
            }
            Self::OutboxDelete(message) => free(sql::OUTBOX_DELETE, vec![message.as_str().into()]),
            Self::Chat(write) => write.statements(),
            Self::Text(write) => write.statements()?,
            Self::InboundPut { front, event, at_ms } => {
                guarded(sql::INBOUND_PUT, vec![front.as_str().into(), event.as_str().into(), (*at_ms).into()])
            }
            Self::InboundForget { before_ms } => free(sql::INBOUND_FORGET, vec![(*before_ms).into()]),
            Self::CheckpointPut(checkpoint) => {
                free(sql::CHECKPOINT_PUT, vec![checkpoint.seq.into(), json(checkpoint)?])
            }
        })
    }
}
