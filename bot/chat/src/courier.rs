//! The courier: takes what waits in the outbox to a front, at the pace each conversation allows.
//!
//! One conversation gets one message at a time, and a front that counts over all conversations gets no more than it takes. Of several drawings of one card only the newest goes out, whenever its turn
//! comes, so that a wait loses nothing that still matters. A message leaves the outbox in one commit with the identifier the
//! front gave it: a restart edits what is there. Where nobody knows whether a first showing arrived, the front is asked
//! to look before it shows it again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use engine::clock::EpochMs;
use engine::control::{Engine, Refusal};
use engine::store::{ChatWrite, Commit, Shown, StoreError, Write};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::aside::{Aside, Bound};
use crate::carrier::{Carrier, Sent, Undelivered};
use crate::letter::{Letter, Place};
use crate::message::Outbound;
use crate::offered;
use crate::pace::{Budget, Kind, Pace};
use crate::recurring::Recurring;
use crate::shows::former;
use crate::turn::{Drawn, Turn};
use crate::view;

/// How often to look even when no commit of this program tells: other programs write too.
const POLL: Duration = Duration::from_millis(250);
/// Least time between two looks: what is committed in the meantime is seen at once.
const BREATH: Duration = Duration::from_millis(20);
/// Wait after the database failed.
const TROUBLE: Duration = Duration::from_secs(1);
/// What fails then.
const DELIVERING: &str = "can't deliver, trying again";
/// Tries of something the front refuses and that may still work, before it is given up: about a day of waiting.
const TRIES_MAX: u32 = 1_500;

/// The same of a file. It stands in nobody's way for long: the message it belongs to is there.
const FILE_TRIES_MAX: u32 = 20;

/// Wait until a message that took no more edits may take some again, in milliseconds.
const WORN_MS: i64 = 10 * 60_000;

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Messages delivered.
    pub delivered: usize,
    /// When the next one that waits may go out; absent when none waits.
    pub due_ms: Option<EpochMs>,
}

/// Takes messages to one front.
pub struct Courier {
    engine: Engine,
    carrier: Arc<dyn Carrier>,
    paces: HashMap<String, Pace>,
    budgets: HashMap<Kind, Budget>,
    calls: Option<Budget>,
    drawn: Drawn,
    tries: HashMap<String, u32>,
    /// What is refused until somebody mends something.
    aside: Aside,
    /// Messages on their way, and the conversations they are on their way to. One that hangs holds up its own alone.
    going: JoinSet<Arrival>,
    busy: HashSet<String>,
    /// Whether something kept the front from being heard or shown when it was last looked.
    troubled: bool,
    recurring: Recurring,
}

/// A message that was on its way: where to, what it counts as, what came of it, and when.
struct Arrival {
    conversation: String,
    bound: Bound,
    kind: Kind,
    came: Result<Came, Refusal>,
    at_ms: EpochMs,
}

/// What became of one letter.
enum Came {
    Arrived,
    Held(Option<i64>),
    Limited(Option<i64>),
    Barred(i64),
}

impl Courier {
    /// A courier to a front.
    pub fn new(engine: Engine, carrier: Arc<dyn Carrier>) -> Self {
        let kinds = [Kind::Post, Kind::Edit, Kind::Whisper];
        let budgets =
            kinds.into_iter().filter_map(|kind| Some((kind, Budget::new(carrier.allowance(kind)?))));
        let budgets = budgets.collect();
        let calls = carrier.calls_allowed().map(Budget::new);
        Self {
            engine,
            carrier,
            paces: HashMap::new(),
            budgets,
            calls,
            drawn: Drawn::default(),
            tries: HashMap::new(),
            aside: Aside::default(),
            going: JoinSet::new(),
            busy: HashSet::new(),
            troubled: false,
            recurring: Recurring::default(),
        }
    }

    /// Takes at most one message to each conversation that may be written to at `now_ms`, and waits for what came of all.
    pub async fn pass(&mut self, now_ms: EpochMs) -> Result<Carried, Refusal> {
        let mut due_ms = self.send(now_ms).await?;
        let mut delivered = 0;
        while let Some(joined) = self.going.join_next().await {
            let (arrived, free_ms) = self.came(joined)?;
            delivered += usize::from(arrived);
            due_ms = sooner(due_ms, free_ms);
        }
        Ok(Carried { delivered, due_ms })
    }

