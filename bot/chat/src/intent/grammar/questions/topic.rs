//! What help is asked about, and whom an audit is about.

use crate::intent::actions::Action;
use crate::intent::command::Command;
use crate::intent::grammar::heads;
use crate::intent::lexicon::Class;
use crate::intent::words::Token;

/// "help deploy", "help me with canary", "how do I roll back?": the topic is an action's name or the word itself.
pub(in crate::intent) fn help(tokens: &[Token<'_>]) -> Command {
    let mut command = Command::new(Action::Help);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if !token.is_word()
            || token.is(Class::TELLS)
            || token.is(Class::NEGATION)
            || token.any(&[
                "me", "with", "on", "about", "the", "a", "to", "i", "we", "you", "please", "for", "topic",
                "us", "because", "how", "do", "can", "run", "out", "of", "one",
            ])
        {
            at += 1;
            continue;
        }
        let action = heads::find(&tokens[at..])
            .map(|(head, len)| heads::resolve(head, &heads::Rest(&tokens[at + len..])));
        command.topic = Some(match action {
            _ if Action::from_name(token.low).is_some() => token.low.to_owned(),
            Some(heads::Meaning::Action(action) | heads::Meaning::DryRun(action)) => action.name().to_owned(),
            _ => token.low.to_owned(),
        });
        break;
    }
    command
}

/// "audit by ana", "what did ana do": who it is about.
pub(in crate::intent) fn actor(tokens: &[Token<'_>]) -> Option<String> {
    let by = tokens.iter().position(|token| token.any(&["by", "did", "user", "from"]))?;
    let next = tokens.get(by + 1)?;
    let plain = next.is_word()
        && next.name.is_none()
        && !next.class.known()
        && next.low.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    plain.then(|| next.raw.trim_start_matches('@').to_owned())
}
