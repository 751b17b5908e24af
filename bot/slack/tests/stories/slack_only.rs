//! What only Slack can do to the bot, and the bot on Slack.

use chat::Carried;
use engine::clock::Clock as _;
use engine::model::{Actor, Role, User};
use expect_test::expect;
use serde_json::Value;
use slack::sim::{Fault, SIGNING_SECRET};

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, of_bot};

/// The text of the newest message for one person alone.
fn last_whisper(t: &Chat, person: &str) -> String {
    let messages = t.stage.sim.messages().into_iter().rev();
    messages
        .filter(|message| message.only_for.as_deref() == Some(person))
        .map(|message| message.text)
        .next()
        .unwrap()
}

#[test]
fn a_run_has_one_message_that_is_edited_even_after_a_restart() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.crash_and_restart().await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        let cards: Vec<_> = of_bot(&t.stage, CHANNEL)
            .into_iter()
            .filter(|message| message.blocks[0]["block_id"].as_str().unwrap().starts_with("card/"))
            .collect();
        assert_eq!(cards.len(), 1, "{cards:#?}");
        assert!(cards[0].edits > 0 && cards[0].thread.is_none());
        assert!(cards[0].text.contains("succeeded"), "{}", cards[0].text);
        let said: Vec<_> = of_bot(&t.stage, CHANNEL)
            .into_iter()
            .filter(|it| it.text.contains("is approved by ben"))
            .collect();
        assert_eq!(
            said[0].thread.as_ref(),
            Some(&cards[0].ts),
            "what a click did is said in the run's thread"
        );
    });
}

#[test]
fn production_is_approved_with_a_second_look() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let approve = t.stage.button("ben", "Approve", false).button;
        assert_eq!(approve["style"], "primary");
        let asked =
            |button: &serde_json::Value| button["confirm"]["text"]["text"].as_str().unwrap().to_owned();
        expect!["Approve deploy of v1.0.0 (4b76448) to production?"].assert_eq(&asked(&approve));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn in_a_runs_thread_the_talk_is_about_that_run() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        let root = of_bot(&t.stage, CHANNEL).into_iter().find(|it| it.text.contains("v1.1.0")).unwrap().ts;
        t.stage.sim.says("ana", CHANNEL, Some(&root), "rollback").await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
    });
}

#[test]
fn what_comes_twice_is_done_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.until(|sim| sim.sockets() == 2).await;
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        // Over both sockets at once, as a mention too, and again after it was handled.
        t.stage.sim.deliver("events_api", &said, true).await.unwrap();
        t.stage.sim.deliver("events_api", &t.stage.sim.as_mention(&said), false).await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.stage.sim.deliver("events_api", &said, true).await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.engine().store().run_recent(10).await.unwrap().len(), 1);
    });
}

#[test]
fn a_click_that_comes_twice_counts_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        let click = t.stage.sim.presses("ben", &t.stage.button("ben", "Approve", false));
        t.stage.sim.deliver("interactive", &click, true).await.unwrap();
        t.stage.sim.deliver("interactive", &click, false).await.unwrap();
        t.ticks().await;
        t.settles().await;
        assert_eq!(t.decisions().await, 1);
        t.bot_says(expect![[r#"
            · r-1 is approved by ben and goes on.
              > approve r-1
        "#]]);
        t.never_mind_the_rest();
    });
}

#[test]
fn when_slack_asks_to_wait_the_last_state_is_shown_all_the_same() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("chat.postMessage", Fault::Limited(30));
        t.stage.sim.fault("chat.update", Fault::Limited(7));
        t.stage.sim.fault("chat.update", Fault::Broken);
        let began_ms = t.stage.clock.now_ms();
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        assert!(t.stage.clock.now_ms() - began_ms >= 30_000, "what Slack asked for was waited");
        let calls = t.stage.sim.calls();
        let posts: Vec<i64> =
            calls.iter().filter(|call| call.method == "chat.postMessage").map(|call| call.at_ms).collect();
        assert!(posts[1] - posts[0] >= 30_000, "{posts:?}");
    });
}

