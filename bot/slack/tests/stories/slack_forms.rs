//! Forms and files on Slack: who gets the form for a secret, what can be pasted into it, and what is too long for a message.

use slack::sim::{BOT_USER, Fault, File};

use crate::harness::{Chat, chat, good};
use crate::stage::CHANNEL;

fn whispers(t: &Chat, person: &str) -> Vec<String> {
    let theirs = t.stage.sim.messages().into_iter().filter(|it| it.only_for.as_deref() == Some(person));
    theirs.map(|it| it.text).collect()
}

#[test]
fn the_form_for_a_secret_is_for_those_who_may_set_one() {
    chat(async |t| {
        for (person, why) in [("mallory", "no role"), ("vera", "viewer")] {
            let command = t.stage.sim.commands(person, CHANNEL, "secret");
            t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
            t.settles().await;
            assert!(t.stage.sim.modals(person).is_empty(), "{person} gets no form, and no names with it");
            let told = whispers(t, person).pop().unwrap();
            assert!(told.contains(why), "{told}");
            assert!(person != "mallory" || !told.contains("staging"), "{told}");
        }
        t.never_mind_the_rest();
    });
}

#[test]
fn slack_is_not_asked_for_a_form_while_it_asks_to_wait() {
    chat(async |t| {
        t.stage.sim.fault("views.open", Fault::Limited(30));
        let opened = |t: &Chat| t.stage.sim.calls().iter().filter(|call| call.method == "views.open").count();
        for asked in ["ana", "ben"] {
            let command = t.stage.sim.commands(asked, CHANNEL, "secret");
            t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
            t.settles().await;
            assert!(whispers(t, asked).pop().unwrap().contains("Nothing was done: try once more"));
            assert_eq!(opened(t), 1, "also when somebody else wants one");
        }
        t.stage.clock.advance(30_000);
        let command = t.stage.sim.commands("ana", CHANNEL, "secret");
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_key_of_many_lines_fits_into_the_form() {
    chat(async |t| {
        let command = t.stage.sim.commands("ana", CHANNEL, "secret");
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let (_, view) = t.stage.sim.modals("ana").remove(0);
        let value = view["blocks"].as_array().unwrap().iter().find(|block| block["block_id"] == "value");
        assert_eq!(value.unwrap()["element"]["multiline"], true, "{view}");
    });
}

/// Shared files, and what of them can be read.
fn shared(t: &Chat) -> Vec<File> {
    t.stage.sim.files().into_iter().filter(|file| file.shared.is_some()).collect()
}

/// Says something whose answer comes with a file.
async fn asks(t: &Chat) {
    t.stage.sim.fault("chat.postMessage", Fault::Refused("invalid_blocks"));
    t.stage.sim.says("ana", CHANNEL, None, &format!("<@{BOT_USER}> whoami")).await.unwrap();
}

#[test]
fn a_file_that_slack_does_not_take_at_once_comes_later_and_once() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.fault("files.getUploadURLExternal", Fault::Limited(20));
        sim.fault("files.getUploadURLExternal", Fault::Broken);
        sim.fault("files.completeUploadExternal", Fault::Broken);
        asks(t).await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(shared(t).len(), 1, "{:#?}", sim.files());
    });
}

#[test]
fn a_file_whose_answer_was_lost_or_whose_program_was_killed_is_not_shared_twice() {
    chat(async |t| {
        let sim = t.stage.sim.clone();
        sim.fault("files.completeUploadExternal", Fault::AnswerLost);
        asks(t).await;
        t.settles().await;
        assert_eq!(shared(t).len(), 1, "{:#?}", sim.files());
        sim.fault("files.getUploadURLExternal", Fault::Limited(20));
        asks(t).await;
        t.crash_and_restart().await;
        t.settles().await;
        t.never_mind_the_rest();
        assert_eq!(shared(t).len(), 2, "{:#?}", sim.files());
    });
}

#[test]
fn a_form_that_comes_over_both_sockets_at_once_is_sealed_once() {
    chat(async |t| {
        let command = t.stage.sim.commands("ana", CHANNEL, "secret");
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let filled = [("environment", "staging"), ("name", "STRIPE_KEY"), ("value", "long enough")];
        let submitted = t.stage.sim.submits("ana", &filled).unwrap();
        let deliver = || t.stage.sim.deliver("interactive", &submitted, false);
        let (one, other) = tokio::join!(deliver(), deliver());
        for answer in [one.unwrap().payload, other.unwrap().payload] {
            assert_eq!(answer["response_action"], "update", "{answer}");
        }
        let (staging, name) = (t.key("staging"), "STRIPE_KEY".parse().unwrap());
        assert_eq!(t.engine().store().secret_get(&staging, &name).await.unwrap().unwrap().version, 1);
        t.never_mind_the_rest();
    });
}

#[test]
fn a_secret_in_the_place_of_its_name_is_put_into_no_form() {
    chat(async |t| {
        let command = t.stage.sim.commands("ana", CHANNEL, "set secret sk_live_4eC39HqLyjWDarjtT1zdp7dc");
        t.stage.sim.deliver("slash_commands", &command, false).await.unwrap();
        t.settles().await;
        let told = whispers(t, "ana").pop().unwrap();
        assert!(told.contains("looks like a secret"), "{told}");
        assert!(!format!("{:?}", t.stage.sim.calls()).contains("4eC39"), "the bot never sends it anywhere");
        t.never_mind_the_rest();
    });
}

#[test]
fn a_form_answers_the_question_it_was_opened_from() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.deployed("staging", "v1.0.0").await;
        t.user("ana").says("scale api in staging").await;
        t.user("ana").says("scale web in staging").await;
        t.never_mind_the_rest();
        let press = t.stage.button("ana", "Answer\u{2026}", true);
        t.stage.sim.deliver("interactive", &t.stage.sim.presses("ana", &press), false).await.unwrap();
        t.stage.sim.until(|sim| !sim.modals("ana").is_empty()).await;
        let submitted = t.stage.sim.submits("ana", &[("answer", "3")]).unwrap();
        t.stage.sim.deliver("interactive", &submitted, false).await.unwrap();
        t.ticks().await;
        t.settles().await;
        t.never_mind_the_rest();
        let runs = t.engine().store().run_recent(10).await.unwrap();
        assert_eq!(runs[0].request.command, "scale api to 3 in staging");
        t.user("ana").says("never mind").await;
        t.never_mind_the_rest();
    });
}
