//! Buttons beside a run's card: none stays for something that is decided, wherever that was.

use discord::sim::Message;
use engine::model::Identity;
use expect_test::expect;

use crate::harness::{Chat, chat, good};
use crate::reading;
use crate::stage::last_whisper;

/// The messages beside cards that say this, in the channel and in threads.
fn beside_cards(t: &Chat, says: &str) -> Vec<Message> {
    t.stage.sim.found(|message| message.only_for.is_none() && reading::read(message).contains(says))
}

fn labels(message: &Message) -> Vec<String> {
    reading::buttons(message).into_iter().map(|(label, ..)| label).collect()
}

#[test]
fn an_answer_loses_its_buttons_when_a_terminal_decides() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("zoe").says("deploy production ref v1.0.0").await;
        t.user("zoe").says_under(1, "deploy production ref v1.0.0").await;
        let waits = beside_cards(t, "waits for approval already");
        assert_eq!(waits.len(), 2);
        assert!(waits.iter().all(|it| labels(it).contains(&"Approve".to_owned())), "{waits:#?}");
        assert_ne!(waits[0].channel, waits[1].channel, "one is in the run's thread");
        t.never_mind_the_rest();
        let terminal = Identity { front: "terminal".to_owned(), external_id: "ben".to_owned() };
        let ben = t.engine().actor(&terminal).await.unwrap();
        let id = t.run(1).id().clone();
        t.engine().approve(&id, &ben).await.unwrap();
        t.settles().await;
        t.never_mind_the_rest();
        let waits = beside_cards(t, "waits for approval already");
        assert_eq!(waits.len(), 2, "they are edited, and not said once more");
        for message in waits {
            assert_eq!(labels(&message), ["Another all the same"], "{message:#?}");
            assert!(reading::read(&message).contains("by now."), "{message:#?}");
        }
    });
}

#[test]
fn what_one_person_alone_sees_has_no_button_that_decides() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.never_mind_the_rest();
        t.commands("zoe", "deploy", &[("environment", "production"), ("ref", "v1.0.0")]).await;
        let told = reading::read(&last_whisper(t, "zoe"));
        let run = t.run(1).id().clone();
        let told = told.replace(&t.stage.address_of(&run), "ITS-CARD");
        expect![[r#"
            ? r-1 (deploy v1.0.0 to production) waits for approval already; I made no second one.
              asked by: ana
              asked: just now
              shown at: ITS-CARD
              On the run's card, or by typing: `approve r-1`
              [Another all the same]
              > deploy v1.0.0 to production
        "#]]
        .assert_eq(&told.replace(run.as_str(), "r-1"));
        t.user("ana").says("reject").await;
        t.never_mind_the_rest();
    });
}

#[test]
fn a_second_look_names_what_and_where() {
    chat(async |t| {
        t.release("v1.0.0", good());
        t.user("ana").says("deploy production ref v1.0.0").await;
        t.user("ben").clicks("Approve").await;
        let asked = t.stage.sim.messages().into_iter().rev().find(|it| it.content.starts_with("Said: "));
        assert!(asked.is_some(), "it was meant");
        let asked = t.stage.sim.versions().into_iter().find(|it| it.content.ends_with('?') && it.instant);
        expect!["Approve deploy of v1.0.0 (4b76448) to production?"]
            .assert_eq(&discord::markdown::unescape(&asked.unwrap().content));
        t.settles().await;
        t.never_mind_the_rest();
    });
}
