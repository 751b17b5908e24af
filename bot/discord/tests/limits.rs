//! Whatever a card holds, Discord takes it, and what is cut comes along.
#![expect(clippy::unwrap_used, reason = "tests")]

use chat::{Card, Part, Quote, StepLine, StepMark, Tone, view};
use discord::embeds::{Rendered, render};
use discord::limits;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

fn tone() -> impl Strategy<Value = Tone> {
    prop_oneof![Just(Tone::Plain), Just(Tone::Ask), Just(Tone::Going), Just(Tone::Good), Just(Tone::Bad)]
}

/// Text as it comes: short, long, with markup, in any script.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,60}",
        1 => "\\PC{0,40}",
        1 => "[a-z*_<>`\\\\\n ]{0,400}",
        1 => (1_usize..9_000).prop_map(|length| "*x🚀`".repeat(length / 4 + 1)),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        text().prop_map(|text| Part::Text { text }),
        (text(), vec(text(), 0..40)).prop_map(|(title, lines)| Part::List { title, lines }),
        vec((text(), text()), 0..60).prop_map(|fields| Part::Fields { fields }),
        vec(("[a-z ]{1,9}", "[a-z]{1,9}"), 2..60).prop_map(|fields| Part::Fields { fields }),
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
        key in "(|r-[0-9a-f]{4})",
        headline in text(),
        parts in vec(part(), 0..12),
        buttons in vec((text(), text(), any::<bool>()), 0..60),
        command in text(),
        form in proptest::option::of((text(), text())),
    ) -> Card {
        let mut card = Card::new(tone, headline);
        card.key = key;
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

fn size(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn within_limits(shown: &Rendered) {
    assert!((1..=limits::CONTENT_CHARS).contains(&shown.content.encode_utf16().count()));
    assert!(shown.embeds.len() <= limits::EMBEDS, "{} embeds", shown.embeds.len());
    let mut all = 0;
    for embed in &shown.embeds {
        let fields = list(&embed["fields"]);
        assert!(size(&embed["description"]) <= limits::DESCRIPTION_CHARS && fields.len() <= limits::FIELDS);
        let mut here = size(&embed["description"]) + size(&embed["footer"]["text"]);
        for field in &fields {
            assert!((1..=limits::FIELD_NAME_CHARS).contains(&size(&field["name"])));
            assert!((1..=limits::FIELD_VALUE_CHARS).contains(&size(&field["value"])), "{field}");
            here += size(&field["name"]) + size(&field["value"]);
        }
        assert!(here > 0, "an embed of nothing");
        all += here;
    }
    assert!(all <= limits::EMBEDS_CHARS, "{all} characters in embeds");
    assert!(shown.components.len() <= limits::ROWS);
    let mut ids = Vec::new();
    for row in &shown.components {
        let inside = list(&row["components"]);
        let menus = inside.iter().filter(|one| one["type"] == 3).count();
        assert!((1..=limits::ROW_BUTTONS).contains(&inside.len()) && (menus == 0 || inside.len() == 1));
        for one in inside {
            assert!((1..=limits::CUSTOM_ID_CHARS).contains(&size(&one["custom_id"])));
            ids.push(one["custom_id"].as_str().unwrap().to_owned());
            let options = list(&one["options"]);
            if one["type"] == 2 {
                assert!((1..=limits::LABEL_CHARS).contains(&size(&one["label"])));
                continue;
            }
            assert!((1..=limits::OPTIONS).contains(&options.len()));
            for option in options {
                assert!((1..=limits::OPTION_CHARS).contains(&size(&option["label"])));
                assert!((1..=limits::OPTION_CHARS).contains(&size(&option["value"])));
            }
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "every component has an identifier of its own");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn discord_takes_every_card_and_nothing_is_cut_silently(card in card()) {
        let shown = render(&card);
        within_limits(&shown);
        let embeds = Value::from(shown.embeds.clone()).to_string();
        match &shown.rest {
            Some(rest) => {
                prop_assert_eq!(rest, &view::plain(&card));
                prop_assert!(embeds.contains("Cut here"), "a cut shows");
            }
            None => prop_assert!(!embeds.contains("Cut here")),
        }
        // No text of a card wakes anybody or becomes a link with another name.
        for mention in ["<@", "@everyone", "@here"] {
            for (at, _) in shown.content.match_indices(mention) {
                prop_assert!(shown.content[..at].ends_with('\\'), "{}", shown.content);
            }
        }
    }
}

fn lines(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("line {number} {}", "x".repeat(80))).collect()
}

#[test]
fn at_the_edge_of_a_message_there_is_a_note_and_the_whole() {
    let fits = render(&Card::new(Tone::Plain, "Logs").verbatim(lines(60)));
    assert_eq!(fits.rest, None);
    assert!(fits.embeds.len() > 1, "a description is not long enough for it");
    let cut = render(&Card::new(Tone::Plain, "Logs").verbatim(lines(400)).button("b", "c", true));
    within_limits(&cut);
    assert!(cut.rest.unwrap().contains("line 399"));
    assert!(cut.embeds.iter().any(|embed| embed.to_string().contains("the whole of it is attached")));
    assert_eq!(cut.components.len(), 1, "what can be clicked is never cut");
}

#[test]
fn a_description_of_exactly_the_limit_is_one_embed() {
    let of = |length: usize| render(&Card::new(Tone::Plain, "Edge").text("x".repeat(length)));
    assert_eq!(size(&of(limits::DESCRIPTION_CHARS).embeds[0]["description"]), limits::DESCRIPTION_CHARS);
    assert_eq!(of(limits::DESCRIPTION_CHARS).rest, None);
    let longer = of(limits::DESCRIPTION_CHARS + 1);
    within_limits(&longer);
    assert!(longer.rest.is_some());
}

#[test]
fn twenty_five_fields_are_one_embed_and_one_more_is_two() {
    let of = |count: usize| {
        let fields = (0..count).map(|number| (format!("name {number}"), "value".to_owned()));
        render(&Card::new(Tone::Plain, "Fields").fields(fields.collect()))
    };
    assert_eq!(of(limits::FIELDS).embeds.len(), 1);
    let more = of(limits::FIELDS + 1);
    assert_eq!(more.embeds.len(), 2);
    within_limits(&more);
    assert_eq!(more.rest, None);
}

#[test]
fn a_headline_is_cut_at_the_limit_of_a_text() {
    let shown = render(&Card::new(Tone::Bad, "y".repeat(limits::CONTENT_CHARS)));
    within_limits(&shown);
    assert_eq!(shown.content.encode_utf16().count(), limits::CONTENT_CHARS);
    assert!(shown.content.ends_with('…') && shown.rest.is_some());
}

#[test]
fn many_choices_become_menus_and_dangers_stay_buttons() {
    let mut card = Card::new(Tone::Ask, "Which?");
    for number in 0..limits::BUTTONS {
        card = card.button(&format!("choice {number}"), format!("say {number}"), false);
    }
    let kinds = |card: &Card| -> Vec<(Value, usize)> {
        let of = |row: &Value| (row["components"][0]["type"].clone(), list(&row["components"]).len());
        render(card).components.iter().map(of).collect()
    };
    assert_eq!(kinds(&card), [(2.into(), 5), (2.into(), 5)]);
    for number in 0..50 {
        card = card.button(&format!("more {number}"), format!("say more {number}"), false);
    }
    card = card.button("Destroy", "destroy environment qa", true);
    within_limits(&render(&card));
    assert_eq!(kinds(&card), [(2.into(), 1), (3.into(), 1), (3.into(), 1), (3.into(), 1)]);
    assert_eq!(list(&render(&card).components[1]["components"][0]["options"]).len(), limits::OPTIONS);
}