#[test]
fn a_message_whose_answer_was_lost_is_not_sent_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("chat.postMessage", Fault::AnswerLost);
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 2, "its card, and that it is over");
        t.stage.sim.fault("chat.postMessage", Fault::AnswerLost);
        t.user("ana").says("whoami").await;
        t.settles().await;
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 3);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_deleted_card_is_shown_anew() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.stage.sim.fault("chat.update", Fault::Refused("message_not_found"));
        t.user("ben").says("approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        let cards = of_bot(&t.stage, CHANNEL);
        let mut cards =
            cards.iter().filter(|it| it.blocks[0]["block_id"].as_str().unwrap().starts_with("card/"));
        assert!(cards.next_back().unwrap().text.contains("succeeded"));
    });
}

#[test]
fn runs_go_on_while_slack_is_away_and_it_catches_up() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for _ in 0..6 {
            t.stage.sim.fault("chat.postMessage", Fault::Broken);
        }
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.run(1).is("succeeded").await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 2, "caught up with its card and its end");
    });
}

#[test]
fn lost_sockets_are_opened_again() {
    chat(async |t| {
        t.stage.sim.until(|sim| sim.sockets() > 0).await;
        let opened = t.stage.sim.opened();
        t.stage.sim.hang_up();
        t.stage.sim.until(|sim| sim.opened() > opened && sim.sockets() > 0).await;
        t.user("ana").says("whoami").await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
    });
}

#[test]
fn after_an_absence_it_says_what_it_missed_and_does_none_of_it() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.until(|sim| sim.sockets() == 2).await;
        let opened = t.stage.sim.opened();
        t.stage.sim.hang_up();
        let missed = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        while t.connected().slack.is_heard() {
            tokio::task::yield_now().await;
        }
        t.passes(60_000).await;
        t.stage.sim.until(|sim| sim.opened() > opened).await;
        while of_bot(&t.stage, CHANNEL).is_empty() {
            t.settles().await;
            tokio::task::yield_now().await;
        }
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, CHANNEL).remove(0);
        assert!(said.blocks[2].to_string().contains("> ana: deploy staging ref v1.0.0"), "{said:#?}");
        let said = said.text;
        assert!(said.contains("say again what still holds"), "{said}");
        t.stage.sim.deliver("events_api", &missed, false).await.unwrap();
        t.settles().await;
        assert!(
            t.engine().store().run_recent(1).await.unwrap().is_empty(),
            "it is delivered late and not done"
        );
    });
}

#[test]
fn a_secret_in_a_message_is_noticed_and_kept_nowhere() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        t.stage.sim.says("ana", CHANNEL, None, &format!("use {secret} from now on")).await.unwrap();
        t.settles().await;
        let told = last_whisper(t, "ana");
        assert!(told.contains("looks like a secret") && told.contains("Delete your message"), "{told}");
        assert!(t.engine().store().inbox_list("slack", 10).await.unwrap().is_empty());
        // The form is offered, and what is filled in is sealed.
        let click = t.stage.sim.presses("ana", &t.stage.button("ana", "Enter it safely", false));
        t.stage.sim.deliver("interactive", &click, false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let filled = [("environment", "staging"), ("name", "STRIPE_KEY"), ("value", secret)];
        let submitted = t.stage.sim.submits("ana", &filled).unwrap();
        let answer = t.stage.sim.deliver("interactive", &submitted, false).await.unwrap().payload;
        assert_eq!(answer["response_action"], "update", "{answer}");
        t.stage.sim.deliver("interactive", &submitted, true).await.unwrap();
        let (staging, name) = (t.key("staging"), "STRIPE_KEY".parse().unwrap());
        assert_eq!(t.engine().store().secret_get(&staging, &name).await.unwrap().unwrap().version, 1);
        let calls = format!("{:?}", t.stage.sim.calls());
        assert!(!calls.contains(secret), "the bot never sends it anywhere");
        t.never_mind_the_rest();
    });
}

