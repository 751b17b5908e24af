//! A fault of our own while a line is handled: it is tried again with a pause, and in the end its speaker is told.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use adapters::sim::World;
use chat::{Inbound, Letter, Listener, Spoken};
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
