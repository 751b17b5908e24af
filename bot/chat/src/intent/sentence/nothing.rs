//! What is answered where nothing was ordered.

use super::{Heard, Problem, Reader};

impl Reader<'_, '_> {
    /// The problem of a text that orders nothing.
    pub(super) fn not_a_command(&self) -> Problem {
        let message = match self.heard {
            Heard::Nothing => "There is nothing here for me to do.",
            Heard::Statement => "I read this as something told, not as an order, so I did nothing.",
            Heard::Question => {
                "That is a question I can't answer. I can answer what is deployed, who did what, how things are, and what you may do."
            }
            Heard::Refusal => "Understood: I do nothing.",
            Heard::Quotation => "I read this as a quotation, not as an order, so I did nothing.",
            Heard::List => {
                "I read this as a list, a note or a mark of what is or was to do, not as an order, so I did nothing."
            }
            Heard::Log => "I read this as pasted output, not as an order, so I did nothing.",
        };
        Problem::not_a_command(message).suggest(self.vocabulary.ways_out())
    }
}

/// The problem of an order that other people are to carry out.
pub(super) fn left_to_people() -> Problem {
    Problem::not_a_command(
        "Behind the order I read that somebody else is to do it, so I did nothing. Say the order alone.",
    )
}
