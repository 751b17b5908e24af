#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
use chat::{Card, Part, StepLine, StepMark, Tone};
use expect_test::expect;

use super::render::{Style, card, changes, going_shown, held};

const PLAIN: Style = Style { coloured: false, marks: false, width: None };
const NARROW: Style = Style { coloured: false, marks: true, width: Some(60) };
const COLOURED: Style = Style { coloured: true, marks: true, width: Some(80) };

fn step(mark: StepMark, title: &str, says: &str, took_ms: Option<i64>) -> StepLine {
    StepLine { mark, title: title.to_owned(), says: says.to_owned(), took_ms }
}

fn deploying(steps: Vec<StepLine>) -> Card {
    let mut made = Card::new(Tone::Going, "r-3f2a · deploy v1.6.0 to staging · running, 2 s")
        .list("Changes", vec!["api: release 3 → 4".to_owned(), "web: release 3 → 4".to_owned()])
        .fields(vec![
            ("asked by".to_owned(), "ana".to_owned()),
            (
                "way back".to_owned(),
                "traffic to release 3, which is kept and was healthy for two days".to_owned(),
            ),
        ])
        .button("Pause", "pause r-3f2a", false)
        .button("Cancel", "cancel r-3f2a", true);
    made.parts.push(Part::Steps { steps });
    made.key = "r-3f2a".to_owned();
    made.command = "deploy staging".to_owned();
    made
}

fn half_way() -> Card {
    deploying(vec![
        step(StepMark::Done, "Resolve ref", "main is 3fa21c0", Some(210)),
        step(StepMark::Going, "Build", "compiling", Some(1_900)),
        step(StepMark::Pending, "Traffic", "100% to release 4", None),
    ])
}

