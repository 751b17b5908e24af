//! A fault of our own while a line is handled: it is tried again with a pause, and in the end its speaker is told.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use adapters::sim::World;
use chat::{Inbound, Letter, Listener, Pasted, Spoken, Taken};
use engine::artifacts::Artifacts;
use engine::audit::SigningKey;
use engine::clock::{Clock, EpochMs, ManualClock};
use engine::control::{Engine, EngineParts, Vault};
use engine::model::Identity;
use engine::redact::Redactor;
use engine::secrets::MasterKey;
use engine::store::{Store, StoreAddress};
use policies::Rules;

const FRONT: &str = "slack";
const CONVERSATION: &str = "slack:C042";

/// A clock over which somebody stumbles so many times.
#[derive(Debug)]
struct Broken {
    clock: Arc<ManualClock>,
    panics: AtomicU32,
}

#[async_trait::async_trait]
impl Clock for Broken {
    fn now_ms(&self) -> EpochMs {
        let left = self.panics.load(Ordering::Relaxed);
        if left > 0 {
            self.panics.store(left - 1, Ordering::Relaxed);
            panic!("the story wants it");
        }
        self.clock.now_ms()
    }

    fn passed_ms(&self) -> i64 {
        self.clock.passed_ms()
    }

    async fn wait_until(&self, at_ms: EpochMs) {
        self.clock.wait_until(at_ms).await;
    }
}

async fn engine(folder: &std::path::Path, clock: Arc<Broken>) -> Engine {
    let store = Store::open(&StoreAddress::Sqlite(folder.join("infra-chat.db"))).await.unwrap();
    let redactor = Arc::new(Redactor::new().unwrap());
    let key = MasterKey::from_text("the test", &"5c".repeat(32)).unwrap();
    let vault = Vault::open(store.clone(), clock.clone(), key, redactor.clone()).await.unwrap();
    Engine::new(EngineParts {
        store,
        ports: World::new(clock.clock.clone()).ports(),
        clock,
        rules: Rules::shipped().unwrap(),
        artifacts: Artifacts::open(folder.join("artifacts").to_str().unwrap(), redactor.clone()).unwrap(),
        redactor,
        signing_key: SigningKey::open_or_create(&folder.join("signing.key")).unwrap(),
        vault,
        replica: "test".to_owned(),
    })
}

fn said(event: &str, text: &str) -> Spoken {
    Spoken {
        inbound: Inbound {
            identity: Identity { front: FRONT.to_owned(), external_id: "U1".to_owned() },
            conversation: CONVERSATION.to_owned(),
            event: Some(event.to_owned()),
            text: text.to_owned(),
        },
        about: chat::About::default(),
        place: chat::Place::default(),
        overheard: false,
        role: None,
        pressed: None,
        edited: None,
    }
}

#[tokio::test]
async fn a_line_that_ends_in_a_panic_is_tried_with_pauses_and_then_answered() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Broken { clock: Arc::new(ManualClock::at(1_795_003_200_000)), panics: 0.into() });
    let engine = engine(folder.path(), clock.clone()).await;
    let listener = Listener::new(engine.clone(), FRONT);
    listener.take(&said("1", "whoami")).await.unwrap();
    listener.take(&said("2", "help")).await.unwrap();
    clock.panics.store(3, Ordering::Relaxed);
    for _ in 0..2 {
        // Whoever works with it pauses after an error.
        assert!(listener.pass().await.is_err());
        assert_eq!(engine.store().inbox_list(FRONT, 10).await.unwrap().len(), 2, "order is kept");
    }
    assert!(listener.pass().await.unwrap());
    assert!(engine.store().inbox_list(FRONT, 10).await.unwrap().is_empty());
    let waiting = engine.store().outbox_list(CONVERSATION, 10).await.unwrap();
    let headline = |body: &str| {
        let letter: Letter = serde_json::from_str(body).unwrap();
        letter.outbound.card().headline.clone()
    };
    assert!(headline(&waiting[0].body).contains("I failed over \u{ab}whoami\u{bb}"), "{waiting:?}");
    assert!(waiting.len() > 1, "what was said after it is answered");
}

