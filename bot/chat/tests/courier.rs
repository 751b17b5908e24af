//! A front that was away for long: what waits for it goes out as soon as it is back.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::sim::World;
use chat::{Allowance, Card, Carrier, Courier, Kind, Letter, Outbound, Sent, Tone, Troubles, Undelivered};
use engine::artifacts::Artifacts;
use engine::audit::SigningKey;
use engine::clock::{Clock, EpochMs, ManualClock};
use engine::control::{Engine, EngineParts, Vault};
use engine::redact::Redactor;
use engine::secrets::MasterKey;
use engine::store::{Commit, Store, StoreAddress};
use policies::Rules;
use tokio_util::sync::CancellationToken;

const FRONT: &str = "slack";
const CONVERSATION: &str = "slack:C042";
/// Nobody gets an answer about this one.
const HANGING: &str = "slack:C043";
/// How often it is looked whether a message was taken, and how often that is more than enough.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS_MAX: u32 = 300;

/// Takes messages unless it is away.
#[derive(Default)]
struct Fickle {
    away: AtomicBool,
    edits_limited: AtomicBool,
    tries: AtomicUsize,
    /// What waits until somebody mends something.
    barred: AtomicBool,
    /// The message with the card takes no more edits.
    worn: AtomicBool,
    taken: Mutex<Vec<String>>,
}

/// What a letter that is barred says.
const BARRED: &str = "with a file";

#[async_trait::async_trait]
impl Carrier for Fickle {
    fn front(&self) -> &str {
        FRONT
    }

    fn gap_ms(&self) -> i64 {
        1_000
    }

    fn allowance(&self, _: Kind) -> Option<Allowance> {
        Some(Allowance { burst: 10, gap_ms: 1_000 })
    }

    async fn carry(&self, to: &str, letter: &Letter, known: Option<&str>) -> Result<Sent, Undelivered> {
        let says = letter.outbound.card().headline.clone();
        if self.barred.load(Ordering::Relaxed) && says.starts_with(BARRED) {
            self.tries.fetch_add(1, Ordering::Relaxed);
            return Err(Undelivered::Barred { why: "no permission".to_owned(), after_ms: 60_000 });
        }
        if self.worn.load(Ordering::Relaxed) && known.is_some() {
            return Err(Undelivered::Worn { why: "edited often".to_owned() });
        }
        if known.is_some() && self.edits_limited.load(Ordering::Relaxed) {
            return Err(Undelivered::Limited { why: "wait".to_owned(), after_ms: Some(30_000) });
        }
        if to == HANGING {
            return std::future::pending().await;
        }
        self.tries.fetch_add(1, Ordering::Relaxed);
        if self.away.load(Ordering::Relaxed) {
            return Err(Undelivered::Later { why: "no answer".to_owned(), after_ms: None });
        }
        let mut taken = self.taken.lock().unwrap();
        taken.push(says);
        Ok(Sent::whole(Some(known.map_or_else(|| format!("m{}", taken.len()), ToOwned::to_owned))))
    }

    async fn find(&self, _: &str, _: &Letter, _: EpochMs) -> Result<Option<String>, Undelivered> {
        Ok(None)
    }
}

async fn engine(folder: &std::path::Path, clock: Arc<ManualClock>) -> Engine {
    let store = Store::open(&StoreAddress::Sqlite(folder.join("infra-chat.db"))).await.unwrap();
    let redactor = Arc::new(Redactor::new().unwrap());
    let key = MasterKey::from_text("the test", &"5c".repeat(32)).unwrap();
    let vault = Vault::open(store.clone(), clock.clone(), key, redactor.clone()).await.unwrap();
    Engine::new(EngineParts {
        store,
        ports: World::new(clock.clone()).ports(),
        clock,
        rules: Rules::shipped().unwrap(),
        artifacts: Artifacts::open(folder.join("artifacts").to_str().unwrap(), redactor.clone()).unwrap(),
        redactor,
        signing_key: SigningKey::open_or_create(&folder.join("signing.key")).unwrap(),
        vault,
        replica: "test".to_owned(),
    })
}

#[tokio::test]
async fn what_waits_goes_out_as_soon_as_the_front_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let engine = engine(folder.path(), clock.clone()).await;
    let (troubles, front) = (Troubles::new(engine.clone(), FRONT), Arc::new(Fickle::default()));
    let mut courier = Courier::new(engine.clone(), front.clone());
    let letter = Letter::open(Outbound::Say(Card::new(Tone::Plain, "what matters")));
    let mut commit = Commit::at(clock.now_ms());
    commit.writes.push(letter.put(CONVERSATION, "1", clock.now_ms()).unwrap());
    engine.store().commit(commit).await.unwrap();

    front.away.store(true, Ordering::Relaxed);
    troubles.begin("hearing", "Slack is not reached; it is tried again");
    for _ in 0..9 {
        let carried = courier.pass(clock.now_ms()).await.unwrap();
        clock.advance_to(carried.due_ms.unwrap());
    }
    assert_eq!(courier.pass(clock.now_ms()).await.unwrap().due_ms, Some(clock.now_ms() + 60_000));

    front.away.store(false, Ordering::Relaxed);
    clock.advance(1_000);
    let tried = front.tries.load(Ordering::Relaxed);
    courier.pass(clock.now_ms()).await.unwrap();
    assert_eq!(front.tries.load(Ordering::Relaxed), tried, "nothing says that it is back");
    troubles.end("hearing");
    assert_eq!(courier.pass(clock.now_ms()).await.unwrap().delivered, 1, "and now something does");
}

