//! A card as plain text: what people read where nothing else can be shown, and what is read to those who do not see.

use std::fmt::Write as _;

use super::time::duration;
use crate::message::{Card, Part, StepMark, Tone};

/// The card, line by line; ends with a line break.
pub fn plain(card: &Card) -> String {
    let mark = match card.tone {
        Tone::Plain => "·",
        Tone::Ask => "?",
        Tone::Going => "…",
        Tone::Good => "✓",
        Tone::Bad => "✗",
    };
    let mut text = format!("{mark} {}\n", card.headline);
    for part in &card.parts {
        match part {
            Part::Text { text: said } => lines(&mut text, "  ", said.lines()),
            Part::List { title, lines: listed } => {
                if !title.is_empty() {
                    let _ = writeln!(text, "  {title}:");
                }
                lines(&mut text, "    ", listed.iter().map(String::as_str));
            }
            Part::Fields { fields } => {
                for (name, value) in fields {
                    let _ = writeln!(text, "  {name}: {value}");
                }
            }
            Part::Steps { steps } => {
                for step in steps {
                    let mark = match step.mark {
                        StepMark::Pending => "·",
                        StepMark::Going => "…",
                        StepMark::Done => "✓",
                        StepMark::Failed => "✗",
                        StepMark::Undone => "↩",
                        StepMark::Kept => "!",
                    };
                    let took = step.took_ms.map(|ms| format!(" ({})", duration(ms)));
                    let _ =
                        writeln!(text, "  {mark} {}: {}{}", step.title, step.says, took.unwrap_or_default());
                }
            }
            Part::Verbatim { lines: said } => lines(&mut text, "  | ", said.iter().map(String::as_str)),
            Part::Picture { chart } => lines(&mut text, "  ", chart.says.iter().map(String::as_str)),
            Part::Quotes { quotes } => {
                for quote in quotes {
                    let _ = writeln!(text, "  > {}: {}", quote.who, quote.text);
                }
            }
        }
    }
    if !card.buttons.is_empty() {
        let buttons = card.buttons.iter().map(|button| {
            let danger = if button.danger { "!" } else { "" };
            format!("[{}{danger}]", button.label)
        });
        let _ = writeln!(text, "  {}", buttons.collect::<Vec<_>>().join(" "));
    }
    if !card.command.is_empty() {
        let _ = writeln!(text, "  > {}", card.command);
    }
    text
}

fn lines<'a>(text: &mut String, before: &str, lines: impl Iterator<Item = &'a str>) {
    for line in lines {
        let _ = writeln!(text, "{before}{line}");
    }
}
