//! How much each of several buttons stands out. The platforms advise: one is suggested at most, what takes something back or
//! ends it is red, rarely more than one of them, and all others are plain. Whether a button asks once more is another matter.

use crate::intent::Action;
use crate::message::Button;
use crate::view;

/// What takes something back or ends it.
const DESTRUCTIVE: [Action; 4] =
    [Action::Cancel, Action::Reject, Action::Rollback, Action::DestroyEnvironment];

/// How much a button stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emphasis {
    /// The one that is suggested.
    Suggested,
    /// It takes something back or ends it.
    Destructive,
    /// Like the others.
    Plain,
}

/// How much each button of a message stands out; `answers` when there is one beside them that opens the form for an answer.
pub fn emphasis(buttons: &[Button], answers: bool) -> Vec<Emphasis> {
    let position = |fits: &dyn Fn(&Button) -> bool| buttons.iter().position(fits);
    let secret = position(&|button| view::opens_secret_form(&button.command));
    let weighty = || position(&|button| button.danger && !is_destructive(button));
    let suggested = if answers { None } else { secret.or_else(weighty) };
    let red = buttons.iter().filter(|button| is_destructive(button)).count() == 1;
    let of = |(place, button): (usize, &Button)| match () {
        () if suggested == Some(place) => Emphasis::Suggested,
        () if red && is_destructive(button) => Emphasis::Destructive,
        () => Emphasis::Plain,
    };
    buttons.iter().enumerate().map(of).collect()
}

/// Whether a button's command takes something back or ends it; before it may stand a project.
fn is_destructive(button: &Button) -> bool {
    let mut words = button.command.split_whitespace().skip_while(|word| word.ends_with(':'));
    words.next().is_some_and(|verb| DESTRUCTIVE.iter().any(|action| action.name() == verb))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Card, Tone};

    #[track_caller]
    fn check(buttons: &[(&str, bool)], answers: bool, shown: &str) {
        let mut card = Card::new(Tone::Ask, "?");
        for (command, danger) in buttons {
            card = card.button(command, *command, *danger);
        }
        let letter = |one: &Emphasis| match one {
            Emphasis::Suggested => 's',
            Emphasis::Destructive => 'd',
            Emphasis::Plain => '.',
        };
        assert_eq!(emphasis(&card.buttons, answers).iter().map(letter).collect::<String>(), shown);
    }

    #[test]
    fn one_is_suggested_and_one_is_red_at_most() {
        check(&[("approve r-1", true), ("reject r-1", false)], false, "sd");
        check(&[("promote r-1", true), ("pause r-1", false), ("rollback r-1", true)], false, "s.d");
        check(&[("deploy staging", true), ("releases staging", false)], false, "s.");
        check(&[("shop: rollback staging", true), ("status staging", false)], false, "d.");
        // Where one of several is to be chosen, none of them is.
        check(&[("cancel r-1", true), ("cancel r-2", true), ("deploy staging", true)], false, "..s");
        check(&[("approve r-1", true), ("approve r-2", true), ("cancel r-1", true)], false, "s.d");
        check(&[("staging", false), ("never mind", false)], false, "..");
        check(&[("deploy staging", true)], true, ".");
        check(&[("deploy staging", true), (view::SECRET_FORM, false)], false, ".s");
    }
}