#[test]
fn a_card_without_a_terminal_is_plain() {
    expect![[r#"
        r-3f2a · deploy v1.6.0 to staging · running, 2 s
          Changes:
            api: release 3 → 4
            web: release 3 → 4
          asked by  ana
          way back  traffic to release 3, which is kept and was healthy for two days
          [done]   Resolve ref  main is 3fa21c0 (210 ms)
          [going]  Build        compiling (1.9 s)
          [to do]  Traffic      100% to release 4
          said as: deploy staging
          type: pause r-3f2a  |  cancel r-3f2a
    "#]]
    .assert_eq(&card(&half_way(), PLAIN));
}

#[test]
fn a_word_longer_than_the_room_stays_within_it_and_an_address_stays_whole() {
    let json = format!("{{{}\"end\":1}}", "\"database\":{\"ok\":false},".repeat(4));
    let address = format!("http://127.0.0.1:7400/{}", "x".repeat(50));
    let mut shown =
        deploying(vec![step(StepMark::Failed, "api and web", &format!("answered 503: {json}"), None)]);
    shown = shown.text(format!("see {address} for more"));
    let text = card(&shown, NARROW);
    let rows: Vec<&str> = text.lines().collect();
    for row in rows.iter().filter(|row| !row.contains("http://")) {
        assert!(row.chars().count() <= 60, "{row}");
    }
    assert!(rows[1..].iter().all(|row| row.starts_with("  ")), "{text}");
    let glued: String = rows.iter().map(|row| row.trim_start()).collect();
    assert!(glued.contains(&json) && text.contains(&address), "{text}");
}

#[test]
fn a_narrow_terminal_wraps_under_where_the_text_began() {
    expect![[r#"
        r-3f2a · deploy v1.6.0 to staging · running, 2 s
          Changes:
            api: release 3 → 4
            web: release 3 → 4
          asked by  ana
          way back  traffic to release 3, which is kept and was
                    healthy for two days
          ✓ Resolve ref  main is 3fa21c0 (210 ms)
          ▸ Build        compiling (1.9 s)
          · Traffic      100% to release 4
          said as: deploy staging
          type: pause r-3f2a  |  cancel r-3f2a
    "#]]
    .assert_eq(&card(&half_way(), NARROW));
}

#[test]
fn colours_are_only_added() {
    let coloured = card(&half_way(), COLOURED);
    assert!(coloured.contains("\u{1b}[32m✓\u{1b}[0m"));
    let mut plain = String::new();
    let mut inside = false;
    for c in coloured.chars() {
        inside |= c == '\u{1b}';
        if !inside {
            plain.push(c);
        }
        inside &= c != 'm';
    }
    assert_eq!(plain, card(&half_way(), Style { coloured: false, ..COLOURED }));
}

#[test]
fn an_update_shows_what_changed_and_nothing_else() {
    let before = half_way();
    let mut after = deploying(vec![
        step(StepMark::Done, "Resolve ref", "main is 3fa21c0", Some(210)),
        step(StepMark::Done, "Build", "built in bin", Some(3_400)),
        step(StepMark::Going, "Traffic", "100% to release 4", Some(10)),
    ]);
    after.headline = "r-3f2a · deploy v1.6.0 to staging · running, 4 s".to_owned();
    expect![[r#"
        r-3f2a [done] Build  built in bin (3.4 s)
    "#]]
    .assert_eq(&changes(&before, &after, PLAIN));
    assert_eq!(changes(&after, &after, PLAIN), "");
}

#[test]
fn what_a_step_waits_for_is_shown_when_it_is_new_and_due() {
    let says = |says: &str| deploying(vec![step(StepMark::Going, "Build", says, Some(10))]);
    let (before, after) = (says("compiling"), says("503 Service Unavailable"));
    assert_eq!(changes(&before, &held(&before, &after, |_| false), PLAIN), "");
    let due = held(&before, &after, |_| true);
    expect!["r-3f2a [going] Build  503 Service Unavailable\n"].assert_eq(&changes(&before, &due, PLAIN));
    assert_eq!(going_shown(Some(&before), &due), ["Build"]);
    assert!(going_shown(Some(&due), &due).is_empty());
}

#[test]
fn nothing_to_undo_is_no_news() {
    let card = |mark, says: &str| deploying(vec![step(mark, "Build", says, None)]);
    let before = card(StepMark::Done, "built");
    assert_eq!(changes(&before, &card(StepMark::Undone, "nothing to undo"), PLAIN), "");
    expect!["r-3f2a [undone] Build  no build is running\n"].assert_eq(&changes(
        &before,
        &card(StepMark::Undone, "no build is running"),
        PLAIN,
    ));
}

#[test]
fn the_end_of_a_run_shows_its_outcome() {
    let before = half_way();
    let mut after = deploying(vec![
        step(StepMark::Done, "Resolve ref", "main is 3fa21c0", Some(210)),
        step(StepMark::Failed, "Build", "the build ended with exit code 1", Some(3_400)),
        step(StepMark::Pending, "Traffic", "100% to release 4", None),
    ]);
    after.tone = Tone::Bad;
    after.headline = "r-3f2a · deploy v1.6.0 to staging · failed after 4 s: build-failed".to_owned();
    after = after.verbatim(vec!["error: expected `;`".to_owned()]).text("staging is as it was before.");
    after.buttons = vec![chat::Button {
        label: "Retry".to_owned(),
        command: "retry r-3f2a".to_owned(),
        danger: false,
        asks: None,
    }];
    expect![[r#"
        r-3f2a [failed] Build  the build ended with exit code 1 (3.4 s)
        r-3f2a · deploy v1.6.0 to staging · failed after 4 s: build-failed
          | error: expected `;`
          staging is as it was before.
          type: retry r-3f2a
    "#]]
    .assert_eq(&changes(&before, &after, PLAIN));
}

#[test]
fn what_others_wrote_can_not_steer_the_terminal() {
    let nasty = Card::new(Tone::Plain, "title \u{1b}]0;owned\u{7}")
        .verbatim(vec!["\u{1b}[2Jgone\u{202e}".to_owned()])
        .text("a\tb");
    let shown = card(&nasty, COLOURED.without_colour());
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
}

impl Style {
    fn without_colour(self) -> Self {
        Self { coloured: false, ..self }
    }
}
