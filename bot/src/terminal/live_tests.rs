#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
use chat::{Card, Outbound, Part, StepLine, StepMark, Tone};
use expect_test::expect;

use super::live::{Size, Tail};
use super::render::Style;

/// A terminal with somebody half-way through a line, and the tail that writes above it.
struct Seen {
    tail: Tail,
    terminal: vt100::Parser,
    typed: &'static str,
}

impl Seen {
    fn new(rows: u16, columns: u16) -> Self {
        let style = Style { coloured: false, marks: true, width: None };
        let size = Size { rows: rows.into(), columns: columns.into() };
        let mut seen = Self {
            tail: Tail::new(style, size),
            terminal: vt100::Parser::new(rows, columns, 200),
            typed: "ana> sta",
        };
        seen.write("");
        seen
    }

    /// Writes as the line editor does: takes its line away, writes, and puts the line back.
    fn write(&mut self, text: &str) {
        let text = format!("\r\u{1b}[K{}{}", text.replace('\n', "\r\n"), self.typed);
        self.terminal.process(text.as_bytes());
    }

    fn show(&mut self, outbound: &Outbound, now_ms: i64) -> &mut Self {
        // What is queued is the answer to an order.
        let answer = outbound.card().headline.ends_with("queued");
        let text = self.tail.show(outbound, answer, now_ms);
        self.write(&text);
        self
    }

    fn says(&mut self, text: &str) -> &mut Self {
        let text = self.tail.line(text);
        self.write(&text);
        self
    }

    fn ticks(&mut self, now_ms: i64) -> &mut Self {
        assert!(self.tail.ticks());
        let text = self.tail.tick(now_ms);
        self.write(&text);
        self
    }

    /// The window gets another width; this terminal cuts lines off and does not break them anew.
    fn resizes(&mut self, columns: u16) -> &mut Self {
        let rows = self.terminal.screen().size().0;
        self.terminal.screen_mut().set_size(rows, columns);
        self.tail.resized(Size { rows: rows.into(), columns: columns.into() });
        self
    }

    /// The person ends the line.
    fn enters(&mut self) -> &mut Self {
        self.terminal.process(b"\r\n");
        self.tail.typed(self.typed);
        self.write("");
        self
    }

    fn screen(&self) -> String {
        let shown = self.terminal.screen().contents();
        shown.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
    }
}

fn run(key: &str, state: &str, steps: &[(StepMark, &str, &str)]) -> Card {
    let mut card = Card::new(Tone::Going, format!("{key} · deploy staging · {state}"));
    card.key = key.to_owned();
    card.going_ms = state.strip_prefix("running, ").map(|_| 2_000);
    let steps = steps.iter().map(|(mark, title, says)| StepLine {
        mark: *mark,
        title: (*title).to_owned(),
        says: (*says).to_owned(),
        took_ms: (*mark == StepMark::Going).then_some(0),
    });
    card.parts.push(Part::Steps { steps: steps.collect() });
    card
}

fn running(key: &str, says: &str) -> Outbound {
    let steps = [(StepMark::Done, "build", "built"), (StepMark::Going, "api and web", says)];
    Outbound::Update(run(key, "running, 2.0 s", &steps))
}

fn succeeded(key: &str) -> Outbound {
    let steps = [(StepMark::Done, "build", "built"), (StepMark::Done, "api and web", "healthy")];
    let mut card = run(key, "succeeded in 5 s", &steps);
    card.tone = Tone::Good;
    Outbound::Update(card)
}

fn queued(key: &str) -> Outbound {
    let steps = [(StepMark::Pending, "build", ""), (StepMark::Pending, "api and web", "")];
    Outbound::Update(run(key, "queued", &steps))
}