#[tokio::test]
async fn a_line_that_is_held_back_waits_and_survives_the_end_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Broken { clock: Arc::new(ManualClock::at(1_795_003_200_000)), panics: 0.into() });
    let engine = engine(folder.path(), clock.clone()).await;
    let waits = async || engine.store().inbox_list(FRONT, 10).await.unwrap().len();
    let listener = Listener::new(engine.clone(), FRONT);
    let held = listener.hold(&said("1", "whoami")).await.unwrap();
    listener.take(&said("2", "help")).await.unwrap();
    assert!(listener.pass().await.unwrap() && !listener.pass().await.unwrap());
    assert_eq!(waits().await, 1, "the others go on");
    // A second delivery that failed takes nothing of the first one back.
    listener.hold(&said("1", "whoami")).await.unwrap().forget().await.unwrap();
    assert!(waits().await == 1 && !listener.pass().await.unwrap());
    drop(held);
    assert!(listener.pass().await.unwrap());
    assert_eq!(waits().await, 0);

    listener.hold(&said("3", "whoami")).await.unwrap().forget().await.unwrap();
    assert_eq!(waits().await, 0, "its speaker saw it fail");
    let _held = listener.hold(&said("4", "whoami")).await.unwrap();
    assert!(Listener::new(engine.clone(), FRONT).pass().await.unwrap(), "the next program does it");
    assert_eq!(waits().await, 0);
}

#[tokio::test]
async fn what_is_taken_in_at_once_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Broken { clock: Arc::new(ManualClock::at(1_795_003_200_000)), panics: 0.into() });
    let engine = engine(folder.path(), clock.clone()).await;
    let listener = Listener::new(engine.clone(), FRONT);
    let pasted = || {
        let place = chat::Place { to: Some("U1".to_owned()), ..chat::Place::default() };
        Taken::Pasted(Box::new(Pasted {
            conversation: CONVERSATION.to_owned(),
            event: "2".to_owned(),
            place,
        }))
    };
    let spoken = |event: &str| Taken::Spoken(Box::new(said(event, "whoami")));
    // The secret comes twice in the same moment: the rest of what came with it is not lost.
    listener.take_all(&[spoken("1"), pasted(), spoken("1"), pasted(), spoken("3")]).await.unwrap();
    listener.take_all(&[spoken("3"), pasted()]).await.unwrap();
    let events: Vec<_> = engine.store().inbox_list(FRONT, 10).await.unwrap();
    assert_eq!(events.iter().map(|heard| heard.event.as_str()).collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(engine.store().outbox_list(CONVERSATION, 10).await.unwrap().len(), 1, "they are told once");
}

/// Two sockets get the same click in the same moment; another click is a double one.
#[tokio::test]
async fn an_ordering_click_that_is_told_twice_at_once_is_heard_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Broken { clock: Arc::new(ManualClock::at(1_795_003_200_000)), panics: 0.into() });
    let engine = engine(folder.path(), clock.clone()).await;
    let listener = Listener::new(engine.clone(), FRONT);
    let pressed = |event: &str| Spoken { pressed: Some("m1".to_owned()), ..said(event, "cancel r-3f2a") };
    let (one, other) = (pressed("1"), pressed("1"));
    let (first, second) = tokio::join!(listener.take(&one), listener.take(&other));
    assert!(first.unwrap() | second.unwrap());
    assert!(!listener.take(&pressed("2")).await.unwrap(), "a double click");
    while listener.pass().await.unwrap() {}
    assert_eq!(engine.store().outbox_list(CONVERSATION, 10).await.unwrap().len(), 1, "it is answered once");
    assert!(!listener.take(&pressed("1")).await.unwrap(), "it is delivered again, and known");
}

#[tokio::test]
async fn what_was_heard_is_known_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Broken { clock: Arc::new(ManualClock::at(1_795_003_200_000)), panics: 0.into() });
    let engine = engine(folder.path(), clock.clone()).await;
    let listener = Listener::new(engine.clone(), FRONT);
    assert!(listener.take(&said("1", "whoami")).await.unwrap() && listener.pass().await.unwrap());
    clock.clock.advance(24 * 3_600_000 - 1_000);
    assert!(listener.take(&said("2", "whoami")).await.unwrap() && listener.pass().await.unwrap());
    assert!(!listener.take(&said("1", "whoami")).await.unwrap(), "it is delivered again, and known");
    clock.clock.advance(3_600_000);
    assert!(listener.take(&said("3", "whoami")).await.unwrap() && listener.pass().await.unwrap());
    assert!(!engine.store().inbound_is_known(FRONT, "1").await.unwrap(), "it takes no room for ever");
    assert!(engine.store().inbound_is_known(FRONT, "2").await.unwrap());
}
