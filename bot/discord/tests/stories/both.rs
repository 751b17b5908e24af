//! Slack and Discord over one database: whichever is clicked first decides, and both show what became of it.

use std::sync::Arc;

use chat::{Courier, Listener, Reporter};
use engine::clock::{Clock as _, ManualClock};
use engine::model::Identity;
use engine::store::{Commit, Write};
use slack::Slack;
use slack::sim::{APP_TOKEN, BOT_TOKEN, BOT_USER, Sim};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Chat, START_MS, chat, good};
use crate::reading;
use crate::stage::{CHANNEL, of_bot};

/// The channel on Slack.
const ROOM: &str = "C0ROOM";

/// Slack beside Discord, at the same engine.
struct Beside {
    sim: Sim,
    clock: Arc<ManualClock>,
    slack: Arc<Slack>,
    listener: Listener,
    reporter: Reporter,
    courier: Courier,
    _stop: DropGuard,
}

impl Beside {
    async fn open(t: &Chat) -> Self {
        let engine = t.engine();
        let mut commit = Commit::at(engine.now_ms());
        for person in ["ana", "ben"] {
            let identity = Identity { front: "slack".to_owned(), external_id: person.to_owned() };
            commit.writes.push(Write::IdentityPut { identity, person: person.parse().unwrap() });
        }
        engine.store().commit(commit).await.unwrap();
        let clock = Arc::new(ManualClock::at(START_MS));
        let sim = Sim::start(clock.clone(), true).await.unwrap();
        let settings = slack::Settings {
            api_base: sim.api_base(),
            bot_token: BOT_TOKEN.into(),
            app_token: Some(APP_TOKEN.into()),
            signing_secret: None,
            mode: slack::Mode::Socket,
            channels: slack::channels(ROOM).unwrap(),
            strangers: None,
        };
        let slack = Arc::new(Slack::open(engine, settings).await.unwrap());
        let stop = CancellationToken::new();
        let listening = (slack.clone(), stop.clone());
        tokio::spawn(async move { listening.0.listen(listening.1).await });
        sim.until(|sim| sim.sockets() > 0).await;
        let reporter = slack.reporter().await.unwrap();
        let (listener, courier) = (slack.listener(), slack.courier());
        Self { sim, clock, slack, listener, reporter, courier, _stop: stop.drop_guard() }
    }

    /// Somebody says something to the bot on Slack; it is heard, and not yet handled.
    async fn says(&self, person: &str, text: &str) {
        let said =
            self.sim.as_mention(&self.sim.writes(person, ROOM, None, &format!("<@{BOT_USER}> {text}")));
        assert!(self.sim.deliver("events_api", &said, false).await.is_some());
    }

    /// Everything on Slack that happens by itself.
    async fn settles(&mut self) {
        loop {
            self.slack.rest().await;
            let heard = self.listener.pass().await.unwrap();
            let drawn = self.reporter.pass().await.unwrap();
            let carried = self.courier.pass(self.clock.now_ms()).await.unwrap();
            match carried.due_ms {
                Some(due_ms) => self.clock.advance_to(due_ms),
                None if !heard && !drawn && carried.delivered == 0 => return,
                None => {}
            }
        }
    }

    /// What the run's card says there.
    fn card(&self) -> Option<String> {
        let is_card = |block: &serde_json::Value| {
            block["block_id"].as_str().is_some_and(|mark| mark.starts_with("card/"))
        };
        let messages = self.sim.messages().into_iter();
        let mut cards = messages.filter(|message| message.blocks.iter().any(is_card));
        cards.next().map(|card| card.text)
    }
}

/// What the run's card says on Discord.
fn card(t: &Chat) -> String {
    let cards = of_bot(&t.stage, CHANNEL).into_iter();
    let mut cards = cards.filter(|it| it.embeds.iter().any(|embed| !embed["footer"].is_null()));
    reading::read(&cards.next().unwrap())
}

#[test]
fn an_approval_on_slack_counts_on_discord_and_both_are_redrawn() {
    chat(async |t| {
        let mut beside = Beside::open(t).await;
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        assert!(card(t).starts_with('?'), "{}", card(t));
        // In the same moment: typed there, clicked here.
        beside.says("ben", "approve").await;
        t.user("ben").clicks("Approve").await;
        beside.settles().await;
        t.settles().await;
        beside.settles().await;
        assert_eq!(t.decisions().await, 1);
        t.run(1).is("succeeded").await;
        assert!(card(t).contains("succeeded"), "{}", card(t));
        t.never_mind_the_rest();
    });
}

#[test]
fn where_a_run_was_approved_its_card_is_kept_up_to_date_too() {
    chat(async |t| {
        let mut beside = Beside::open(t).await;
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        beside.says("ben", "approve").await;
        beside.settles().await;
        let there = beside.card().expect("it is shown where it was approved");
        assert!(!there.contains("succeeded"), "{there}");
        // Whoever approves elsewhere is told where the talk about it is.
        let address = t.stage.address_of(&t.engine().store().run_recent(1).await.unwrap()[0].id);
        let said = beside.sim.messages().into_iter().filter(|it| it.text.contains(&address));
        assert_eq!(said.count(), 1, "{address}");
        t.settles().await;
        beside.settles().await;
        assert_eq!(t.decisions().await, 1);
        assert!(card(t).contains("succeeded"), "{}", card(t));
        assert!(beside.card().unwrap().contains("succeeded"), "{:?}", beside.card());
        // Late, and answered kindly.
        t.user("ben").clicks_the_old("Approve").await;
        t.settles().await;
        assert_eq!(t.decisions().await, 1);
        t.never_mind_the_rest();
    });
}