#[test]
fn a_card_is_drawn_anew_in_its_place_above_the_line_being_typed() {
    let mut seen = Seen::new(20, 60);
    seen.says("Try: deploy staging")
        .enters()
        .show(&queued("r-0001"), 0)
        .show(&running("r-0001", "starting"), 10);
    expect![[r#"
        Try: deploy staging
        ana> sta
        r-0001 · deploy staging · running, 2.0 s
          ✓ build        built
          ▸ api and web  starting
        ana> sta
    "#]]
    .assert_eq(&seen.screen());
    seen.ticks(3_010);
    expect![[r#"
        Try: deploy staging
        ana> sta
        r-0001 · deploy staging · running, 5.0 s
          ✓ build        built
          ▸ api and web  starting (3.0 s)
        ana> sta
    "#]]
    .assert_eq(&seen.screen());
    seen.show(&succeeded("r-0001"), 4_000);
    expect![[r#"
        Try: deploy staging
        ana> sta
        r-0001 · deploy staging · succeeded in 5 s
          ✓ build        built
          ✓ api and web  healthy
        ana> sta
    "#]]
    .assert_eq(&seen.screen());
    assert!(!seen.tail.ticks());
}

#[test]
fn several_cards_with_answers_between_them_are_each_kept_up_to_date() {
    let mut seen = Seen::new(24, 60);
    seen.show(&queued("r-0001"), 0).enters().says("an answer").show(&queued("r-0002"), 0);
    seen.show(&running("r-0002", "starting"), 0).show(&succeeded("r-0001"), 10);
    expect![[r#"
        r-0001 · deploy staging · succeeded in 5 s
          ✓ build        built
          ✓ api and web  healthy
        ana> sta
        an answer
        r-0002 · deploy staging · running, 2.0 s
          ✓ build        built
          ▸ api and web  starting
        ana> sta
    "#]]
    .assert_eq(&seen.screen());
}

#[test]
fn a_card_that_has_left_the_screen_goes_on_in_short_and_ends_whole() {
    let mut seen = Seen::new(12, 60);
    seen.show(&queued("r-0001"), 0).says(&"an answer\n".repeat(9));
    seen.show(&running("r-0001", "starting"), 0).show(&running("r-0001", "3 of 4 are healthy"), 10);
    expect![[r#"
        an answer
        an answer
        an answer
        an answer
        an answer
        an answer
        an answer
        an answer
        an answer
        r-0001 · deploy staging · running, 2.0 s
          ▸ api and web  3 of 4 are healthy
        ana> sta
    "#]]
    .assert_eq(&seen.screen());
    seen.show(&succeeded("r-0001"), 20);
    assert!(seen.screen().ends_with(
        "an answer\nr-0001 · deploy staging · succeeded in 5 s\n  ✓ build        built\n  ✓ api and web  healthy\nana> sta\n"
    ));
}

#[test]
fn wide_characters_and_lines_longer_than_the_screen_are_counted_as_the_rows_they_take() {
    let long = |outbound: Outbound| {
        let card = outbound.card().clone().verbatim(vec!["漢字".repeat(23), "x".repeat(83)]);
        Outbound::Update(card)
    };
    let mut seen = Seen::new(24, 40);
    seen.says("before").show(&long(queued("r-0001")), 0).show(&long(running("r-0001", "starting")), 1);
    let shown = seen.show(&succeeded("r-0001"), 2).screen();
    expect![[r#"
        before
        r-0001 · deploy staging · succeeded in 5
        s
          ✓ build        built
          ✓ api and web  healthy
        ana> sta
    "#]]
    .assert_eq(&shown);
}

#[test]
fn in_another_width_in_which_all_rows_stay_a_card_is_drawn_in_its_place() {
    let mut seen = Seen::new(20, 60);
    seen.says("Before it.");
    seen.show(&queued("r-0001"), 0);
    seen.resizes(50);
    seen.resizes(60);
    seen.show(&succeeded("r-0001"), 1);
    expect![[r#"
        Before it.
        r-0001 · deploy staging · succeeded in 5 s
          ✓ build        built
          ✓ api and web  healthy
        ana> sta
    "#]]
    .assert_eq(&seen.screen());
}

#[test]
fn an_answer_slower_than_the_report_is_no_second_card() {
    let mut seen = Seen::new(20, 60);
    seen.enters().show(&running("r-0001", "starting"), 0).show(&queued("r-0001"), 1);
    assert_eq!(seen.screen().matches("r-0001").count(), 1, "{}", seen.screen());
    // Asked for again, it goes on where it was asked for.
    seen.enters().show(&queued("r-0001"), 2).show(&succeeded("r-0001"), 3);
    assert_eq!(seen.screen().matches("running").count(), 1, "{}", seen.screen());
    assert_eq!(seen.screen().matches("succeeded").count(), 1, "{}", seen.screen());
}

#[test]
fn a_line_that_fills_its_row_leaves_the_editor_on_the_next() {
    let mut seen = Seen::new(20, 60);
    seen.show(&queued("r-0001"), 0);
    let line = "ana> ".to_owned() + &"x".repeat(55);
    seen.terminal.process(format!("\r{line}\r\n\r\n").as_bytes());
    seen.tail.typed(&line);
    seen.write("");
    seen.show(&succeeded("r-0001"), 1);
    assert!(seen.screen().starts_with("r-0001 · deploy staging · succeeded"), "{}", seen.screen());
    assert_eq!(seen.screen().matches("r-0001").count(), 1, "{}", seen.screen());
}

#[test]
fn in_a_width_that_breaks_rows_anew_all_that_was_said_is_there_once() {
    let mut seen = Seen::new(20, 60);
    seen.says("What was said before it is longer than the terminal will be.");
    seen.show(&queued("r-0001"), 0);
    seen.resizes(26).resizes(80).resizes(30);
    seen.show(&succeeded("r-0001"), 1);
    let screen = seen.screen();
    assert_eq!(screen.matches("r-0001").count(), 1, "{screen}");
    assert_eq!(screen.matches("What was said").count(), 1, "{screen}");
    assert!(screen.contains("succeeded") && screen.ends_with("ana> sta\n"), "{screen}");
}