impl Chat {
    /// Somebody has another role from now on.
    async fn role(&self, name: &str, role: Role) {
        let user = User { name: name.parse().unwrap(), role };
        self.engine().user_put(&user, &[], &Actor::system()).await.unwrap();
    }
}

#[test]
fn a_secret_nobody_may_set_any_more_is_refused_in_the_form() {
    chat(async |t| {
        let command = t.stage.sim.commands("vera", CHANNEL, "secret");
        t.role("vera", Role::Deployer).await;
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("vera").is_empty()).await;
        t.role("vera", Role::Viewer).await;
        let filled = [("environment", "staging"), ("name", "API_KEY"), ("value", "long enough")];
        let submitted = t.stage.sim.submits("vera", &filled).unwrap();
        let answer = t.stage.sim.deliver("interactive", &submitted, false).await.unwrap().payload;
        assert_eq!(answer["response_action"], "errors");
        assert!(answer["errors"]["name"].as_str().unwrap().contains("viewer"), "{answer}");
    });
}

#[test]
fn an_open_question_can_be_answered_in_a_form() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale staging api").await;
        let press = t.stage.button("ana", "Answer\u{2026}", false);
        t.stage.sim.deliver("interactive", &t.stage.sim.presses("ana", &press), false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let submitted = t.stage.sim.submits("ana", &[("answer", "3")]).unwrap();
        t.stage.sim.deliver("interactive", &submitted, false).await.unwrap();
        t.stage.sim.deliver("interactive", &submitted, false).await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.never_mind_the_rest();
        let runs = t.engine().store().run_recent(10).await.unwrap();
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].request.command, "scale api to 3 in staging");
    });
}

#[test]
fn a_command_is_answered_to_its_speaker_alone() {
    chat(async |t| {
        let command = t.stage.sim.commands("ana", CHANNEL, "whoami");
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        assert!(last_whisper(t, "ana").contains("You are ana"));
        // Where the bot is no member, the answer goes where Slack said.
        t.stage.sim.fault("chat.postEphemeral", Fault::Refused("not_in_channel"));
        let command = t.stage.sim.commands("ana", "C0OTHER", "whoami");
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        assert!(t.stage.sim.answers()[0]["text"].as_str().unwrap().contains("You are ana"));
    });
}

#[test]
fn plain_messages_are_heard_where_it_was_told_to_listen_and_nowhere_else() {
    chat(async |t| {
        t.stage.sim.says("ana", "C0OTHER", None, "whoami").await.unwrap();
        t.settles().await;
        assert!(of_bot(&t.stage, "C0OTHER").is_empty());
        let said = t.stage.sim.writes("ana", "C0OTHER", None, "<@U0BOT> whoami");
        t.stage.sim.deliver("events_api", &t.stage.sim.as_mention(&said), false).await.unwrap();
        t.stage.sim.says("ana", "Dana", None, "whoami").await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((of_bot(&t.stage, "C0OTHER").len(), of_bot(&t.stage, "Dana").len()), (1, 1));
    });
}

#[test]
fn what_people_say_among_themselves_is_not_answered() {
    chat(async |t| {
        t.stage.sim.says("ana", CHANNEL, None, "lunch, anybody?").await.unwrap();
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).is_empty());
        t.stage.sim.says("ana", CHANNEL, None, "deploy stagin").await.unwrap();
        t.settles().await;
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 1, "what may be an order is answered");
        t.never_mind_the_rest();
    });
}

#[test]
fn a_click_at_home_goes_on_between_the_two() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ana"), false).await.unwrap();
        t.stage.sim.until(|sim| sim.home("ana").is_some()).await;
        let click = t.stage.sim.clicks_at_home("ana", "Releases").unwrap();
        t.stage.sim.deliver("interactive", &click, false).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        assert!(
            of_bot(&t.stage, "Dana")[0].text.contains("releases in staging"),
            "{:#?}",
            of_bot(&t.stage, "Dana")
        );
    });
}

