//! What Slack does, or may do, that its simulator does not do by itself.

use expect_test::expect;
use serde_json::{Value, json};
use slack::sim::Fault;

use crate::harness::{chat, good};
use crate::stage::{CHANNEL, mark_of, of_bot};

#[test]
fn a_limit_without_a_word_is_waited_for_all_the_same() {
    chat(async |t| {
        t.stage.sim.fault("chat.postMessage", Fault::LimitedBarely(20));
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        let calls = t.stage.sim.calls().into_iter().filter(|call| call.method == "chat.postMessage");
        let at_ms: Vec<i64> = calls.map(|call| call.at_ms).collect();
        assert!(at_ms.len() == 2 && at_ms[1] - at_ms[0] >= 20_000, "{at_ms:?}");
    });
}

#[test]
fn a_page_of_something_between_is_no_success() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.stage.sim.fault("chat.update", Fault::Page);
        t.stage.sim.fault("chat.update", Fault::Refused("ratelimited"));
        t.stage.sim.fault("chat.update", Fault::Refused("fatal_error"));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
        assert!(
            of_bot(&t.stage, CHANNEL)[0].text.contains("cancelled"),
            "{:#?}",
            of_bot(&t.stage, CHANNEL)[0]
        );
    });
}

#[test]
fn a_channel_that_is_shut_is_named_until_it_is_open() {
    chat(async |t| {
        t.stage.sim.fault("chat.postMessage", Fault::Refused("not_in_channel"));
        let slack = t.connected().slack.clone();
        t.stage.sim.says("ana", CHANNEL, None, "whoami").await.unwrap();
        slack.listener().pass().await.unwrap();
        slack.courier().pass(t.stage.clock_ms()).await.unwrap();
        let says = "Slack does not let the bot speak in channel C0ROOM (not_in_channel): `/invite` it";
        assert!(::chat::front_troubles(t.engine())[0].starts_with(says));
        t.ticks().await;
        t.never_mind_the_rest();
        assert_eq!(::chat::front_troubles(t.engine()), [""; 0], "it is spoken in by now");
    });
}

#[test]
fn a_call_that_nobody_answers_is_named_after_a_while() {
    chat(async |t| {
        for _ in 0..3 {
            t.stage.sim.fault("views.publish", Fault::Nowhere);
        }
        let slack = t.connected().slack.clone();
        t.stage.sim.deliver("events_api", &t.stage.sim.opens_home("ana"), false).await.unwrap();
        slack.rest().await;
        for (seconds, named) in [(20, false), (20, true)] {
            t.passes(seconds * 1_000).await;
            assert_eq!(slack.homes_redraw().await, 0);
            let told = ::chat::front_troubles(t.engine());
            let says = "views.publish: no answer (status 404 Not Found, not Slack's)); it is tried again";
            assert_eq!(told.iter().any(|one| one.contains(says)), named, "after {seconds} s: {told:?}");
        }
        assert_eq!(slack.homes_redraw().await, 1);
        assert_eq!(::chat::front_troubles(t.engine()), [""; 0], "it is answered by now");
    });
}

#[test]
fn a_method_that_slack_does_not_have_is_named_at_once() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.stage.sim.fault("chat.update", Fault::Refused("unknown_method"));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
        let told = ::chat::front_troubles(t.engine());
        assert!(
            told[0].starts_with("what answers at slack.api_base has no chat.update (unknown_method)"),
            "{told:?}"
        );
    });
}

#[test]
fn files_that_may_not_be_brought_are_told_of_where_they_were_to_come() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        for _ in 0..3 {
            t.stage.sim.fault("files.getUploadURLExternal", Fault::Refused("missing_scope"));
        }
        t.user("ana").says("artifacts of r-1").await;
        t.settles().await;
        t.never_mind_the_rest();
        let told = of_bot(&t.stage, CHANNEL).into_iter().find(|it| it.text.contains("can't be brought here"));
        let told = told.expect("it is said in the thread");
        assert!(told.thread.is_some() && told.text.contains("files:write"), "{told:#?}");
    });
}

#[test]
fn what_slack_does_not_take_is_shown_shorter_and_comes_as_a_file() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.stage.sim.fault("chat.postMessage", Fault::Refused("invalid_blocks"));
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        let shown = t.stage.sim.versions().remove(0);
        assert!(shown.text.contains("comes as a file"), "{shown:#?}");
        assert!(t.stage.sim.files()[0].content.contains("asked by: ana"));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn an_answer_to_a_deleted_message_is_given_in_the_channel() {
    chat(async |t| {
        t.stage.sim.fault("chat.postMessage", Fault::Refused("thread_not_found"));
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, CHANNEL).remove(0);
        assert!(said.thread.is_none() && said.text.contains("You are ana"), "{said:#?}");
    });
}

