//! What only Discord can do to the bot, and the bot on Discord.

use chat::Carried;
use discord::sim::{CHANNELS, Fault};
use engine::clock::Clock as _;
use expect_test::expect;

use crate::harness::{Chat, chat, good};
use crate::stage::{CHANNEL, cards, last_whisper, of_bot};

const ELSEWHERE: &str = CHANNELS[1];

#[test]
fn a_run_has_one_message_that_is_edited_even_after_a_restart_and_a_thread() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.crash_and_restart().await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        let cards = cards(t);
        assert_eq!(cards.len(), 1, "{cards:#?}");
        assert!(cards[0].edits > 0 && cards[0].content.contains("succeeded"), "{}", cards[0].content);
        let (name, parent) = t.stage.sim.channel(&cards[0].id).expect("the run has a thread");
        assert!(name.ends_with("· Deploy v1.0.0 (4b76448) to production"), "{name}");
        assert_eq!(parent.as_deref(), Some(CHANNEL));
        let inside = of_bot(&t.stage, &cards[0].id);
        assert!(
            inside[0].content.contains("is approved by ben"),
            "what a click did is said in the run's thread"
        );
    });
}

#[test]
fn who_asked_is_told_in_the_thread_that_a_run_is_over() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        let told = of_bot(&t.stage, &cards(t)[0].id);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].content.contains("succeeded"), "{}", told[0].content);
        let calls = t.stage.sim.calls();
        let woken = calls.iter().any(|call| call.body["allowed_mentions"]["users"][0].is_string());
        assert!(woken, "an edit wakes nobody, and this does");
    });
}

#[test]
fn production_is_approved_with_a_second_look() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let approve = t.stage.button("ben", "Approve", false);
        let asked = t.stage.sim.interact(&t.stage.sim.presses("ben", &approve)).await.unwrap();
        assert_eq!((asked.kind, asked.data["flags"].as_u64()), (4, Some(64)), "only ben is asked");
        let embeds = asked.data["embeds"].to_string();
        assert!(embeds.contains("approve r-"), "{embeds}");
        t.settles().await;
        assert_eq!(t.decisions().await, 0, "nothing was meant yet");
        let message = t.stage.sim.messages().pop().unwrap();
        let not_now = discord::sim::buttons_of(&message.components).remove(1);
        let press = discord::sim::Press { message, component: not_now, values: Vec::new() };
        assert_eq!(t.stage.sim.interact(&t.stage.sim.presses("ben", &press)).await.unwrap().kind, 7);
        t.settles().await;
        assert_eq!(t.decisions().await, 0, "and he did not mean it");
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        assert_eq!(t.decisions().await, 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn in_a_runs_thread_and_in_a_reply_to_its_card_the_talk_is_about_that_run() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.release("v1.1.0", good());
        t.deployed("staging", "v1.1.0").await;
        let root = cards(t).into_iter().find(|it| it.content.contains("v1.1.0")).unwrap().id;
        assert!(t.stage.sim.says("ana", &root, "rollback").await);
        t.ticks().await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-3 · Roll staging back to release 1 (v1.0.0) · succeeded in 0 ms"]);
        let reply = t.stage.sim.writes("ana", CHANNEL, Some(&root), "status");
        t.stage.sim.tell("MESSAGE_CREATE", &reply).await;
        t.settles().await;
        let said = of_bot(&t.stage, CHANNEL).pop().unwrap();
        assert!(said.content.contains("Deploy v1.1.0"), "{}", said.content);
        t.never_mind_the_rest();
    });
}

#[test]
fn what_comes_twice_is_done_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        t.stage.sim.tell("MESSAGE_CREATE", &said).await;
        t.stage.sim.tell("MESSAGE_CREATE", &said).await;
        t.ticks().await;
        t.settles().await;
        t.stage.sim.tell("MESSAGE_CREATE", &said).await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 1);
    });
}

#[test]
fn a_double_click_counts_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        let press = t.stage.button("ben", "Approve", false);
        t.stage.click("ben", &press).await;
        t.stage.click("ben", &press).await;
        t.ticks().await;
        t.settles().await;
        assert_eq!(t.decisions().await, 1);
        let inside = of_bot(&t.stage, &cards(t)[0].id);
        assert_eq!(inside.iter().filter(|it| it.content.contains("is approved by ben")).count(), 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn an_old_button_is_answered_kindly_after_a_restart_and_a_stranger_to_himself_alone() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("mallory").clicks("Approve").await;
        let told = last_whisper(t, "mallory");
        assert!(told.content.contains("You have no role"), "{}", told.content);
        assert_eq!(told.channel, CHANNEL, "where he clicked, and nobody else sees it");
        t.user("ana").says("reject").await;
        t.crash_and_restart().await;
        t.user("ben").clicks_the_old("Approve").await;
        t.settles().await;
        assert_eq!(t.decisions().await, 1, "it stays rejected");
        let told = last_whisper(t, "ben");
        assert!(told.content.contains("was rejected by ana already"), "{}", told.content);
        t.never_mind_the_rest();
    });
}

