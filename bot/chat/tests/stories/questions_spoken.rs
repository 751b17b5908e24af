//! What people say about a question instead of answering it: why, what else, back, skip, a thumb, and talk while they look
//! things up. None of it is an answer, and none of it costs more than a line.

use chat::{Inbound, Outbound};
use engine::model::Identity;
use expect_test::expect;

use crate::harness::{Chat, chat, chat_without_project, good};
use crate::stage::FRONT;

/// Talk is met with one line; whoever wants to know why, or what can be said, is told; nothing is skipped that has no default.
#[test]
fn about_the_question() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy").await;
        t.bot_says(expect![[r#"
            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy
        "#]]);
        for said in [
            "hm let me check",
            "moment, asking ben",
            "why do you ask?",
            "what are my options?",
            "skip",
            "default",
            "back",
            "go back",
            "\u{1f44d}",
        ] {
            t.user("ana").says(said).await;
        }
        t.bot_says(expect![[r#"
            ? Still open: Deploy where?
              [staging] [production] [Never mind]

            ? Still open: Deploy where?
              [staging] [production] [Never mind]

            ? Still open: Deploy where?
              It changes an environment, and I never guess which: production least of all.
              [staging] [production] [Never mind]

            ? Deploy where?
                1. staging
                2. production
              Then I ask what else is needed, if anything; it starts after approval where that is needed.
              [staging] [production] [Never mind]
              > deploy

            ? Without that I can't go on, and no default is safe. Deploy where?
              [staging] [production] [Never mind]

            ? Without that I can't go on, and no default is safe. Deploy where?
              [staging] [production] [Never mind]

            ? I asked nothing before that. Deploy where?
              What you said yourself is changed with `no, NEW VALUE`; `never mind` drops it all.
              [staging] [production] [Never mind]

            ? I asked nothing before that. Deploy where?
              What you said yourself is changed with `no, NEW VALUE`; `never mind` drops it all.
              [staging] [production] [Never mind]

            ? Still open: Deploy where?
              [staging] [production] [Never mind]
        "#]]);
        t.user("ana").says("\u{274c}").await;
        t.bot_says(expect![[r#"
            · Never mind then: `deploy` is dropped.
              > deploy
        "#]]);
        assert_eq!(t.runs().await, 0);
    });
}

/// An answer in a sign is one; back leads to the question before, as often as somebody was asked.
#[test]
fn back_and_signs() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("backfill timezone").await;
        t.never_mind_the_rest();
        for said in [
            "2\u{fe0f}\u{20e3}",
            "back",
            "staging",
            "\u{1f44d}",
            "why?",
            "100 rows/min",
            "undo",
            "back",
            "back",
            "back",
        ] {
            t.user("ana").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? How many rows a batch?
            · Back: environment is open again.
            ? Backfill where?
            ? How many rows a batch?
            ? How fast at most?
            ? Still open: How fast at most?
            ? A dry run first?
            · Back: rate is open again.
            ? How fast at most?
            · Back: batch size is open again.
            ? How many rows a batch?
            · Back: environment is open again.
            ? Backfill where?
            ? I asked nothing before that. Backfill where?
        "#]]);
        for said in ["staging", "200", "default", "skip", "default", "any time", "\u{1f44e}"] {
            t.user("ana").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? How many rows a batch?
            ? How fast at most?
            ? A dry run first?
            ? To skip is no answer here; `yes` is the default. A dry run first?
            ? At which hours may it run?
            ? Is that right?
            ? What is wrong? Say `NAME is VALUE`, or `never mind`.
        "#]]);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 0);
    });
}

/// Where anything could be an answer, what looks like none is not taken for one.
#[test]
fn free_answers_are_looked_at() {
    chat_without_project(async |t| {
        t.user("zoe").says("set up staging and production for shop on local").await;
        t.never_mind_the_rest();
        for said in [
            "back",
            "foo bar",
            "hm let me check",
            "github.com/acme/shop",
            "https://code.example/shop.git",
            "moment",
            "`back`",
            "no, hello-world",
            "actually services are api, wbe",
            "hm let me check the wiki",
            "the same as before I think",
            "skip",
            "make release",
            "3",
            "let me ask ben",
            "back",
            "`skip`",
            "./api serve",
        ] {
            t.user("zoe").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? I asked nothing before that. Where is its code?
            ? «foo bar» is no git URL like `https://code.example/shop.git`, nor an absolute path like `/srv/shop`. Where is its code?
            ? Still open: Where is its code?
            ? Which services is it made of?
            ? «https://code.example/shop.git» is no list of names like `api, web`. Which services is it made of?
            ? Still open: Which services is it made of?
            ? How is back built?
            · Corrected: services is hello-world.
            ? How is hello-world built?
            · Corrected: services is api, wbe.
            ? How is api built?
            ? Still open: How is api built?
            ? «the same as before I think» is no command that I can tell from talk; in ticks I take anything. How is api built?
            ? How is api started?
            ? How is wbe built?
            ? «3» is no command. How is wbe built?
            ? Still open: How is wbe built?
            · Back: start of api is open again.
            ? How is api started?
            ? How is wbe built?
            ? How is wbe started?
        "#]]);
        t.user("zoe").says("no, web").await;
        t.user("zoe").says("actually production").await;
        t.bot_says(expect![[r#"
            · Corrected: services is api, web.

            ? How is web started?
              A command.
              3 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up staging, production for shop on local

            · Corrected: environment is production.

            ? How is web started?
              A command.
              3 more after this; then I show the whole before anything is done.
              [So far] [Never mind]
              > set up production for shop on local
        "#]]);
        for said in ["none", "./web", "none", "none", "0171 123", "+49 171 3920 011", "what have we so far?"]
        {
            t.user("zoe").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? «none» is no command: a service is started by one. How is web started?
            ? Which components does it need?
            ? Which providers are to be connected?
            ? Who gets text messages?
            ? «0171 123» is no telephone number with its country, like `+491701234567`. Who gets text messages?
            ? Is that right?
            ? Still open: Is that right?
        "#]]);
        t.user("zoe").says("quit").await;
        t.bot_begins(expect![[r#"
            · Never mind then: `set up production for shop on local` is dropped.
        "#]]);
    });
}

/// What answers said is in the one sentence, and that sentence said again is the same request.
#[test]
fn a_data_job_in_one_sentence() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("backfill timezone in staging").await;
        for said in ["200", "100/min", "no", "22-6"] {
            t.never_mind_the_rest();
            t.user("ana").says(said).await;
        }
        let asked = t.said();
        expect![[r#"
            ? Is that right?
              environment: staging
              job: backfillTimezone
              batch size: 200
              rate: 100/min
              dry run first: no
              window: 22:00-06:00 UTC
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > backfill backfillTimezone in staging batch size 200 at 100/min, dry run first: no, window: 22:00-06:00 UTC
        "#]]
        .assert_eq(&asked);
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
        t.user("ana")
            .says("backfill backfillTimezone in staging batch size 200 at 100/min, dry run first: no, window: 22:00-06:00 UTC")
            .await;
        assert_eq!(t.said(), asked);
        t.user("ana").says("yes").await;
        t.whispers(
            "ana",
            expect![[r#"
            ✗ Nothing is live in staging, so there is nothing to fill.
              Next: deploy staging
        "#]],
        );
    });
}

/// People say what they mean in their own words: one more of a list, a name without what it is of, nobody, and that it is right.
#[test]
fn in_other_words() {
    chat_without_project(async |t| {
        t.user("zoe").says("set up staging on local").await;
        t.never_mind_the_rest();
        for said in [
            "the shop",
            "https://code.example/shop.git",
            "api",
            "npm ci",
            "no, build is make",
            "lgtm",
            "also redis",
            "npm start",
            "also redis",
            "and postgres too",
            "none",
            "nobody",
            "no, the build is make release",
            "looks odd",
            "what will happen?",
            "add web to the services",
            "make web",
            "./web",
            "no, start is ./web serve",
        ] {
            t.user("zoe").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? Where is its code?
            ? Which services is it made of?
            ? How is api built?
            ? How is api started?
            · Corrected: build of api is make.
            ? How is api started?
            ? «lgtm» is a yes, and not what is asked for. How is api started?
            ? «also redis» is no command that I can tell from talk; in ticks I take anything. How is api started?
            ? Which components does it need?
            ? Which providers are to be connected?
            · Corrected: components is redis, postgres.
            ? Which providers are to be connected?
            ? Who gets text messages?
            ? Is that right?
            · Corrected: build of api is make release.
            ? Is that right?
            ? «looks odd» is neither yes nor no. Is that right?
            ? Still open: Is that right?
            · Corrected: services is api, web.
            ? How is web built?
            ? How is web started?
            ? Is that right?
            · Corrected: start of web is ./web serve.
            ? Is that right?
        "#]]);
        t.user("zoe").says("so far").await;
        t.bot_says(expect![[r#"
            ? Still open: Is that right?
              | project: shop
              | source: { repository: "https://code.example/shop.git" }
              | services:
              |   api:
              |     build: make release
              |     start: npm start
              |     health: { path: /health, timeout_s: 60 }
              |   web:
              |     build: make web
              |     start: ./web serve
              |     health: { path: /health, timeout_s: 60 }
              | components:
              |   redis: { kind: cache }
              |   postgres: { kind: database }
              | environments:
              |   staging:
              |     edge: { api: "127.0.0.1:8000", web: "127.0.0.1:8001" }
              `yes` takes it in. Each service listens on $PORT and answers its health path there. On this machine services have ports instead of domains, those under `edge`: `no, port of api in staging is 8080` changes one.
              Correct anything with `no, NAME is VALUE`. Names: environment, project, platform, repository, services, build of api, build of web, start of api, start of web, components, connections, texts.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > set up staging for shop on local
        "#]]);
        t.user("zoe").says("lgtm").await;
        t.bot_begins(expect![[r#"
            ✓ shop is set up: 2 services, 1 environment.
        "#]]);
    });
}

/// What ana says in a channel of this name, and the first line of each answer.
async fn in_channel(t: &Chat, channel: &str, text: &str) -> String {
    let inbound = Inbound {
        identity: Identity { front: FRONT.to_owned(), external_id: "ana".to_owned() },
        conversation: channel.to_owned(),
        event: None,
        text: text.to_owned(),
    };
    let heard = t.desk().hear(&inbound).await;
    let lines = heard.outbound.iter().map(Outbound::card).map(|card| format!("{}\n", card.headline));
    format!("{channel}: {text}\n{}", lines.collect::<String>())
}

/// One person is asked three things in three channels: an answer is about what was asked where it is said, also after a
/// restart, and so is the way back.
#[test]
fn three_channels() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let mut told = String::new();
        for (channel, text) in
            [("one", "lock"), ("two", "backfill timezone"), ("three", "scale api in staging")]
        {
            told += &in_channel(t, channel, text).await;
        }
        told += &in_channel(t, "two", "staging").await;
        t.crash_and_restart().await;
        for (channel, text) in [
            ("three", "hm"),
            ("two", "back"),
            ("two", "production"),
            ("one", "\u{1f44d}"),
            ("one", "stagng"),
            ("one", "staging"),
            ("one", "unlock staging"),
            ("three", "stop it"),
            ("two", "2"),
            ("two", "never mind, thanks"),
        ] {
            told += &in_channel(t, channel, text).await;
        }
        expect![[r#"
            one: lock
            Lock where?
            two: backfill timezone
            Backfill where?
            three: scale api in staging
            How many replicas?
            two: staging
            How many rows a batch?
            three: hm
            Still open: How many replicas?
            two: back
            Back: environment is open again.
            Backfill where?
            two: production
            How many rows a batch?
            one: 👍
            Still open: Lock where?
            one: stagng
            «stagng» is none of the choices; did you mean `staging`? Lock where?
            one: staging
            staging is locked by ana.
            one: unlock staging
            staging is unlocked.
            three: stop it
            Never mind then: `scale api in staging` is dropped.
            two: 2
            How fast at most?
            two: never mind, thanks
            Never mind then: `backfill backfillTimezone in production batch size 2` is dropped.
        "#]]
        .assert_eq(&told);
        assert_eq!(t.runs().await, 0);
        t.never_mind_the_rest();
    });
}