    /// Sends at most one message to each conversation that has none on its way; when the next one that waits may go out.
    async fn send(&mut self, now_ms: EpochMs) -> Result<Option<EpochMs>, Refusal> {
        self.notice_return();
        let (store, began_ms) = (self.engine.store(), self.engine.now_ms());
        let waiting = store.outbox_conversations(self.carrier.front()).await?;
        let (busy, gap_ms) = (&self.busy, self.carrier.gap_ms());
        self.paces.retain(|conversation, pace| {
            pace.free_ms() > now_ms || busy.contains(conversation) || waiting.contains(conversation)
        });
        self.aside.retain(|conversation| waiting.iter().any(|one| one == conversation));
        let mut due_ms = None;
        let mut turns = Vec::new();
        for conversation in waiting {
            if self.busy.contains(&conversation) {
                continue;
            }
            let free_ms =
                self.paces.entry(conversation.clone()).or_insert_with(|| Pace::new(gap_ms)).free_ms();
            if free_ms > now_ms {
                due_ms = sooner(due_ms, Some(free_ms));
            } else {
                let (aside, mut later_ms) = (&self.aside, None);
                let mut may_go = |turn: &Turn| {
                    let until_ms = aside.until_ms(&turn.bound());
                    let waits = until_ms > now_ms;
                    later_ms = sooner(later_ms, waits.then_some(until_ms));
                    !waits
                };
                turns.extend(self.drawn.next(store, &conversation, &mut may_go).await?);
                due_ms = sooner(due_ms, later_ms);
            }
        }
        turns.sort_by(Turn::before);
        for turn in turns {
            let kind = turn.kind();
            if let Err(free_ms) = self.take(&turn, now_ms) {
                due_ms = sooner(due_ms, Some(free_ms));
                continue;
            }
            self.drawn.note(&turn, now_ms);
            let (engine, carrier) = (self.engine.clone(), Arc::clone(&self.carrier));
            let most = if turn.letter.place.file { FILE_TRIES_MAX } else { TRIES_MAX };
            let bound = turn.bound();
            let tries = self.tries.get(&turn.conversation).copied().unwrap_or_default();
            let given_up = tries.max(self.aside.times(&bound)) >= most;
            self.busy.insert(turn.conversation.clone());
            self.going.spawn(async move {
                let came = carry_one(&engine, carrier.as_ref(), &turn, given_up).await;
                // The front counts from when it arrived there, and that may be a while after it was sent.
                let at_ms = now_ms + (engine.now_ms() - began_ms).max(0);
                Arrival { conversation: turn.conversation, bound, kind, came, at_ms }
            });
        }
        Ok(due_ms)
    }

    /// Takes note of what came of a message: whether it arrived, and from when its conversation may be written to again.
    fn came(&mut self, joined: Result<Arrival, JoinError>) -> Result<(bool, Option<EpochMs>), Refusal> {
        let Ok(Arrival { conversation, bound, kind, came, at_ms }) = joined else {
            // Nobody knows which one broke off: each that is still under way is waited for, and then all are free.
            if self.going.is_empty() {
                self.busy.clear();
            }
            return Ok((false, None));
        };
        self.busy.remove(&conversation);
        let Some(pace) = self.paces.get_mut(&conversation) else { return Ok((false, None)) };
        let mut arrived = false;
        match came? {
            Came::Arrived => {
                pace.sent(at_ms);
                arrived = true;
                self.tries.remove(&conversation);
                self.aside.arrived(&bound);
            }
            // Only this one: what else waits here may be taken all the same.
            Came::Barred(after_ms) => {
                pace.held(at_ms, Some(0));
                self.aside.refused(bound, at_ms, after_ms);
            }
            Came::Held(after_ms) => {
                pace.held(at_ms, after_ms);
                *self.tries.entry(conversation).or_default() += 1;
            }
            // Edits, and messages for one person alone, the front counts by themselves: what is new need not wait for them.
            Came::Limited(after_ms) => match self.budgets.get_mut(&kind) {
                Some(budget) => {
                    pace.held(at_ms, if kind == Kind::Post { after_ms } else { Some(0) });
                    budget.held(at_ms, after_ms);
                }
                None => pace.held(at_ms, after_ms),
            },
        }
        Ok((arrived, Some(pace.free_ms())))
    }

