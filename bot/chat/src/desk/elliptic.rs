//! An answer that says more than was asked for, or something else of the same order: "staging v1.2.0", "api to 2". It is
//! read behind the order's own verb, and taken only where every word of it is kept.

use super::asides::Asides;
use super::correct::correction;
use super::question::{Question, said_once_more};
use super::tree::{Draft, Slot, Takes};
use super::until;
use crate::intent::{Action, Command, Names, parse};

/// Words that may stand in an answer and carry nothing.
const JOINS: [&str; 18] = [
    "and", "at", "because", "branch", "for", "in", "just", "now", "of", "on", "please", "pls", "ref", "tag",
    "the", "to", "version", "with",
];

/// The order that is asked about with what these words say of it and beside it, as long as they contradict nothing.
pub(super) fn whole_order(question: &Question, said: &str, names: &Names) -> Option<(Command, Asides)> {
    let chosen = matches!(
        question.slot.row().takes,
        Takes::One | Takes::OneOr(_) | Takes::Several | Takes::Count { .. }
    );
    if !chosen || question.draft.is_collected() || said.contains('?') {
        return None;
    }
    let known = question.draft.filled();
    let words = correction(said).unwrap_or(said);
    let verb = known.action.row().verbs.first()?;
    let sentence = format!("{verb} {words}");
    // "staging for 2h because of a test": the end of a lock has no key.
    let (sentence, until) =
        if known.action == Action::Lock { until::split(&sentence) } else { (sentence, None) };
    let words = sentence.strip_prefix(verb).unwrap_or_default();
    let parsed = parse(&sentence, names);
    let [told] = parsed.commands.as_slice() else { return None };
    if parsed.problem.is_some() || told.action != known.action || !is_all_of_it(words, told, names) {
        return None;
    }
    // A dry run of it is a look beside the question, which stays open: it has to say what was asked for.
    if told.dry_run && !known.dry_run && Draft::of(told.clone()).said(question.slot, None).is_none() {
        return None;
    }
    let in_earnest = Command { dry_run: known.dry_run, ..told.clone() };
    let whole = said_once_more(&known, told);
    (question.is_said_by(&in_earnest) && whole != known)
        .then_some((whole, Asides { until, ..Asides::default() }))
}

/// "v1.1.0 to staging" where main was said before: the other ref is meant, and where. Nothing else may be another thing than
/// was said.
pub(super) fn ref_put_right(question: &Question, said: &str, names: &Names) -> Option<(Draft, String)> {
    let known = question.draft.filled();
    let before = known.git_ref.as_ref()?;
    if question.draft.is_collected() || said.contains('?') {
        return None;
    }
    let words = correction(said).unwrap_or(said);
    let parsed = parse(&format!("{} {words}", known.action.row().verbs.first()?), names);
    let [told] = parsed.commands.as_slice() else { return None };
    let meant = told.git_ref.as_ref().filter(|meant| *meant != before)?;
    // "staging v9.9.9" answers what was asked, with another ref behind it: which of the two is not for us to say.
    if correction(said).is_none() && !words.starts_with(meant.as_str()) {
        return None;
    }
    let rest = Command { git_ref: None, environments: Vec::new(), ..told.clone() };
    let there = told.environments.is_empty() || told.environments == known.environments;
    let asked = question.slot == Slot::Environments && known.environments.is_empty();
    if parsed.problem.is_some()
        || rest != Command::new(known.action)
        || !(there || asked)
        || !is_all_of_it(words, told, names)
    {
        return None;
    }
    let mut draft = question.draft.clone();
    draft.correct(Slot::Ref, None, meant.clone());
    if asked && !told.environments.is_empty() {
        draft.put(Slot::Environments, None, told.environments.join(", "));
    }
    Some((draft, format!("{} is {meant}", Slot::Ref.called(None))))
}

/// Whether an order says every word of an answer: what was not understood is not passed over.
fn is_all_of_it(words: &str, told: &Command, names: &Names) -> bool {
    let canonical = told.canonical();
    let kept = parts(&canonical);
    parts(words).into_iter().all(|word| {
        let called = || names.environments.iter().find(|it| it.aliases.contains(&word));
        kept.contains(&word)
            || counted(&word, told)
            || JOINS.contains(&word.as_str())
            || called().is_some_and(|it| kept.contains(&it.name.to_lowercase()))
    })
}

/// Whether a word says what a number of the order counts: "3 replicas".
fn counted(word: &str, told: &Command) -> bool {
    let draft = Draft::of(told.clone());
    [Slot::Replicas, Slot::BatchSize].into_iter().any(|slot| match slot.row().takes {
        Takes::Count { units, .. } => units.contains(&word) && draft.said(slot, None).is_some(),
        _ => false,
    })
}

/// The words of a sentence, without what stands between them.
fn parts(sentence: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':');
    let bare = |word: &str| word.trim_matches(['.', '!', '`', '"', '(', ')']).to_lowercase();
    sentence.split(between).map(bare).filter(|word| !word.is_empty()).collect()
}