#[test]
fn when_discord_asks_to_wait_the_last_state_is_shown_all_the_same() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("POST messages", Fault::Limited(30.5));
        t.stage.sim.fault("PATCH messages", Fault::LimitedAll(7.25));
        t.stage.sim.fault("PATCH messages", Fault::Broken);
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
        let calls = t.stage.sim.calls();
        let posts: Vec<i64> = calls
            .iter()
            .filter(|call| call.method == "POST" && call.path == format!("/channels/{CHANNEL}/messages"))
            .map(|call| call.at_ms)
            .collect();
        assert!(posts[1] - posts[0] >= 30_500, "{posts:?}");
        assert_eq!(cards(t).len(), 1);
    });
}

#[test]
fn a_message_whose_answer_was_lost_is_not_sent_again() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("POST messages", Fault::AnswerLost);
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 1);
        assert!(t.stage.sim.channel(&cards(t)[0].id).is_some(), "its thread is begun all the same");
        t.stage.sim.fault("POST messages", Fault::AnswerLost);
        t.user("ana").says("whoami").await;
        t.settles().await;
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 2);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_deleted_card_is_shown_anew() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.stage.sim.fault("PATCH messages", Fault::Refused(404, 10_008));
        t.user("ben").says("approve").await;
        t.settles().await;
        t.never_mind_the_rest();
        let cards = cards(t);
        assert!(cards.len() == 2 && cards[1].content.contains("succeeded"), "{cards:#?}");
    });
}

#[test]
fn where_no_thread_may_be_begun_answers_reply_to_the_card() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for _ in 0..3 {
            t.stage.sim.fault("POST threads", Fault::Refused(403, 50_013));
        }
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        let card = cards(t).remove(0);
        assert!(t.stage.sim.channel(&card.id).is_none());
        let said = of_bot(&t.stage, CHANNEL).into_iter().find(|it| it.content.contains("is approved by ben"));
        assert_eq!(said.unwrap().reply_to, Some(card.id));
        t.never_mind_the_rest();
    });
}

#[test]
fn a_lost_socket_is_resumed_and_nothing_is_missed_or_done_twice() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let (opened, begun, resumed) = t.stage.sim.opened();
        t.stage.sim.hang_up();
        // It is told while nobody listens.
        let said = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        assert!(!t.stage.sim.tell("MESSAGE_CREATE", &said).await);
        t.stage.sim.until(|sim| sim.opened().2 > resumed && sim.is_connected()).await;
        assert!(
            t.stage.sim.opened().0 > opened && t.stage.sim.opened().1 == begun,
            "no new session was begun"
        );
        t.stage.sim.ask_to_reconnect();
        t.stage.sim.until(|sim| sim.opened().2 > resumed + 1 && sim.is_connected()).await;
        t.user("ana").says("whoami").await;
        t.settles().await;
        t.bot_says(expect![[r#"
            · You are ana, a deployer.
              Known as terminal:ana.
              > whoami
        "#]]);
        t.never_mind_the_rest();
        assert_eq!(t.runs().await, 1);
    });
}

/// What people read of the first notice of an absence.
async fn notice(t: &mut Chat) -> String {
    while of_bot(&t.stage, CHANNEL).is_empty() {
        t.settles().await;
        tokio::task::yield_now().await;
    }
    t.never_mind_the_rest();
    let said = of_bot(&t.stage, CHANNEL).remove(0);
    assert!(said.content.contains("could not hear Discord"), "{said:#?}");
    said.embeds[0]["description"].as_str().unwrap().to_owned()
}

#[test]
fn after_a_session_that_is_lost_it_says_what_it_missed_and_does_none_of_it() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.hang_up();
        t.stage.sim.forget_session();
        let missed = t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        while t.connected().discord.is_heard() {
            tokio::task::yield_now().await;
        }
        t.passes(60_000).await;
        let said = notice(t).await;
        assert!(
            said.contains(&format!("<@{}>: deploy staging ref v1.0.0", t.stage.sim.user("ana"))),
            "{said}"
        );
        assert!(said.contains("say again what still holds"), "{said}");
        t.stage.sim.until(discord::sim::Sim::is_connected).await;
        t.stage.sim.tell("MESSAGE_CREATE", &missed).await;
        t.settles().await;
        assert_eq!(t.runs().await, 0, "it is delivered late and not done");
    });
}