    /// A front that was away and is back gets at once what waits: after a long absence the waits have grown to a minute.
    fn notice_return(&mut self) {
        let notices = self.engine.notices().all();
        let troubled = notices.iter().any(|notice| notice.who == self.carrier.front());
        if self.troubled && !troubled {
            self.paces.values_mut().for_each(Pace::well_again);
        }
        self.troubled = troubled;
    }

    /// Takes what carrying it costs from what the front allows over all conversations; or says from when that is there.
    fn take(&mut self, turn: &Turn, now_ms: EpochMs) -> Result<(), EpochMs> {
        let kind = turn.kind();
        let calls = self.carrier.calls_of(&turn.letter, kind);
        let budgets = [(self.budgets.get_mut(&kind), 1), (self.calls.as_mut(), calls)];
        let mut budgets = budgets.map(|(budget, count)| budget.map(|budget| (budget, count)));
        let free_ms = budgets.iter().flatten().map(|(budget, count)| budget.free_ms(*count)).max();
        if let Some(free_ms) = free_ms.filter(|free_ms| *free_ms > now_ms) {
            return Err(free_ms);
        }
        for (budget, count) in budgets.iter_mut().flatten() {
            budget.take(now_ms, *count);
        }
        Ok(())
    }

    /// Delivers as it comes, until told to stop. What is on its way then is waited for.
    pub async fn work(mut self, stop: CancellationToken) {
        let mut commits = self.engine.store().watch();
        while !stop.is_cancelled() {
            commits.mark_unchanged();
            let nap = match self.send(self.engine.now_ms()).await {
                Ok(due_ms) => {
                    self.recurring.works(self.carrier.front(), DELIVERING, self.engine.now_ms());
                    due_ms
                        .map_or(POLL, |due_ms| {
                            Duration::from_millis((due_ms - self.engine.now_ms()).max(0) as u64)
                        })
                        .min(POLL)
                }
                Err(refusal) => self.undeliverable(&refusal),
            };
            tokio::select! {
                Some(joined) = self.going.join_next() => {
                    if let Err(refusal) = self.came(joined) {
                        let nap = self.undeliverable(&refusal);
                        tokio::time::sleep(nap).await;
                    }
                }
                _ = tokio::time::timeout(nap, commits.changed()) => tokio::time::sleep(BREATH).await,
                () = stop.cancelled() => {}
            }
        }
        while self.going.join_next().await.is_some() {}
    }

    /// The database failed; how long to wait.
    fn undeliverable(&self, refusal: &Refusal) -> Duration {
        let (why, now_ms) = (view::causes(refusal), self.engine.now_ms());
        self.recurring.fails(self.carrier.front(), DELIVERING, &why, now_ms);
        TROUBLE
    }
}

/// The sooner of two instants, of which either may be none.
fn sooner(one: Option<EpochMs>, other: Option<EpochMs>) -> Option<EpochMs> {
    one.into_iter().chain(other).min()
}

