//! Phones: what was texted to them, and what their owners reply.

use std::sync::LazyLock;

use chat::Incoming;
use engine::model::{Actor, Identity};
use engine::monitor::CrashingService;
use engine::notify::gsm;
use engine::ports::Crashes;
use engine::run::Happening;
use engine::store::Commit;
use expect_test::Expect;
use regex::Regex;

use super::Chat;

/// A number to reply. What a run is called may be nothing but digits, too.
static CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^| )[1-9][0-9]{3}(?:[0-9]{2})? (to |if |was |came |ran )").unwrap());

/// Whether a text is the expected one with the address of the run's card behind it, which is a front's own matter, and cut
/// shorter where the address takes the room.
fn is_cut_for_its_address(actual: &str, expected: &str) -> bool {
    let Some((said, _)) = actual.rsplit_once(" https://") else { return actual == expected };
    let alike = |a: &mut dyn Iterator<Item = (char, char)>| {
        a.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>()
    };
    let begins = alike(&mut said.chars().zip(expected.chars()));
    let ends = alike(&mut said.chars().rev().zip(expected.chars().rev()));
    // Where it was cut, and nowhere else, it says so.
    let between = said.get(begins..said.len().saturating_sub(ends)).unwrap_or_default();
    // One of its dots may be the end of the sentence that was cut.
    between.trim().bytes().all(|byte| byte == b'.') && said.len() <= expected.len()
}

/// The phone of somebody: numbers nobody has.
#[allow(dead_code, reason = "for stories of one front alone")]
pub(crate) fn phone(person: &str) -> String {
    let number = match person {
        "vera" => 1,
        "ana" => 2,
        "ben" => 3,
        "zoe" => 4,
        _ => 99,
    };
    format!("+49171392000{number:02}")
}

#[allow(dead_code, reason = "for stories of one front alone")]
impl Chat {
    /// Somebody's phone is known.
    pub(crate) async fn has_phone(&self, person: &str) {
        let user = self.engine().store().user_get(person).await.unwrap().unwrap();
        let identity = Identity { front: "sms".to_owned(), external_id: phone(person) };
        self.engine().user_put(&user, &[identity], &Actor::system()).await.unwrap();
    }

    /// The words of all texts somebody was sent.
    pub(crate) fn on_phone(&self, person: &str) -> Vec<String> {
        let texts = self.world.phones().texts().into_iter();
        let theirs = texts.filter(|text| text.to == phone(person));
        theirs.map(|text| text.body).collect()
    }

    /// All texts somebody was sent, oldest first. Numbers to reply, which differ, are left out.
    pub(crate) fn texts(&self, person: &str, expected: Expect) {
        let mut all = String::new();
        for body in self.on_phone(person) {
            assert!(gsm::fits(&body), "{body}");
            let body = self.room.with_story_ids(&CODE.replace_all(&body, "${1}CODE $2"));
            all += &body;
            all.push('\n');
        }
        let as_expected = |(actual, expected): (&str, &str)| is_cut_for_its_address(actual, expected);
        let wanted: Vec<&str> = expected.data().trim().lines().map(str::trim_start).collect();
        if all.lines().count() == wanted.len() && all.lines().zip(wanted).all(as_expected) {
            return;
        }
        expected.assert_eq(&all);
    }

    /// How many texts somebody was sent.
    pub(crate) fn text_count(&self, person: &str) -> usize {
        self.on_phone(person).len()
    }

    /// The number the newest text offers for something: `to roll back`.
    pub(crate) fn code(&self, person: &str, offer: &str) -> String {
        let texts = self.on_phone(person);
        let newest = texts.iter().rev().find(|body| body.contains(offer));
        let newest = newest.unwrap_or_else(|| panic!("{person} was never offered {offer}: {texts:?}"));
        let (before, _) = newest.split_once(&format!(" {offer}")).unwrap();
        before.rsplit(' ').next().unwrap_or_default().to_owned()
    }

    /// Somebody texts something.
    pub(crate) async fn replies(&mut self, person: &str, words: &str) {
        self.clock.advance(1);
        let event = format!("SM-in-{}", self.now_ms());
        self.replies_in_event(person, words, &event).await;
    }

    /// The same, under an identifier.
    pub(crate) async fn replies_in_event(&mut self, person: &str, words: &str, event: &str) {
        let (event, text) = (event.to_owned(), words.to_owned());
        let incoming = Incoming { event, from: phone(person).parse().unwrap(), text };
        incoming.take(self.engine()).await.unwrap();
        self.reports().await;
    }

    /// Time goes by second by second for texts, without waiting for runs.
    pub(crate) async fn texts_pass(&mut self, ms: i64) {
        self.texts_pass_in_steps(ms, 5_000).await;
    }

    /// The same, in steps so long.
    pub(crate) async fn texts_pass_in_steps(&mut self, ms: i64, step_ms: i64) {
        let end_ms = self.now_ms() + ms;
        self.reports().await;
        while self.now_ms() < end_ms {
            self.clock.advance(step_ms.min(end_ms - self.now_ms()));
            self.reports().await;
        }
    }

    /// Time goes by second by second for texts, in a program that is killed after one of the commits it makes of them (counted
    /// down in `left`), and whenever it waits for an answer that does not come. One that were killed after each would never
    /// come to send what it has claimed.
    pub(crate) async fn texts_pass_killed(&mut self, ms: i64, left: &mut Option<usize>) {
        let end_ms = self.now_ms() + ms;
        loop {
            let world = self.world.clone();
            let silences = world.phones().silences();
            let store = self.engine().store().clone();
            let mut commits = store.watch();
            commits.mark_unchanged();
            let texter = &self.program.as_ref().unwrap().texter;
            let is_killed = async {
                loop {
                    if commits.changed().await.is_err() {
                        return;
                    }
                    *left = match *left {
                        Some(0) => None,
                        Some(more) => Some(more - 1),
                        None => continue,
                    };
                    if left.is_none() {
                        return;
                    }
                }
            };
            let passed = tokio::select! {
                biased;
                () = is_killed => None,
                passed = texter.pass() => Some(passed.expect("the texter texts")),
                () = std::future::poll_fn(|_| {
                    let waits = world.phones().silences() > silences;
                    if waits { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                }) => None,
            };
            drop((store, commits));
            match passed {
                None => {
                    self.program = None;
                    self.start(None).await;
                }
                Some(true) => {}
                Some(false) if self.now_ms() >= end_ms => return,
                Some(false) => self.clock.advance(1_000),
            }
        }
    }

    /// A text comes in, and nobody takes it yet.
    pub(crate) async fn reply_waits(&mut self, person: &str, words: &str) {
        let (event, text) = (format!("SM-in-{}", self.now_ms()), words.to_owned());
        let incoming = Incoming { event, from: phone(person).parse().unwrap(), text };
        incoming.take(self.engine()).await.unwrap();
    }

    /// A service of a run's release keeps ending: an event as the engine writes it.
    pub(crate) async fn happens(&self, run: usize, service: &str) {
        let run = self.room.run_id(run);
        let mut commit = Commit::at(self.now_ms());
        let of = CrashingService { service: service.parse().unwrap(), release: 1 };
        let (since_ms, last_ms) = (self.now_ms(), self.now_ms());
        let (how, line) = ("exit code 1".to_owned(), String::new());
        let crashes = Crashes { times: 3, since_ms, last_ms, how, line, gave_up: false };
        commit.happenings.push((run, Happening::CrashLoop { of, crashes }));
        self.engine().store().commit(commit).await.unwrap();
    }
}
