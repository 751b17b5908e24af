//! Where nothing that is written can be changed: a pipe, a file, a log of CI. A card is shown whole once, then a line for
//! each outcome of a step, and one for a step that takes its time.

use std::collections::{BTreeMap, HashMap};

use chat::{Card, Outbound, Tone};

use super::render::{self, Style};

/// Cards remembered for showing changes; beyond that they are forgotten, and then shown whole again.
const CARDS_MAX: usize = 200;
/// A step in progress says what it waits for at most this often, in milliseconds: a build has a word for every line.
const SAYS_EVERY_MS: i64 = 10_000;
/// A step that takes longer than this is said to have begun, in milliseconds: nobody should wait before nothing.
const BEGUN_AFTER_MS: i64 = 3_000;

/// What has been written so far, as far as it matters.
pub(super) struct Plain {
    style: Style,
    cards: BTreeMap<String, Card>,
    /// Steps in progress, by card and title.
    going: HashMap<(String, String), Going>,
}

/// A step in progress.
struct Going {
    /// When it began.
    began_ms: i64,
    /// When what it waits for was last news.
    said_ms: i64,
    /// Whether it stands somewhere that it has begun.
    told: bool,
    /// What it waits for by now, where that came too soon after the last word: it is said when its time has come.
    kept: Option<String>,
}

impl Plain {
    /// Nothing written yet.
    pub(super) fn new(style: Style) -> Self {
        Self { style, cards: BTreeMap::new(), going: HashMap::new() }
    }

    /// A line that is no card.
    pub(super) fn line(&self, line: &str) -> String {
        render::lines(line, self.style)
    }

    /// A message, or what changed on a card. Times only count from one call to the next.
    pub(super) fn show(&mut self, outbound: &Outbound, answer: bool, now_ms: i64) -> String {
        let card = outbound.card();
        let before = match outbound {
            Outbound::Update(card) => self.cards.get(&card.key),
            Outbound::Say(_) => None,
        };
        if answer && before.is_some() {
            // What happened since was reported already, or will be.
            return String::new();
        }
        let due = |title: &str| {
            let going = self.going.get(&(card.key.clone(), title.to_owned()));
            is_at_work(card) && going.is_some_and(|going| now_ms - going.said_ms >= SAYS_EVERY_MS)
        };
        let (text, card, told) = match before {
            Some(before) => {
                let card = render::held(before, card, due);
                let told = render::going_said(before, &card);
                (render::changes(before, &card, self.style), card, told)
            }
            None => (render::card(card, self.style), card.clone(), render::going(card)),
        };
        let news = render::going_shown(before, &card);
        self.follow(&card, &news, &told, now_ms);
        self.keep(&card, outbound.card());
        if !card.key.is_empty() {
            if self.cards.len() >= CARDS_MAX {
                self.cards.clear();
                self.going.clear();
            }
            self.cards.insert(card.key.clone(), card);
        }
        text
    }

    /// Notes which steps of a card are in progress, what of them is news, and which were said to be.
    fn follow(&mut self, card: &Card, news: &[String], told: &[String], now_ms: i64) {
        let going = render::going(card);
        self.going.retain(|(key, title), _| *key != card.key || going.contains(title));
        if card.key.is_empty() {
            return;
        }
        for title in going {
            let began_ms = now_ms - render::took_ms(card, &title);
            let (is_news, is_told) = (news.contains(&title), told.contains(&title));
            let going = self.going.entry((card.key.clone(), title)).or_insert(Going {
                began_ms,
                said_ms: now_ms,
                told: false,
                kept: None,
            });
            going.told |= is_told;
            if is_news {
                going.said_ms = now_ms;
            }
        }
    }

    /// Notes what a card says of steps in progress that was not shown.
    fn keep(&mut self, shown: &Card, whole: &Card) {
        for title in render::going(shown) {
            let Some(going) = self.going.get_mut(&(shown.key.clone(), title.clone())) else { continue };
            let says = render::says(whole, &title).filter(|_| is_at_work(whole));
            going.kept =
                says.filter(|says| render::says(shown, &title) != Some(*says)).map(ToOwned::to_owned);
        }
    }

    /// Whether time alone may bring something to say.
    pub(super) fn ticks(&self) -> bool {
        self.going.values().any(|going| !going.told || going.kept.is_some())
    }

    /// Time has passed: a step that is still in progress is said to be, once; and so is what it waits for by now.
    pub(super) fn tick(&mut self, now_ms: i64) -> String {
        let mut text = String::new();
        for (key, card) in &mut self.cards {
            for title in render::going(card) {
                let Some(going) = self.going.get_mut(&(key.clone(), title.clone())) else { continue };
                let kept = going.kept.take_if(|_| now_ms - going.said_ms >= SAYS_EVERY_MS);
                let is_late = !going.told && now_ms - going.began_ms >= BEGUN_AFTER_MS;
                if kept.is_none() && !is_late {
                    continue;
                }
                going.told = true;
                if let Some(says) = kept {
                    going.said_ms = now_ms;
                    render::say(card, &title, &says);
                }
                text.push_str(&render::begun(card, &title, self.style));
            }
        }
        text
    }
}