async fn carry_one(
    engine: &Engine,
    carrier: &dyn Carrier,
    turn: &Turn,
    given_up: bool,
) -> Result<Came, Refusal> {
    let store = engine.store();
    let Turn { conversation, message, card: drawn, letter, known, .. } = turn;
    // A message of its own is remembered under its place in the outbox until it is known to have arrived.
    let card = turn.remembered_as();
    let private = letter.place.to.is_some();
    let edited = letter.place.edits.is_some();
    let sent = match known {
        // The same however often it is done.
        _ if edited => carrier.carry(conversation, letter, letter.place.edits.as_deref()).await,
        Some(Shown { message, .. }) if !message.is_empty() => {
            carrier.carry(conversation, letter, Some(message)).await
        }
        Some(Shown { at_ms, .. }) => match carrier.find(conversation, letter, *at_ms).await {
            Ok(Some(found)) if matches!(letter.outbound, Outbound::Say(_)) => Ok(Sent::whole(Some(found))),
            Ok(Some(found)) => carrier.carry(conversation, letter, Some(&found)).await,
            Ok(None) => carrier.carry(conversation, letter, None).await,
            Err(undelivered) => Err(undelivered),
        },
        None => {
            if !private {
                note(engine, conversation, card, "").await?;
            }
            carrier.carry(conversation, letter, None).await
        }
    };
    let mut commit = Commit::at(engine.now_ms());
    let came = match sent {
        Ok(Sent { message: identifier, file }) => {
            if let Some(due) = file {
                let of_file = Letter { place: Place::of_file(due.thread), outbound: letter.outbound.clone() };
                commit.writes.push(of_file.put_file(&due.conversation, &due.mark, commit.now_ms)?);
            }
            if let Some(identifier) = &identifier {
                commit.writes.extend(offered::stands(conversation, identifier, letter, commit.now_ms)?);
            }
            match identifier {
                Some(identifier) if !drawn.is_empty() => {
                    commit.writes.push(shown(conversation, card, &identifier, commit.now_ms));
                    if turn.wants_link()
                        && let Some(link) = carrier.link(conversation, &identifier).await
                    {
                        let (conversation, card) = (conversation.clone(), card.to_owned());
                        commit.writes.push(Write::Chat(ChatWrite::ShownLink { conversation, card, link }));
                    }
                }
                _ => commit.writes.push(forgotten(conversation, card)),
            }
            Came::Arrived
        }
        Err(Undelivered::Later { why, after_ms }) if !given_up => {
            tracing::debug!(conversation, why, "a message waits");
            return Ok(Came::Held(after_ms));
        }
        Err(Undelivered::Barred { why, after_ms }) if !given_up => {
            tracing::debug!(conversation, why, "a message steps aside");
            return Ok(Came::Barred(after_ms));
        }
        Err(Undelivered::Worn { why }) if edited && !given_up => {
            tracing::debug!(conversation, why, "a message can't be drawn anew yet");
            return Ok(Came::Barred(WORN_MS));
        }
        // It stays as it is, and what is said under it is still about the same; the card goes on in a new message.
        Err(Undelivered::Worn { why }) if let Some(Shown { message, .. }) = known => {
            tracing::info!(conversation, why, "a card is shown anew");
            commit.writes.push(shown(conversation, &former(card), message, commit.now_ms));
            commit.writes.push(forgotten(conversation, card));
            store.commit(commit).await?;
            return Ok(Came::Held(Some(0)));
        }
        Err(Undelivered::Limited { why, after_ms }) => {
            tracing::debug!(conversation, why, "a message waits, and all of its kind");
            return Ok(Came::Limited(after_ms));
        }
        // Somebody has deleted it, buttons and all.
        Err(Undelivered::Gone { .. }) if edited => Came::Arrived,
        Err(Undelivered::Gone { .. }) if known.is_some() => {
            commit.writes.push(forgotten(conversation, card));
            store.commit(commit).await?;
            return Ok(Came::Held(Some(0)));
        }
        Err(undelivered) => {
            tracing::error!(conversation, why = %undelivered, headline = letter.outbound.card().headline, "a message can't be shown");
            commit.writes.push(forgotten(conversation, card));
            Came::Held(Some(0))
        }
    };
    let carried = turn.drawings.iter().chain([message]);
    commit.writes.extend(carried.map(|drawing| Write::OutboxDelete(drawing.clone())));
    store.commit(commit).await?;
    if matches!(letter.outbound, Outbound::Say(_)) && !edited {
        offered::redraw(engine, carrier.front(), letter).await?;
    }
    Ok(came)
}

async fn note(engine: &Engine, conversation: &str, card: &str, message: &str) -> Result<(), StoreError> {
    let mut commit = Commit::at(engine.now_ms());
    commit.writes.push(shown(conversation, card, message, commit.now_ms));
    engine.store().commit(commit).await
}

fn shown(conversation: &str, card: &str, message: &str, at_ms: EpochMs) -> Write {
    Write::Chat(ChatWrite::ShownPut {
        conversation: conversation.to_owned(),
        card: card.to_owned(),
        message: message.to_owned(),
        at_ms,
    })
}

fn forgotten(conversation: &str, card: &str) -> Write {
    Write::Chat(ChatWrite::ShownDelete { conversation: conversation.to_owned(), card: card.to_owned() })
}
