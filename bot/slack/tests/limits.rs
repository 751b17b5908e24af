//! Whatever a card holds, Slack takes it, and what is cut comes along.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use chat::{Card, Part, Quote, StepLine, StepMark, Tone, view};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use slack::blocks::{Rendered, render};
use slack::limits;

fn tone() -> impl Strategy<Value = Tone> {
    prop_oneof![Just(Tone::Plain), Just(Tone::Ask), Just(Tone::Going), Just(Tone::Good), Just(Tone::Bad)]
}

/// Text as it comes: short, long, with markup, in any script.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,60}",
        1 => "\\PC{0,40}",
        1 => "[a-z&<>`*\n ]{0,400}",
        1 => (1_usize..9_000).prop_map(|length| "&<x>".repeat(length / 4 + 1)),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        text().prop_map(|text| Part::Text { text }),
        (text(), vec(text(), 0..40)).prop_map(|(title, lines)| Part::List { title, lines }),
        vec((text(), text()), 0..25).prop_map(|fields| Part::Fields { fields }),
        vec((text(), text(), any::<Option<i64>>()), 0..60).prop_map(|steps| Part::Steps {
            steps: steps
                .into_iter()
                .map(|(title, says, took_ms)| StepLine { mark: StepMark::Done, title, says, took_ms })
                .collect(),
        }),
        vec(text(), 0..200).prop_map(|lines| Part::Verbatim { lines }),
        vec((text(), text()), 0..30).prop_map(|quotes| Part::Quotes {
            quotes: quotes.into_iter().map(|(who, text)| Quote { who, text }).collect(),
        }),
    ]
}

prop_compose! {
    fn card()(
        tone in tone(),
        headline in text(),
        parts in vec(part(), 0..12),
        buttons in vec((text(), text(), any::<bool>()), 0..40),
        command in text(),
        form in proptest::option::of((text(), text())),
    ) -> Card {
        let mut card = Card::new(tone, headline);
        card.parts = parts;
        card.command = command;
        for (label, command, danger) in buttons {
            card = card.button(&format!("b{label}"), format!("c{command}"), danger);
        }
        if let Some((title, label)) = form {
            card = card.form(&title, &label);
        }
        card
    }
}

fn strings<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == key => found.push(text),
                    other => strings(other, key, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| strings(value, key, found)),
        _ => {}
    }
}

/// Texts in which Slack looks for markup.
fn marked_up<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) if value["type"] == "mrkdwn" => found.extend(fields["text"].as_str()),
        Value::Object(fields) => fields.values().for_each(|value| marked_up(value, found)),
        Value::Array(values) => values.iter().for_each(|value| marked_up(value, found)),
        _ => {}
    }
}

fn within_limits(shown: &Rendered) {
    let most = |text: &Value, most: usize| {
        let chars = text.as_str().unwrap().chars().count();
        assert!((1..=most).contains(&chars), "{chars} characters, at most {most}");
    };
    assert!(!shown.text.is_empty() && shown.text.chars().count() <= limits::FALLBACK_CHARS);
    assert!((1..=limits::BLOCKS).contains(&shown.blocks.len()), "{} blocks", shown.blocks.len());
    let mut rows = 0;
    for block in &shown.blocks {
        match block["type"].as_str().unwrap() {
            "section" => {
                if !block["text"].is_null() {
                    most(&block["text"]["text"], limits::SECTION_CHARS);
                }
                let fields = block["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
                assert!(fields.len() <= limits::FIELDS && (!fields.is_empty() || !block["text"].is_null()));
                for field in fields {
                    most(&field["text"], limits::FIELD_CHARS);
                }
            }
            "actions" => {
                rows += 1;
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=limits::ELEMENTS).contains(&elements.len()));
                for element in elements {
                    most(&element["text"]["text"], limits::BUTTON_CHARS);
                    most(&element["value"], limits::VALUE_CHARS);
                    if !element["confirm"].is_null() {
                        most(&element["confirm"]["text"]["text"], 300);
                        most(&element["confirm"]["confirm"]["text"], 30);
                    }
                }
            }
            "context" => most(&block["elements"][0]["text"], limits::CONTEXT_CHARS),
            other => panic!("a block of type {other}"),
        }
    }
    assert!(rows <= limits::BUTTON_ROWS);
    let mut ids = Vec::new();
    for block in &shown.blocks {
        strings(block, "action_id", &mut ids);
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "every button has an identifier of its own");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn slack_takes_every_card_and_nothing_is_cut_silently(card in card()) {
        let shown = render(&card, "say/0");
        within_limits(&shown);
        let whole = view::plain(&card);
        let read = shown.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        if read != whole {
            prop_assert_eq!(shown.rest.as_deref(), Some(whole.as_str()));
            prop_assert!(shown.text.ends_with('…'), "a cut shows");
        }
        // No text of a card becomes a mention, a link or a broadcast.
        let mut texts = vec![shown.text.as_str()];
        for block in &shown.blocks {
            marked_up(block, &mut texts);
        }
        for text in texts {
            prop_assert!(!text.contains('<'), "{}", text);
        }
    }
}

fn lines(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("line {number} {}", "x".repeat(80))).collect()
}

#[test]
fn at_the_edge_of_a_message_there_is_a_note_and_the_whole() {
    let fits = render(&Card::new(Tone::Plain, "Logs").verbatim(lines(30)), "say/0");
    assert_eq!(fits.rest, None);
    let cut = render(&Card::new(Tone::Plain, "Logs").verbatim(lines(400)).button("b", "c", true), "say/0");
    within_limits(&cut);
    assert!(cut.rest.unwrap().contains("line 399"));
    assert!(cut.blocks.iter().any(|block| block.to_string().contains("comes as a file")));
    assert_eq!(cut.blocks.last().unwrap()["type"], "actions", "what can be clicked is never cut");
}

#[test]
fn many_parts_leave_room_for_buttons() {
    let mut card = Card::new(Tone::Ask, "Many");
    for number in 0..100 {
        card = card.text(format!("part {number}"));
    }
    for number in 0..40 {
        card = card.button(&format!("button {number}"), format!("say {number}"), false);
    }
    card.command = "the command".to_owned();
    let shown = render(&card, "say/0");
    within_limits(&shown);
    assert_eq!(shown.blocks.iter().filter(|block| block["type"] == "actions").count(), limits::BUTTON_ROWS);
    assert!(shown.rest.unwrap().contains("part 99"));
}
