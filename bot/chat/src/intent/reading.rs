//! What a text was read as, before anybody thinks about what to suggest in its place.
//!
//! To suggest something takes about as long as to read the text, since each sentence suggested is tried. Most of what is said
//! in a channel is neither an order nor answered, so that nobody would read a suggestion.

use std::borrow::Cow;

use super::command::{Command, Parsed};
use super::kept::Said;
use super::manner::Manner;
use super::markup::{self, Bytes};
use super::names::Vocabulary;
use super::problem::{Problem, ProblemKind};
use super::{
    Action, MAX_CHARS, commands_of, hollow, is_refused_by_sign, is_too_long, refused_by_sign, sentence,
    spelled_signs, tokens_of, unseen,
};

/// What a text was read as. Its problem can't be shown before [`Reading::suggesting`] made it whole.
#[derive(Debug)]
#[must_use]
pub struct Reading<'t> {
    parsed: Parsed,
    rest: Option<Rest<'t>>,
}

/// What is still to be done for a problem, and with what.
#[derive(Debug)]
struct Rest<'t> {
    text: &'t str,
    clean: Cow<'t, str>,
    manner: Option<Manner>,
}

/// Reads a text, and leaves what to suggest in its place for later. [`parse_with`] does both.
///
/// [`parse_with`]: super::parse_with
pub fn read_with<'t>(text: &'t str, vocabulary: &Vocabulary) -> Reading<'t> {
    heard(text, vocabulary, false)
}

/// Reads a text. What is suggested loses nothing of how the order was to go, which is told now if that is wanted at once: it
/// takes the words, and they are at hand.
pub(super) fn heard<'t>(text: &'t str, vocabulary: &Vocabulary, at_once: bool) -> Reading<'t> {
    if is_too_long(text) {
        return Reading::of_problem(
            Problem::not_a_command(format!(
                "That is longer than {MAX_CHARS} characters, so I did not read it. Send the order alone."
            ))
            .suggest(["help"]),
        );
    }
    let bytes = Bytes::of(text);
    if let Some(unseen) = unseen(text, bytes) {
        return Reading::of_problem(Problem::bad_value(format!(
            "There is a character in that which can't be seen (U+{:04X}), so I did not read it. Type it again.",
            u32::from(unseen)
        )));
    }
    let (clean, bytes) = markup::clean(text, bytes);
    let (mut parsed, manner) = tokens_of(&clean, bytes, vocabulary, |tokens| {
        let parsed =
            hollow::checked(sentence::read(tokens, &clean, bytes, vocabulary), tokens, &clean, bytes);
        let tell = at_once && parsed.problem.is_some() && matches!(clean, Cow::Borrowed(_));
        let manner = if tell { Manner::of_tokens(&clean, tokens, vocabulary) } else { None };
        (parsed, manner)
    });
    if bytes.refused() && parsed.commands.iter().any(is_refused_by_sign) {
        parsed = refused_by_sign(&parsed.commands, "means no");
    }
    if bytes.doubted() && parsed.commands.iter().any(|command| command.action.row().changes) {
        parsed = refused_by_sign(&parsed.commands, "asks");
    }
    if bytes.between()
        && parsed.commands.iter().any(|command| command.action.row().changes)
        && let Some(problem) = hollow::emoji(text, &parsed.commands, vocabulary)
    {
        parsed = Parsed::of_problem(problem);
    }
    let changes = |command: &Command| command.action.row().changes && command.action != Action::SetVariable;
    if text.contains(':')
        && parsed.commands.iter().any(changes)
        && let Some(doubt) = spelled_signs(text, vocabulary)
    {
        parsed = doubt;
    }
    if let Some(unsaid) = parsed.commands.iter().find(|command| !reads_back(command, vocabulary)) {
        parsed = Parsed::of_problem(unwritten(unsaid));
    }
    let rest = parsed.problem.is_some().then_some(Rest { text, clean, manner });
    Reading { parsed, rest }
}

/// Whether the sentence a command is shown in says that very command. With a value of several marks and quotation marks, or with a name or a
/// reason that is a word of ours, some don't; and what is shown is what people approve.
fn reads_back(command: &Command, vocabulary: &Vocabulary) -> bool {
    let plain = |value: &String| {
        value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    let odd = match command.action {
        Action::SetVariable => command.value.as_ref().is_some_and(|value| !plain(value)),
        Action::CreateEnvironment => command.environment.is_some(),
        Action::Lock | Action::Unlock => command.reason.is_some(),
        _ => false,
    };
    !odd || matches!(&commands_of(&command.canonical(), vocabulary)[..], [again] if again == command)
}

#[cold]
fn unwritten(command: &Command) -> Problem {
    let (what, instead) = match command.action {
        Action::SetVariable => ("that value", "Put it between quotation marks it does not hold."),
        Action::CreateEnvironment => ("that name", "Take another one: `help create-environment`."),
        _ => ("that reason", "Say it in other words, behind `because`."),
    };
    Problem::bad_value(format!(
        "I can't write {what} in a sentence that says the same, so I did nothing. {instead}"
    ))
}

impl Reading<'_> {
    /// A problem that is whole.
    #[cold]
    fn of_problem(problem: Problem) -> Self {
        Self { parsed: Parsed::of_problem(problem), rest: None }
    }

    /// The commands in the order they are to run; none when there is a problem.
    pub fn commands(&self) -> &[Command] {
        &self.parsed.commands
    }

    /// Of which kind the problem is, if there is one.
    pub fn problem(&self) -> Option<ProblemKind> {
        self.parsed.problem.as_ref().map(|problem| problem.kind)
    }

    /// All that is to be shown: a problem with the sentences that would work instead. The vocabulary is the one it was read
    /// with.
    pub fn suggesting(self, vocabulary: &Vocabulary) -> Parsed {
        let Self { mut parsed, rest } = self;
        if let (Some(problem), Some(Rest { text, clean, manner })) = (&mut parsed.problem, rest) {
            let mut manner = manner.unwrap_or_else(|| Manner::of(text, vocabulary));
            let tried = problem.suggest_names(&clean, &mut manner, vocabulary);
            let bytes = Bytes::of(&clean);
            let said = tokens_of(&clean, bytes, vocabulary, |tokens| Said::of(tokens, vocabulary));
            problem.keep_what_works(&said, &manner, tried, vocabulary);
            problem.shorten();
        }
        parsed
    }
}