#[test]
fn long_output_is_cut_where_people_see_it_and_attached() {
    chat(async |t| {
        t.user("ana").says("help").await;
        let shown = of_bot(&t.stage, CHANNEL).remove(0);
        let files = t.stage.sim.files();
        if shown.text.ends_with('\u{2026}') {
            assert!(
                shown.blocks.iter().any(|block| block.to_string().contains("comes as a file"))
                    || shown.blocks.len() > 1
            );
            assert_eq!(files.len(), 1);
            assert_eq!(files[0].shared, Some((CHANNEL.to_owned(), shown.thread.unwrap())));
        } else {
            assert!(files.is_empty());
        }
        t.never_mind_the_rest();
    });
}

#[test]
fn the_pace_of_a_channel_is_kept() {
    chat(async |t| {
        for _ in 0..5 {
            let said = t.stage.sim.writes("ana", CHANNEL, None, "whoami");
            t.stage.sim.deliver("events_api", &said, false).await.unwrap();
        }
        t.settles().await;
        t.never_mind_the_rest();
        let posts: Vec<i64> = t
            .stage
            .sim
            .calls()
            .into_iter()
            .filter(|it| it.method == "chat.postMessage")
            .map(|it| it.at_ms)
            .collect();
        assert_eq!(posts.len(), 5, "nothing was refused, nothing lost: {posts:?}");
        assert!(posts.windows(2).all(|pair| pair[1] - pair[0] >= 1_000), "{posts:?}");
        let mut courier = t.program_courier();
        let idle = Carried { delivered: 0, due_ms: None };
        assert_eq!(courier.pass(t.stage.clock.now_ms()).await.unwrap(), idle);
    });
}

#[test]
fn signed_calls_are_heard_and_forged_ones_refused_and_recorded() {
    chat(async |t| {
        let base = t.serve_http().await;
        let now_s = chrono::Utc::now().timestamp();
        let said = t.stage.sim.writes("ana", CHANNEL, None, "whoami");
        let (status, _) = t.stage.sim.deliver_signed(&base, "events_api", &said, now_s).await;
        assert_eq!(status, 200);
        let command = t.stage.sim.commands("ben", CHANNEL, "whoami");
        assert_eq!(t.stage.sim.deliver_signed(&base, "slash_commands", &command, now_s).await.0, 200);
        t.settles().await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        assert!(last_whisper(t, "ben").contains("You are ben"));
        let challenge = serde_json::json!({ "type": "url_verification", "challenge": "c4f3", "token": "x" });
        let (status, body) = t.stage.sim.deliver_signed(&base, "events_api", &challenge, now_s).await;
        assert_eq!(
            (status, serde_json::from_str::<Value>(&body).unwrap()["challenge"].as_str()),
            (200, Some("c4f3"))
        );
        // Another secret, an old call, and one that is not signed for this body.
        let body = t.stage.sim.writes("mallory", CHANNEL, None, "deploy staging").to_string();
        let url = format!("{base}/slack/events");
        for (secret, at_s) in [("another secret", now_s), (SIGNING_SECRET, now_s - 600), ("", now_s)] {
            assert_eq!(t.stage.sim.call(&url, "application/json", &body, secret, at_s).await.0, 401);
        }
        t.settles().await;
        let record = t.engine().store().audit_recent(5).await.unwrap();
        assert!(record.iter().any(|event| event.action == "front.forged"), "{record:#?}");
        assert!(t.engine().store().inbox_list("slack", 10).await.unwrap().is_empty());
    });
}

impl Chat {
    fn program_courier(&self) -> chat::Courier {
        self.connected().slack.courier()
    }

    /// The same program hears over HTTP too; where.
    pub(crate) async fn serve_http(&self) -> String {
        let mut settings = crate::stage::settings(&self.stage.sim);
        settings.mode = slack::Mode::Http;
        let called = slack::Slack::open(self.engine(), settings).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, called.routes()).await });
        base
    }
}
