//! What Discord does, or may do, that its simulator does not do by itself; and strangers.

use discord::sim::Fault;
use engine::clock::Clock as _;

use crate::harness::{chat, good};
use crate::stage::{CHANNEL, cards, of_bot};

#[test]
fn strangers_get_no_form_and_no_names() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let acked = t.commands("mallory", "secret", &[]).await;
        assert_eq!((acked.kind, acked.data["flags"].as_u64()), (4, Some(64)));
        let told = acked.data["content"].as_str().unwrap();
        assert!(told.contains("no role") && !told.contains("staging"), "{told}");
        let acked = t.commands("vera", "secret", &[]).await;
        assert!(acked.data["content"].as_str().unwrap().contains("viewer"), "{acked:?}");
        let typing = t.stage.sim.types("mallory", CHANNEL, "deploy", "environment", "");
        let proposed = t.stage.sim.interact(&typing).await.unwrap().data["choices"].to_string();
        assert!(!proposed.contains("staging") && proposed.contains("don't know you"), "{proposed}");
        let typing = t.stage.sim.types("vera", CHANNEL, "deploy", "environment", "");
        let proposed = t.stage.sim.interact(&typing).await.unwrap().data["choices"].to_string();
        assert!(proposed.contains("staging"), "{proposed}");
    });
}

#[test]
fn files_that_may_not_be_attached_are_left_out_with_a_word() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.stage.sim.fault("POST messages", Fault::Refused(403, 50_013));
        t.user("ana").says("artifacts of r-1").await;
        t.settles().await;
        t.never_mind_the_rest();
        let told = of_bot(&t.stage, CHANNEL).into_iter().find(|it| it.content.contains("20 artifacts"));
        let told = crate::reading::read(&told.expect("the list is there"));
        assert!(told.contains("Attach Files") && told.contains("infra-chat artifacts r-"), "{told}");
    });
}

#[test]
fn a_channel_that_is_shut_is_named_until_it_is_open() {
    for (code, says) in [(50_001, "give it *View Channel* there"), (50_013, "*Send Messages*")] {
        chat(async |t| {
            t.stage.sim.fault("POST messages", Fault::Refused(403, code));
            let discord = t.connected().discord.clone();
            assert!(t.stage.sim.says("ana", CHANNEL, "whoami").await);
            while !discord.listener().pass().await.unwrap() {
                tokio::task::yield_now().await;
            }
            discord.courier().pass(t.stage.clock.now_ms()).await.unwrap();
            let told = ::chat::front_troubles(t.engine());
            assert!(told[0].contains(says), "{told:?}");
            t.ticks().await;
            t.never_mind_the_rest();
            assert_eq!(::chat::front_troubles(t.engine()), [""; 0], "it is spoken in by now");
        });
    }
}

#[test]
fn what_discord_does_not_take_is_shown_plainly_and_comes_as_a_file() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("POST messages", Fault::Refused(400, 50_035));
        t.user("ana").says("deploy production ref v1.0.0").await;
        let card = t.stage.sim.versions().remove(0);
        assert!(
            card.content.contains("Deploy v1.0.0") && card.files[0].contains("asked by: ana"),
            "{card:#?}"
        );
        assert_eq!(cards(t).len(), 1, "it is found again and edited");
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_archived_thread_is_opened_again_and_where_it_may_not_be_the_channel_is_answered() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let root = cards(t).remove(0).id;
        let sim = t.stage.sim.clone();
        sim.fault("POST messages", Fault::Refused(400, 50_083));
        assert!(sim.says("ana", &root, "whoami").await);
        t.settles().await;
        assert!(of_bot(&t.stage, &root).iter().any(|it| it.content.contains("You are ana")));
        let opened = |call: &discord::sim::Call| call.method == "PATCH" && call.body["archived"] == false;
        assert_eq!(sim.calls().iter().filter(|call| opened(call)).count(), 1);
        sim.fault("POST messages", Fault::Refused(400, 50_083));
        sim.fault("PATCH channels", Fault::Refused(403, 50_013));
        assert!(sim.says("ben", &root, "whoami").await);
        t.settles().await;
        assert!(of_bot(&t.stage, CHANNEL).iter().any(|it| it.content.contains("You are ben")));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_limit_that_is_no_json_holds_everything() {
    chat(async |t| {
        t.release("v1.0.0", good());
        // It is a wall in front of Discord, and not the limit of one kind of call.
        t.stage.sim.fault("POST threads", Fault::LimitedBarely(20));
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
        let calls = t.stage.sim.calls();
        let wall = calls.iter().position(|call| call.path.ends_with("/threads")).unwrap();
        let after = calls[wall + 1..].iter().find(|call| call.path.contains("/messages")).unwrap();
        assert!(after.at_ms - calls[wall].at_ms >= 20_000, "{after:?}");
        assert!(cards(t)[0].content.contains("cancelled"));
    });
}