#[test]
fn what_was_said_in_a_gap_however_short_is_named() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let begun = t.stage.sim.opened().1;
        t.stage.sim.hang_up();
        t.stage.sim.forget_session();
        t.stage.sim.writes("ana", CHANNEL, None, "");
        t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0");
        t.stage.sim.until(|sim| sim.opened().1 > begun && sim.is_connected()).await;
        let said = notice(t).await;
        assert_eq!(said.matches("\n> ").count(), 1, "{said}");
        t.stage.sim.hang_up();
        t.stage.sim.forget_session();
        t.stage.sim.until(|sim| sim.opened().1 > begun + 1 && sim.is_connected()).await;
        assert!(t.stage.sim.says("ana", CHANNEL, "whoami").await);
        t.settles().await;
        let told = of_bot(&t.stage, CHANNEL);
        assert_eq!(told.len(), 2, "where nothing was said, nothing is told: {told:#?}");
        t.never_mind_the_rest();
    });
}

#[test]
fn without_the_switch_for_messages_it_hears_its_name() {
    chat(async |t| {
        t.stage.sim.content_off(true);
        t.stage.sim.hang_up();
        t.stage.sim.forget_session();
        t.stage.sim.until(discord::sim::Sim::is_connected).await;
        assert!(t.stage.sim.says("ana", CHANNEL, "whoami").await);
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().all(|it| !it.content.contains("You are ana")));
        t.user("ana").says("whoami").await;
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().any(|it| it.content.contains("You are ana")));
        t.never_mind_the_rest();
    });
}

#[test]
fn plain_messages_are_heard_where_it_was_told_to_listen_and_nowhere_else() {
    chat(async |t| {
        t.stage.sim.says("ana", ELSEWHERE, "whoami").await;
        t.stage.sim.says("ana", CHANNEL, "lunch, anybody?").await;
        t.settles().await;
        assert!(of_bot(&t.stage, ELSEWHERE).is_empty() && of_bot(&t.stage, CHANNEL).is_empty());
        let named = format!("<@{}> whoami", discord::sim::BOT_USER);
        t.stage.sim.says("ana", ELSEWHERE, &named).await;
        let direct = t.stage.sim.direct("ana");
        t.stage.sim.says("ana", &direct, "whoami").await;
        t.stage.sim.says("ana", CHANNEL, "deploy stagin").await;
        t.settles().await;
        assert_eq!(of_bot(&t.stage, ELSEWHERE).len(), 1);
        let told = of_bot(&t.stage, &direct);
        assert!(told.iter().any(|it| it.content.contains("You are ana")));
        assert!(
            told.iter().any(|it| it.content.contains("stagin")),
            "what may be an order is answered: {told:#?}"
        );
        t.never_mind_the_rest();
    });
}

#[test]
fn the_pace_of_a_channel_is_kept() {
    chat(async |t| {
        for _ in 0..8 {
            t.stage.sim.says("ana", CHANNEL, "whoami").await;
        }
        t.settles().await;
        t.never_mind_the_rest();
        let calls = t.stage.sim.calls();
        let posts: Vec<i64> = calls
            .iter()
            .filter(|call| call.method == "POST" && call.path.ends_with("/messages"))
            .map(|call| call.at_ms)
            .collect();
        assert_eq!(posts.len(), 8, "nothing was refused, nothing lost: {posts:?}");
        assert!(posts.windows(6).all(|some| some[5] - some[0] >= 5_000), "{posts:?}");
        let idle = Carried { delivered: 0, due_ms: None };
        assert_eq!(t.connected().discord.courier().pass(t.stage.clock.now_ms()).await.unwrap(), idle);
    });
}

#[test]
fn long_output_is_cut_where_people_see_it_and_attached() {
    chat(async |t| {
        t.user("ana").says("help").await;
        let shown = of_bot(&t.stage, CHANNEL).remove(0);
        let cut = shown.embeds.iter().any(|embed| embed.to_string().contains("the whole of it is attached"));
        assert_eq!(cut, !shown.files.is_empty(), "{shown:#?}");
        t.never_mind_the_rest();
    });
}

#[test]
fn who_names_the_role_of_the_bot_means_the_bot() {
    chat(async |t| {
        t.stage.sim.opens("1000000000000000555", "random");
        let role = format!("<@&{}>", discord::sim::BOT_ROLE);
        assert!(t.stage.sim.says("ana", "1000000000000000555", &format!("{role} whoami")).await);
        t.settles().await;
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, "1000000000000000555");
        assert!(said.len() == 1 && said[0].content.contains("You are ana"), "{said:#?}");
    });
}