#[test]
fn an_answer_to_a_deleted_message_comes_also_when_slack_counts_what_it_refused() {
    chat(async |t| {
        t.stage.sim.fault("chat.postMessage", Fault::Refused("thread_not_found"));
        t.stage.sim.fault("chat.postMessage", Fault::Limited(1));
        t.user("ana").says("whoami").await;
        t.settles().await;
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, CHANNEL).remove(0);
        assert!(said.thread.is_none(), "the thread is not tried again: {said:#?}");
    });
}

#[test]
fn a_private_answer_finds_another_way_when_it_may_not_speak_there() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.fault("chat.postEphemeral", Fault::Refused("user_not_in_channel"));
        let mut command = sim.commands("ana", "C0OTHER", "whoami");
        command.as_object_mut().unwrap().remove("response_url");
        sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        assert!(of_bot(&t.stage, "Dana")[0].text.contains("You are ana"));
        // Between two other people, too.
        let command = sim.commands("ana", "D0OTHERS", "whoami");
        sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!((of_bot(&t.stage, "Dana").len(), of_bot(&t.stage, "D0OTHERS").len()), (2, 0));
    });
}

#[test]
fn commands_with_little_in_them_are_heard_each() {
    chat(async |t| {
        for _ in 0..2 {
            let command = json!({ "user_id": "ana", "channel_id": CHANNEL, "command": "/infra" });
            t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        }
        t.settles().await;
        t.never_mind_the_rest();
        let helped = t.stage.sim.messages().into_iter().filter(|it| it.only_for.as_deref() == Some("ana"));
        assert_eq!(helped.filter(|it| it.text.contains("help")).count(), 2);
    });
}

#[test]
fn a_click_on_what_one_person_alone_sees_is_answered_to_them() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.deliver("slash_commands", &sim.commands("ana", CHANNEL, "scale staging api"), false)
            .await
            .unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        let press = sim.buttons("ana", "Never mind").remove(0);
        assert!(press.message.only_for.is_some());
        sim.deliver("interactive", &sim.presses("ana", &press), false).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        assert!(
            of_bot(&t.stage, CHANNEL).iter().all(|it| it.only_for.is_some()),
            "nobody else saw the question"
        );
    });
}

#[test]
fn a_form_that_slack_does_not_open_is_told() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.fault("views.open", Fault::Refused("expired_trigger_id"));
        sim.deliver("slash_commands", &sim.commands("ana", CHANNEL, "secret"), false).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        let told = sim.messages().into_iter().find(|it| it.only_for.as_deref() == Some("ana")).unwrap();
        assert!(told.text.contains("click once more"), "{}", told.text);
        // The same click twice opens it once, and there is nothing to tell.
        let command = sim.commands("ana", CHANNEL, "secret");
        sim.deliver("slash_commands", &command, false).await.unwrap();
        sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        assert_eq!(sim.modals("ana").len(), 1);
        assert_eq!(sim.messages().into_iter().filter(|it| it.only_for.is_some()).count(), 1);
    });
}

#[test]
fn a_secret_in_a_command_is_noticed_and_the_form_offered() {
    chat(async |t| {
        let text = "set key sk_live_4eC39HqLyjWDarjtT1zdp7dc";
        let command = t.stage.sim.commands("ana", CHANNEL, text);
        let acked = t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        assert_eq!(acked.payload, Value::Null, "not every socket takes answers");
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(t.stage.sim.buttons("ana", "Enter it safely").len(), 1);
        assert!(t.engine().store().run_recent(1).await.unwrap().is_empty());
    });
}

