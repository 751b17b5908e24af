//! What is suggested for a name nobody knows keeps everything else that was said.

use chat::intent::{Action, Command, Names, ProblemKind, Vocabulary, parse_with};

/// An environment the sample project does not have, and that is like none of its own.
const UNKNOWN: &str = "preprod";

/// Where a command says one of its environments alone, by that name.
fn environment(command: &mut Command) -> Option<&mut String> {
    match command.environments.as_mut_slice() {
        [only] => Some(only),
        [] => command.environment.as_mut().or(command.from.as_mut()),
        _ => None,
    }
}

/// The commands a sentence is read as, one of which is this but for its environment.
fn is_kept(suggestion: &str, meant: &Command, vocabulary: &Vocabulary) -> bool {
    let heard = parse_with(suggestion, vocabulary).commands;
    let mut meant = meant.clone();
    vocabulary.names().environments.iter().any(|named| {
        if let Some(place) = environment(&mut meant) {
            place.clone_from(&named.name);
        }
        heard == [meant.clone()]
    })
}

/// Tries each of these commands with its environment typed as one there is none of, and tells what was lost of it.
pub(crate) fn lost(commands: &[Command]) -> String {
    let vocabulary = Vocabulary::new(&Names::sample());
    let mut misses = String::new();
    for command in commands {
        // People are looked up by words that are none, a new environment may have any name, and none is destroyed for another.
        if matches!(command.action, Action::Audit | Action::CreateEnvironment | Action::DestroyEnvironment) {
            continue;
        }
        let mut meant = command.clone();
        let Some(place) = environment(&mut meant) else { continue };
        let name = std::mem::replace(place, "staging".to_owned());
        let sentence = meant.canonical();
        // A value may be spelled like the place.
        if sentence.matches("staging").count() != 1 || sentence.contains(UNKNOWN) {
            continue;
        }
        let typed = sentence.replace("staging", UNKNOWN);
        let parsed = parse_with(&typed, &vocabulary);
        let problem = parsed.problem.as_ref();
        let changes = command.action.row().changes;
        let named = problem.is_some_and(|problem| problem.kind == ProblemKind::UnknownName);
        // That the place is made first is offered besides.
        let made = format!("create environment {UNKNOWN}");
        let kept = problem.is_some_and(|problem| {
            let mut others = problem.suggestions.iter().filter(|suggestion| **suggestion != made).peekable();
            others.peek().is_some() && others.all(|suggestion| is_kept(suggestion, &meant, &vocabulary))
        });
        let lost = if named { !kept } else { changes };
        if lost {
            misses.push_str(&format!("{typed:?} (for {name}) is {problem:?}, {:?}\n", parsed.commands));
        }
    }
    misses
}