#[test]
fn a_thread_that_has_to_wait_is_begun_under_the_runs_name() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("POST threads", Fault::Limited(2.0));
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.settles().await;
        let card = cards(t).remove(0);
        let (name, _) = t.stage.sim.channel(&card.id).unwrap();
        let about = name.split_once(" · ").map(|(_, about)| about);
        assert_eq!(about, Some("Deploy v1.0.0 (4b76448) to production"));
        assert!(of_bot(&t.stage, &card.id).iter().any(|it| it.content.contains("is approved by ben")));
        t.never_mind_the_rest();
    });
}

#[test]
fn what_is_said_where_discord_must_be_asked_first_is_heard_in_order() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let sim = t.stage.sim.clone();
        // Who ana is on the server is asked for each message between the two; the first answer comes last.
        let direct = sim.direct("ana");
        sim.fault("GET members", Fault::Slow(400));
        for said in ["deploy production ref v1.0.0", "reject"] {
            let said = sim.writes("ana", &direct, None, said);
            sim.tell_soon("MESSAGE_CREATE", &said);
        }
        while t.engine().store().inbox_list("discord", 10).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        t.settles().await;
        t.settles().await;
        t.never_mind_the_rest();
        let run = t.engine().store().run_recent(1).await.unwrap().remove(0);
        assert_eq!(run.state.as_str(), "cancelled", "the second came after the first");
    });
}

#[test]
fn what_is_held_back_is_done_for_those_known_by_their_role_alone() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.roles("dora", &["502"]);
        t.stage.sim.says("dora", CHANNEL, "deploy staging ref v1.0.0, then restart staging api").await;
        t.ticks().await;
        assert_eq!(t.runs().await, 1);
        t.crash_and_restart().await;
        for _ in 0..2 {
            t.ticks().await;
            t.settles().await;
        }
        t.never_mind_the_rest();
        let runs = t.engine().store().run_recent(10).await.unwrap();
        let asked: Vec<_> = runs.iter().map(|run| run.request.command.as_str()).collect();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert_eq!(runs[0].state.as_str(), "succeeded");
    });
}

#[test]
fn what_discord_does_not_take_for_a_while_comes_later() {
    for (status, code) in [(400, 40_004), (404, 0)] {
        chat(async |t| {
            t.stage.sim.fault("POST messages", Fault::Refused(status, code));
            t.user("ana").says("whoami").await;
            t.settles().await;
            t.never_mind_the_rest();
            let said = of_bot(&t.stage, CHANNEL);
            assert!(said.len() == 1 && said[0].content.contains("You are ana"), "{code}: {said:#?}");
        });
    }
}

#[test]
fn who_may_not_reply_says_it_beside() {
    chat(async |t| {
        t.stage.sim.fault("POST messages", Fault::Refused(400, 160_002));
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, CHANNEL);
        assert!(said.len() == 1 && said[0].content.contains("You are ana"), "{said:#?}");
        assert_eq!(said[0].reply_to, None);
    });
}

#[test]
fn a_secret_in_the_place_of_its_name_is_put_into_no_form() {
    chat(async |t| {
        let acked = t.commands("ana", "secret", &[("name", "sk_live_4eC39HqLyjWDarjtT1zdp7dc")]).await;
        let told = acked.data["content"].as_str().unwrap();
        assert!(acked.kind == 4 && told.contains("looks like a secret"), "{acked:?}");
    });
}

#[test]
fn an_answer_in_a_thread_that_is_begun_and_nowhere_is_given_in_the_channel() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let root = cards(t).remove(0).id;
        let sim = t.stage.sim.clone();
        sim.fault("POST messages", Fault::Refused(404, 10_003));
        sim.fault("POST threads", Fault::Refused(400, 160_004));
        sim.fault("POST messages", Fault::Refused(404, 10_003));
        assert!(sim.says("ana", &root, "whoami").await);
        t.settles().await;
        let said = of_bot(&t.stage, CHANNEL).into_iter().find(|it| it.content.contains("You are ana"));
        assert_eq!(said.unwrap().reply_to, Some(root));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}