/// Whether a run is at work: of one that waits for a person its headline says what for, and a step saying so too is once too often.
fn is_at_work(card: &Card) -> bool {
    card.tone == Tone::Going
}

#[cfg(test)]
mod tests {
    use chat::{Part, StepLine, StepMark};
    use expect_test::expect;

    use super::*;

    fn run(steps: &[(StepMark, &str, &str)]) -> Outbound {
        let mut card = Card::new(Tone::Going, "r-3f2a · Deploy v1.0.0 to staging · running");
        card.key = "r-3f2a".to_owned();
        let line = |(mark, title, says): &(StepMark, &str, &str)| {
            let took_ms = (*mark == StepMark::Going).then_some(0);
            StepLine { mark: *mark, title: (*title).to_owned(), says: (*says).to_owned(), took_ms }
        };
        card.parts.push(Part::Steps { steps: steps.iter().map(line).collect() });
        Outbound::Update(card)
    }

    /// A pipe, with what was written into it.
    fn pipe() -> Plain {
        Plain::new(Style { coloured: false, marks: false, width: None })
    }

    #[test]
    fn a_step_that_takes_its_time_is_said_to_have_begun_once() {
        use StepMark::{Done, Going, Pending};
        let mut plain = pipe();
        plain.show(&run(&[(Pending, "preflight", ""), (Pending, "traffic", "")]), true, 0);
        let building = run(&[(Going, "preflight", "building"), (Pending, "traffic", "")]);
        assert_eq!(plain.show(&building, false, 1_000), "");
        assert!(plain.ticks());
        assert_eq!(plain.tick(2_000), "");
        expect!["r-3f2a [going] preflight  building\n"].assert_eq(&plain.tick(4_000));
        assert!(!plain.ticks());
        assert_eq!(plain.tick(9_000), "");
        let built = run(&[(Done, "preflight", "built"), (Going, "traffic", "")]);
        expect!["r-3f2a [done] preflight  built\n"].assert_eq(&plain.show(&built, false, 9_500));
        // The next one is quick.
        let done = run(&[(Done, "preflight", "built"), (Done, "traffic", "")]);
        expect!["r-3f2a [done] traffic\n"].assert_eq(&plain.show(&done, false, 10_000));
        assert!(!plain.ticks());
        assert_eq!(plain.tick(60_000), "");
    }

    #[test]
    fn a_step_that_stands_on_the_card_already_is_not_said_again() {
        let mut plain = pipe();
        let building = run(&[(StepMark::Going, "preflight", "building")]);
        assert!(plain.show(&building, false, 0).contains("[going]  preflight"));
        assert!(!plain.ticks());
        assert_eq!(plain.tick(60_000), "");
    }

    #[test]
    fn a_word_that_came_too_soon_is_said_when_its_time_has_come() {
        let mut plain = pipe();
        let going = |says| run(&[(StepMark::Going, "canary 10%", says)]);
        plain.show(&going("soaking, 10 s left"), false, 0);
        assert_eq!(plain.show(&going("soaking, 5 s left"), false, 5_000), "");
        assert_eq!(plain.show(&going("held, a person has to say"), false, 6_000), "");
        assert!(plain.ticks());
        assert_eq!(plain.tick(9_000), "");
        expect!["r-3f2a [going] canary 10%  held, a person has to say\n"].assert_eq(&plain.tick(10_000));
        assert!(!plain.ticks());
        assert_eq!(plain.tick(60_000), "");
        // It is not said again when something else changes.
        assert_eq!(plain.show(&going("held, a person has to say"), false, 61_000), "");
    }

    #[test]
    fn a_run_that_waits_for_a_person_says_so_once() {
        let soaks = run(&[(StepMark::Going, "canary 10%", "soaking, 10 s left")]);
        let Outbound::Update(card) = run(&[(StepMark::Going, "canary 10%", "held, a person has to say")])
        else {
            return;
        };
        let headline = "r-3f2a · Deploy v1.0.0 to staging · paused by the judge".to_owned();
        let held = Outbound::Update(Card { headline, tone: Tone::Ask, ..card });
        // However long ago the step's last word was.
        for at_ms in [6_000, 30_000] {
            let mut plain = pipe();
            plain.show(&soaks, false, 0);
            let shown = plain.show(&held, false, at_ms) + &plain.tick(at_ms + 60_000);
            expect!["r-3f2a · Deploy v1.0.0 to staging · paused by the judge\n"].assert_eq(&shown);
            assert!(!plain.ticks());
        }
    }

    #[test]
    fn what_was_news_says_that_the_step_has_begun() {
        let mut plain = pipe();
        plain.show(&run(&[(StepMark::Pending, "bring up", "")]), true, 0);
        plain.show(&run(&[(StepMark::Going, "bring up", "starting")]), false, 0);
        expect!["r-3f2a [going] bring up  503 Service Unavailable\n"].assert_eq(&plain.show(
            &run(&[(StepMark::Going, "bring up", "503 Service Unavailable")]),
            false,
            11_000,
        ));
        assert!(!plain.ticks());
    }
}
