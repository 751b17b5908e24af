//! Cards quote other people: refs, reasons, names, log lines. Whatever front shows a card, it reads as what it is.

use engine::model::in_plain_sight;

use crate::message::{Card, Outbound, Part};

impl Outbound {
    /// The same without characters nobody sees.
    #[must_use]
    pub fn in_plain_sight(mut self) -> Self {
        let (Self::Say(card) | Self::Update(card)) = &mut self;
        clear_card(card);
        self
    }
}

/// What a button says stays as it is: with another text it would do something else, or nothing.
fn clear_card(card: &mut Card) {
    clear(&mut card.headline);
    clear(&mut card.command);
    card.parts.iter_mut().for_each(clear_part);
    for button in &mut card.buttons {
        clear(&mut button.label);
        if let Some(asks) = &mut button.asks {
            clear(asks);
        }
    }
    if let Some(form) = &mut card.form {
        clear(&mut form.title);
        clear(&mut form.label);
    }
}

fn clear_part(part: &mut Part) {
    match part {
        Part::Text { text } => clear(text),
        Part::List { title, lines } => {
            clear(title);
            lines.iter_mut().for_each(clear);
        }
        Part::Fields { fields } => {
            for (name, value) in fields {
                clear(name);
                clear(value);
            }
        }
        Part::Steps { steps } => {
            for step in steps {
                clear(&mut step.title);
                clear(&mut step.says);
            }
        }
        Part::Verbatim { lines } => lines.iter_mut().for_each(clear),
        Part::Picture { chart } => {
            clear(&mut chart.title);
            chart.says.iter_mut().for_each(clear);
        }
        Part::Quotes { quotes } => {
            for quote in quotes {
                clear(&mut quote.who);
                clear(&mut quote.text);
            }
        }
    }
}

/// Hardly any text has such a character.
fn clear(text: &mut String) {
    let seen = in_plain_sight(text);
    if seen.as_ref() != text.as_str() {
        *text = seen.into_owned();
    }
}