#[tokio::test]
async fn a_call_that_hangs_holds_up_its_own_conversation_alone() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let engine = engine(folder.path(), clock.clone()).await;
    let front = Arc::new(Fickle::default());
    let working = tokio::spawn(Courier::new(engine.clone(), front.clone()).work(CancellationToken::new()));
    let mut commits = engine.store().watch();
    for (conversation, place) in [(HANGING, "1"), (CONVERSATION, "2"), (CONVERSATION, "3")] {
        let letter = Letter::open(Outbound::Say(Card::new(Tone::Plain, "what matters")));
        let mut commit = Commit::at(clock.now_ms());
        commit.writes.push(letter.put(conversation, place, clock.now_ms()).unwrap());
        engine.store().commit(commit).await.unwrap();
        for looks in 0.. {
            assert!(looks < LOOKS_MAX, "one that hangs holds up another");
            if engine.store().outbox_list(CONVERSATION, 10).await.unwrap().is_empty() {
                break;
            }
            clock.advance(2_000);
            let _ = tokio::time::timeout(LOOK, commits.changed()).await;
        }
    }
    assert_eq!(front.tries.load(Ordering::Relaxed), 2);
    assert_eq!(engine.store().outbox_list(HANGING, 10).await.unwrap().len(), 1, "it is not given up");
    working.abort();
}

#[tokio::test]
async fn an_answer_does_not_wait_until_cards_may_be_edited_again() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let engine = engine(folder.path(), clock.clone()).await;
    let front = Arc::new(Fickle::default());
    front.edits_limited.store(true, Ordering::Relaxed);
    let mut courier = Courier::new(engine.clone(), front.clone());
    let card = || Card { key: "r-1".to_owned(), ..Card::new(Tone::Going, "a run") };
    let letters = [
        (Outbound::Update(card()), 1),
        (Outbound::Update(card()), 0),
        (Outbound::Say(Card::new(Tone::Plain, "an answer")), 1),
    ];
    for (place, (outbound, delivered)) in letters.into_iter().enumerate() {
        let mut commit = Commit::at(clock.now_ms());
        let put = Letter::open(outbound).put(CONVERSATION, &place.to_string(), clock.now_ms());
        commit.writes.push(put.unwrap());
        engine.store().commit(commit).await.unwrap();
        assert_eq!(courier.pass(clock.now_ms()).await.unwrap().delivered, delivered, "{place}");
        clock.advance(1_000);
    }
    let waits = courier.pass(clock.now_ms()).await.unwrap();
    assert_eq!((waits.delivered, waits.due_ms), (0, Some(32_000)), "and the card as long as the front says");
    front.edits_limited.store(false, Ordering::Relaxed);
    clock.advance_to(32_000);
    assert_eq!(courier.pass(clock.now_ms()).await.unwrap().delivered, 1);
}

async fn puts(engine: &Engine, outbound: Outbound, place: &str) {
    let mut commit = Commit::at(engine.now_ms());
    commit.writes.push(Letter::open(outbound).put(CONVERSATION, place, commit.now_ms).unwrap());
    engine.store().commit(commit).await.unwrap();
}

#[tokio::test]
async fn what_somebody_must_mend_holds_nothing_else_up() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let engine = engine(folder.path(), clock.clone()).await;
    let front = Arc::new(Fickle::default());
    front.barred.store(true, Ordering::Relaxed);
    let mut courier = Courier::new(engine.clone(), front.clone());
    let say = |says: &str| Outbound::Say(Card::new(Tone::Plain, says));
    puts(&engine, say(BARRED), "1").await;
    puts(&engine, say("an answer"), "2").await;
    for _ in 0..2 {
        courier.pass(clock.now_ms()).await.unwrap();
        clock.advance(1_000);
    }
    assert_eq!(*front.taken.lock().unwrap(), ["an answer"]);
    let waits = courier.pass(clock.now_ms()).await.unwrap();
    assert_eq!((waits.delivered, waits.due_ms), (0, Some(61_000)), "and it is tried again once a minute");

    // Where everything is refused, not each letter is tried.
    for number in 3..20 {
        puts(&engine, say(&format!("{BARRED} {number}")), &format!("{number:02}")).await;
    }
    let before = front.tries.load(Ordering::Relaxed);
    while clock.now_ms() < 60_000 {
        courier.pass(clock.now_ms()).await.unwrap();
        clock.advance(1_000);
    }
    assert!(front.tries.load(Ordering::Relaxed) - before <= 3, "{:?}", front.tries);
    front.barred.store(false, Ordering::Relaxed);
    clock.advance(61_000);
    while courier.pass(clock.now_ms()).await.unwrap().delivered > 0 {
        clock.advance(1_000);
    }
    assert_eq!(front.taken.lock().unwrap().len(), 19, "nothing is lost");
}

#[tokio::test]
async fn a_card_that_takes_no_more_edits_goes_on_in_a_new_message() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_000));
    let engine = engine(folder.path(), clock.clone()).await;
    let front = Arc::new(Fickle::default());
    let mut courier = Courier::new(engine.clone(), front.clone());
    let card =
        |says: &str| Outbound::Update(Card { key: "r-1a2b".to_owned(), ..Card::new(Tone::Going, says) });
    puts(&engine, card("begins"), "1").await;
    courier.pass(clock.now_ms()).await.unwrap();
    front.worn.store(true, Ordering::Relaxed);
    puts(&engine, card("ends"), "2").await;
    for _ in 0..2 {
        clock.advance(1_000);
        courier.pass(clock.now_ms()).await.unwrap();
    }
    assert_eq!(*front.taken.lock().unwrap(), ["begins", "ends"]);
    for message in ["m1", "m2"] {
        let card = engine.store().shown_card(CONVERSATION, message).await.unwrap().unwrap();
        assert_eq!(chat::run_shown(&card).unwrap().as_str(), "r-1a2b", "what is said under {message}");
    }
}
