//! What was said while the bot did not listen, and connections that do not come about at once.

use discord::Discord;
use discord::sim::{Fault, Sim};
use engine::clock::Clock as _;

use crate::harness::{Chat, chat, good, minutes};
use crate::stage::{CHANNEL, cards, of_bot, settings};

/// What people read of the notices, in order.
fn notices(t: &Chat) -> Vec<String> {
    let said = of_bot(&t.stage, CHANNEL).into_iter().filter(|it| it.content.contains("could not hear"));
    said.map(|it| format!("{}\n{}", it.content, it.embeds[0]["description"].as_str().unwrap())).collect()
}

async fn notices_come(t: &mut Chat, count: usize) {
    while notices(t).len() < count {
        t.settles().await;
        tokio::task::yield_now().await;
    }
    t.never_mind_the_rest();
}

/// The session is lost, and a new one begins after a minute; `meanwhile` happens in between.
async fn is_away(t: &mut Chat, meanwhile: impl FnOnce(&mut Chat)) {
    let begun = t.stage.sim.opened().1;
    t.stage.sim.hang_up();
    t.stage.sim.forget_session();
    while t.connected().discord.is_heard() {
        tokio::task::yield_now().await;
    }
    t.stage.clock.advance_to(t.engine().now_ms());
    meanwhile(t);
    t.passes(60_000).await;
    t.stage.clock.advance_to(t.engine().now_ms());
    t.stage.sim.until(|sim| sim.opened().1 > begun && sim.is_connected()).await;
    while !t.connected().discord.is_heard() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_notice_that_discord_does_not_take_at_once_comes_later_and_survives_a_kill() {
    chat(async |t| {
        t.stage.sim.fault("POST messages", Fault::Limited(30.0));
        is_away(t, |t| drop(t.stage.sim.writes("ana", CHANNEL, None, "deploy staging ref v1.0.0"))).await;
        while t.engine().store().outbox_conversations("discord").await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        t.crash_and_restart().await;
        notices_come(t, 1).await;
        let ana = t.stage.sim.user("ana");
        assert!(
            notices(t)[0].contains(&format!("> <@{ana}>: deploy staging ref v1.0.0")),
            "{:#?}",
            notices(t)
        );
        assert_eq!(notices(t).len(), 1);
    });
}

#[test]
fn what_was_said_while_the_program_was_stopped_is_named_and_not_done() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        t.stage.sim.hang_up();
        t.stage.sim.forget_session();
        let missed = t.stage.sim.writes("ben", CHANNEL, None, "deploy staging ref v1.0.0");
        t.crash_and_passes(minutes(10)).await;
        notices_come(t, 1).await;
        let said = notices(t).remove(0);
        assert!(said.contains("deploy staging ref v1.0.0") && !said.contains("whoami"), "{said}");
        assert!(said.contains("12:00") && said.contains("12:10"), "{said}");
        t.stage.sim.tell("MESSAGE_CREATE", &missed).await;
        t.settles().await;
        assert_eq!(t.runs().await, 0, "it is delivered late, not done");
        t.crash_and_passes(minutes(10)).await;
        t.settles().await;
        assert_eq!(notices(t).len(), 1, "where nothing was said a start says nothing");
    });
}

#[test]
fn what_was_said_while_the_database_was_away_is_named_and_not_done_late() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        t.database_goes_away().await;
        let sim = t.stage.sim.clone();
        let opened = sim.opened();
        t.stage.clock.advance_to(t.engine().now_ms());
        let said = sim.writes("ben", CHANNEL, None, "deploy staging ref v1.0.0");
        t.time_goes_by(minutes(10));
        sim.tell_soon("MESSAGE_CREATE", &said);
        while t.connected().discord.is_heard() {
            tokio::task::yield_now().await;
        }
        // What is clicked or commanded meanwhile is answered.
        let acked = sim.interact(&sim.command("ana", CHANNEL, "status", &[])).await.unwrap();
        assert!(acked.data["content"].as_str().unwrap().contains("could not write that down"), "{acked:?}");
        t.database_comes_back().await;
        notices_come(t, 1).await;
        let ben = sim.user("ben");
        assert!(notices(t)[0].contains(&format!("<@{ben}>: deploy staging ref v1.0.0")), "{:#?}", notices(t));
        assert!(
            notices(t)[0].contains("from 2026-11-18 12:00 UTC to 2026-11-18 12:10 UTC"),
            "{:#?}",
            notices(t)
        );
        assert_eq!(sim.opened(), opened, "it was the same session, over the same socket");
        t.user("ana").says("deploy staging ref v1.0.0").await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((t.runs().await, notices(t).len()), (1, 1));
    });
}

#[test]
fn what_nobody_would_be_told_of_waits_for_the_database() {
    chat(async |t| {
        t.database_goes_away().await;
        let sim = t.stage.sim.clone();
        let direct = sim.direct("ana");
        let said = sim.writes("ana", &direct, None, "whoami");
        sim.tell_soon("MESSAGE_CREATE", &said);
        tokio::task::yield_now().await;
        t.time_goes_by(minutes(1));
        t.database_comes_back().await;
        while t.engine().store().inbox_list("discord", 10).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        t.settles().await;
        t.never_mind_the_rest();
        assert!(of_bot(&t.stage, &direct).iter().any(|it| it.content.contains("You are ana")));
    });
}