#[test]
fn only_people_are_heard_and_only_what_they_say_now() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let sim = t.stage.sim.clone();
        let written =
            || sim.as_mention(&sim.writes("ana", CHANNEL, None, "<@U0BOT> deploy staging ref v1.0.0"));
        let with = |change: &dyn Fn(&mut Value)| {
            let mut payload = written();
            change(&mut payload["event"]);
            payload
        };
        let now_s = t.stage.clock_ms() / 1_000;
        let unheard = [
            with(&|event| event["bot_id"] = json!("B0OTHER")),
            with(&|event| event["subtype"] = json!("bot_message")),
            with(&|event| event["user"] = json!("U0BOT")),
            with(&|event| event["user"] = json!("USLACKBOT")),
            with(&|event| {
                let edited = event.clone();
                *event = json!({ "type": "message", "subtype": "message_changed", "channel": CHANNEL,
                    "ts": "1.1", "message": edited, "previous_message": edited });
            }),
            // An edit brings the mention of last week once more.
            with(&|event| {
                event["ts"] = json!(format!("{}.000100", now_s - 7 * 86_400));
                event["edited"] = json!({ "user": "ana", "ts": "1.2" });
            }),
        ];
        for payload in unheard {
            sim.deliver("events_api", &payload, false).await.unwrap();
        }
        t.ticks().await;
        t.settles().await;
        assert!(t.engine().store().run_recent(1).await.unwrap().is_empty());
        // An answer in a thread that is sent to the channel too is said by a person.
        let said = with(&|event| event["subtype"] = json!("thread_broadcast"));
        sim.deliver("events_api", &said, false).await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.bot_headlines(expect!["✓ r-1 · Deploy v1.0.0 (4b76448) to staging · succeeded in 0 ms"]);
    });
}

#[test]
fn a_socket_that_slack_renews_is_opened_at_once_and_nobody_is_told() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.until(|sim| sim.sockets() == 2).await;
        let opened = sim.opened();
        sim.announces(&json!({ "type": "disconnect", "reason": "refresh_requested", "debug_info": {} }));
        sim.until(|sim| sim.opened() >= opened + 2 && sim.sockets() == 2).await;
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        assert_eq!(of_bot(&t.stage, CHANNEL).len(), 1);
    });
}

#[test]
fn a_look_at_the_certificate_is_answered_and_a_body_that_was_changed_is_not() {
    chat(async |t| {
        let base = t.serve_http().await;
        let now_s = chrono::Utc::now().timestamp();
        let url = format!("{base}/slack/commands");
        let form = "application/x-www-form-urlencoded";
        let (status, _) =
            t.stage.sim.call(&url, form, "ssl_check=1&token=x", slack::sim::SIGNING_SECRET, now_s).await;
        assert_eq!(status, 200);
        assert_eq!(t.stage.sim.look(&format!("{url}?ssl_check=1&token=x")).await, 200);
        assert_eq!(t.stage.sim.look(&url).await, 405);
        let command = t.stage.sim.commands("ana", CHANNEL, "deploy staging");
        assert_eq!(t.stage.sim.deliver_changed(&base, &command, now_s).await, 401);
        t.settles().await;
        assert!(t.engine().store().run_recent(1).await.unwrap().is_empty());
    });
}

#[test]
fn who_asked_is_told_in_the_runs_thread_that_it_is_over() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        t.stage.sim.fault("chat.postMessage", Fault::AnswerLost);
        t.settles().await;
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, CHANNEL);
        let root = said.iter().find(|it| mark_of(it).starts_with("card/")).unwrap();
        let told: Vec<_> = said.iter().filter(|it| mark_of(it).starts_with("end/")).collect();
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_eq!(told[0].thread.as_ref(), Some(&root.ts));
        assert!(
            told[0].text.starts_with("<@ana> ✓ r-") && told[0].text.contains("succeeded"),
            "{}",
            told[0].text
        );
    });
}

#[test]
fn what_an_archived_channel_does_not_take_comes_when_it_is_open_again() {
    let passing = ["is_archived", "messages_tab_disabled", "team_added_to_org", "external_channel_migrating"];
    for code in passing {
        chat(async |t| {
            t.stage.sim.fault("chat.postMessage", Fault::Refused(code));
            t.user("ana").says("whoami").await;
            t.settles().await;
            t.never_mind_the_rest();
            let said = of_bot(&t.stage, CHANNEL);
            assert!(said.len() == 1 && said[0].text.contains("You are ana"), "{code}: {said:#?}");
        });
    }
}

#[test]
fn an_answer_to_a_locked_thread_is_given_in_the_channel() {
    chat(async |t| {
        t.stage.sim.fault("chat.postMessage", Fault::Refused("restricted_action_thread_locked"));
        t.user("ana").says("whoami").await;
        t.never_mind_the_rest();
        let said = of_bot(&t.stage, CHANNEL).remove(0);
        assert!(said.thread.is_none() && said.text.contains("You are ana"), "{said:#?}");
    });
}
