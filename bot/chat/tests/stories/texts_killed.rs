//! Texts in a program that is killed: after every commit of a text's life (what happened is read, the text is written, claimed,
//! sent, told of, escalated, replied to, answered), and between sending it and writing down that it was sent.

use std::cell::Cell;

use adapters::sim::PhoneFault;
use engine::audit::AuditEvent;

use crate::harness::{Chat, Project, chat_about, good, minutes, seconds};

/// Commits after which a story whose program is killed after each is called endless.
const COMMITS_MAX: usize = 40;

async fn on_duty(t: &mut Chat) {
    for person in ["ana", "ben"] {
        t.has_phone(person).await;
    }
    t.release("v1.0.0", good());
    t.deployed("staging", "v1.0.0").await;
    t.release("v1.1.0", good());
    t.deployed("staging", "v1.1.0").await;
    t.never_mind_the_rest();
}

/// How often the record has something.
async fn recorded(t: &Chat, action: &str) -> usize {
    let events = t.engine().store().audit_after(0, i64::MAX).await.unwrap();
    events.iter().filter(|(event, _): &&(AuditEvent, _)| event.action == action).count()
}

fn duty() -> Project {
    Project::usual().with(
        "    edge: { api: \"127.0.0.1:7401\", web: \"127.0.0.1:7400\" }",
        "    edge: { api: \"127.0.0.1:7401\", web: \"127.0.0.1:7400\" }\n    texts: { people: [ana, ben] }",
    )
}

/// Tells a story again and again, in which the program is killed after the first, the second, … commit, until there is no
/// such commit any more. There must be so many.
fn killed_after_each(commits_min: usize, story: &impl AsyncFn(&mut Chat, &mut Option<usize>)) {
    for commit in 0..COMMITS_MAX {
        let was_killed = Cell::new(false);
        chat_about(&duty(), async |t| {
            let mut left = Some(commit);
            story(t, &mut left).await;
            was_killed.set(left.is_none());
        });
        if !was_killed.get() {
            assert!(commit >= commits_min, "{commit} commits");
            return;
        }
    }
    panic!("more than {COMMITS_MAX} commits");
}

/// A text to ana is lost, ben is next, takes it by his number, and is answered: each sent once.
async fn told_once(t: &mut Chat, left: &mut Option<usize>, faults: &[PhoneFault]) {
    on_duty(t).await;
    t.world().phones().out_of_reach(&crate::harness::phone("ana"), true);
    for fault in faults {
        t.world().phones().fault(*fault);
    }
    t.happens(2, "api").await;
    // Read, written, claimed, sent, lost; and the same of ben's until it is delivered.
    t.texts_pass_killed(minutes(3), left).await;
    assert_eq!((t.text_count("ana"), t.text_count("ben")), (1, 1), "{faults:?} {left:?}");
    assert_eq!(recorded(t, "text.lost").await, 1);
    let code = t.code("ben", "if you take it");
    t.reply_waits("ben", &code).await;
    t.texts_pass_killed(minutes(2), left).await;
    assert_eq!((t.text_count("ana"), t.text_count("ben")), (1, 2), "{faults:?} {left:?}");
    assert_eq!(recorded(t, "text.replied").await, 1);
    // Nobody is next any more, and nothing is left to do.
    t.texts_pass_in_steps(minutes(30), seconds(60)).await;
    assert_eq!((t.text_count("ana"), t.text_count("ben")), (1, 2), "{faults:?} {left:?}");
    assert_eq!(t.world().phones().faults_unstruck(), []);
    assert_eq!(t.engine().store().text_next_ms().await.unwrap(), None);
    t.never_mind_the_rest();
}

#[test]
fn killed_after_every_commit_a_text_is_sent_once() {
    killed_after_each(12, &async |t, left| told_once(t, left, &[]).await);
}

#[test]
fn killed_between_sending_and_writing_it_down_it_is_sent_once() {
    let silent = [PhoneFault::Silent, PhoneFault::Silent, PhoneFault::Silent];
    chat_about(&duty(), async |t| told_once(t, &mut None, &silent).await);
}

#[test]
fn an_answer_that_is_lost_and_a_kill_send_it_once() {
    let faults = [PhoneFault::LostAnswer, PhoneFault::NeverSent];
    for commit in [2, 3, 4] {
        chat_about(&duty(), async |t| told_once(t, &mut Some(commit), &faults).await);
    }
}

#[test]
fn killed_after_every_commit_of_a_reply_it_rolls_back_once() {
    killed_after_each(5, &async |t, left| {
        on_duty(t).await;
        t.happens(2, "api").await;
        t.texts_pass(seconds(30)).await;
        let code = t.code("ana", "to roll back");
        t.reply_waits("ana", &code).await;
        t.texts_pass_killed(seconds(90), left).await;
        t.settles().await;
        t.run(3).is("succeeded").await;
        assert_eq!(t.runs().await, 3);
        assert_eq!((t.text_count("ana"), t.text_count("ben")), (2, 0), "{:?}", t.on_phone("ana"));
        t.never_mind_the_rest();
    });
}