#[test]
fn more_than_a_page_and_threads_are_looked_at_and_a_limit_is_said() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let root = cards(t).remove(0).id;
        is_away(t, |t| {
            t.stage.sim.writes("ben", &root, None, "approve");
            for number in 0..150 {
                t.stage.sim.writes("ana", CHANNEL, None, &format!("line {number}"));
            }
        })
        .await;
        notices_come(t, 1).await;
        let said = notices(t).remove(0);
        assert!(said.contains(": approve"), "the thread comes first: {said}");
        assert!(said.contains("and 141 more") && !said.contains("could not look at all"), "{said}");
        assert_eq!(t.decisions().await, 0);
        is_away(t, |t| {
            for number in 0..1_100 {
                t.stage.sim.writes("ana", CHANNEL, None, &format!("line {number}"));
            }
        })
        .await;
        notices_come(t, 2).await;
        let said = notices(t).remove(1);
        assert!(said.contains("could not look at all of it"), "{said}");
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_secret_that_was_written_meanwhile_is_noticed_and_shown_nowhere() {
    chat(async |t| {
        let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        is_away(t, |t| drop(t.stage.sim.writes("ana", CHANNEL, None, &format!("the key is {secret}")))).await;
        notices_come(t, 1).await;
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().any(|it| it.content.contains("looks like a secret")));
        assert!(t.stage.sim.messages().iter().all(|it| !it.content.contains(secret)), "it is deleted");
        assert!(!format!("{:?}", t.stage.sim.calls()).contains("the key is"), "nothing of it is quoted");
    });
}

#[test]
fn the_notice_of_a_secret_is_tried_until_it_arrives() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.fault("DELETE messages", Fault::Limited(20.0));
        sim.fault("POST messages", Fault::Limited(20.0));
        sim.fault("POST messages", Fault::AnswerLost);
        sim.says("ana", CHANNEL, "use sk_live_4eC39HqLyjWDarjtT1zdp7dc").await;
        t.crash_and_restart().await;
        t.settles().await;
        t.never_mind_the_rest();
        let told = of_bot(&t.stage, CHANNEL);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].content.contains("looks like a secret. I deleted your message"), "{told:#?}");
        assert_eq!(t.stage.sim.buttons("ana", "Enter it safely").len(), 1);
        assert!(sim.messages().iter().all(|it| !it.content.contains("sk_live")));
    });
}

#[test]
fn a_token_that_discord_does_not_take_is_named_and_nothing_ends() {
    chat(async |t| {
        let mut wrong = settings(&t.stage.sim);
        wrong.token = "another.token".into();
        let clock = t.stage.clock.clone();
        let discord = Discord::open_at(t.engine(), wrong, std::sync::Arc::new(move || clock.now_ms())).await;
        let discord = std::sync::Arc::new(discord.unwrap());
        let listening = discord.clone();
        let stop = tokio_util::sync::CancellationToken::new();
        let _stops = stop.clone().drop_guard();
        tokio::spawn(async move { listening.listen(stop).await });
        let troubles = discord.troubles();
        while troubles.all().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(troubles.all()[0].contains("discord.token"), "{:?}", troubles.all());
    });
}

#[test]
fn a_discord_that_is_not_well_is_no_wrong_token() {
    chat(async |t| {
        t.stage.sim.fault("GET bot", Fault::Broken);
        t.stage.sim.fault("GET bot", Fault::Refused(403, 0));
        is_away(t, |_| {}).await;
        assert!(t.connected().discord.troubles().all().is_empty());
    });
}

#[test]
fn commands_are_registered_once_discord_takes_them() {
    chat(async |t| {
        let before = registrations(&t.stage.sim);
        t.stage.sim.fault("PUT commands", Fault::Broken);
        t.stage.sim.fault("PUT commands", Fault::Refused(403, 50_001));
        t.crash_and_restart().await;
        t.stage.sim.until(|sim| registrations(sim) >= before + 3).await;
        while !t.connected().discord.troubles().all().is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

fn registrations(sim: &Sim) -> usize {
    sim.calls().iter().filter(|call| call.method == "PUT" && call.path.ends_with("/commands")).count()
}

#[test]
fn a_switch_for_messages_that_is_put_on_is_noticed() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.content_off(true);
        sim.heartbeat_ms(50);
        is_away(t, |_| {}).await;
        let troubles = t.connected().discord.troubles();
        assert!(troubles.all()[0].contains("Message Content Intent"), "{:?}", troubles.all());
        let begun = sim.opened().1;
        sim.content_off(false);
        sim.until(|sim| sim.opened().1 > begun && sim.is_connected()).await;
        assert!(sim.says("ana", CHANNEL, "whoami").await);
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().any(|it| it.content.contains("You are ana")));
        assert!(troubles.all().is_empty(), "{:?}", troubles.all());
        t.never_mind_the_rest();
    });
}

#[test]
fn a_new_session_tries_the_switch_for_messages_again() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.content_off(true);
        is_away(t, |_| {}).await;
        sim.content_off(false);
        is_away(t, |_| {}).await;
        assert!(sim.says("ana", CHANNEL, "whoami").await);
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().any(|it| it.content.contains("You are ana")));
        t.never_mind_the_rest();
    });
}
