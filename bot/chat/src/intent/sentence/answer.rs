//! Questions that are answered by a command.

use super::{
    Action, Asked, Class, Heard, Key, Kind, Meaning, Problem, Reader, Rest, Scope, Token, conditions,
    grammar, heads,
};
use crate::intent::lexicon::near_opener;
use crate::intent::names::NameKind;
use crate::intent::{scan, values};

impl<'t> Reader<'_, 't> {
    pub(super) fn question(&mut self, tokens: &[Token<'t>], asked: Asked) -> Result<(), Problem> {
        let scope = |action, tokens| Scope {
            action,
            tokens,
            text: self.text,
            vocabulary: self.vocabulary,
            again: false,
            asked: true,
        };
        let clean = |tokens: &[Token<'t>]| -> Vec<Token<'t>> {
            tokens.iter().filter(|token| token.kind != Kind::Question).copied().collect()
        };
        if matches!(asked, Asked::By(..))
            && let Some(then) = conditions::looks_first(tokens)
        {
            return Err(conditions::conditional(&tokens[then..], self.vocabulary));
        }
        match asked {
            Asked::By(action, from) => {
                let words = clean(&tokens[from.min(tokens.len())..]);
                let mut drafts = grammar::read(scope(action, &words))?;
                let whom = tokens.first().is_some_and(|token| token.any(&["what", "when"]));
                if action == Action::Audit && !whom {
                    for draft in &mut drafts {
                        draft.command.actor = None;
                    }
                }
                self.drafts.extend(drafts);
            }
            Asked::DryRun(action, from) => {
                let words = clean(&tokens[from.min(tokens.len())..]);
                let mut drafts = grammar::read(scope(action, &words))?;
                for draft in &mut drafts {
                    draft.command.dry_run = true;
                }
                self.drafts.extend(drafts);
            }
            Asked::Order(from, to) => {
                let words = clean(&tokens[from.min(tokens.len())..to.min(tokens.len())]);
                let Some((action, at)) = ordered(&words) else {
                    self.hear(Heard::Question);
                    return Ok(());
                };
                if !action.has(Key::DryRun) {
                    self.hear(Heard::Question);
                    return Ok(());
                }
                let mut drafts = grammar::read(scope(action, &words[at..]))?;
                for draft in &mut drafts {
                    draft.command.dry_run = true;
                }
                self.drafts.extend(drafts);
            }
            Asked::Can(from) => {
                let words = clean(&tokens[from.min(tokens.len())..]);
                let Some((action, at)) = ordered(&words) else {
                    self.hear(Heard::Question);
                    return Ok(());
                };
                // The word cron in "disable cron" is the thing itself, not the service; said again, it is the service.
                let words = &words[at..];
                let thing = |place: usize| {
                    matches!(action, Action::CronDisable | Action::CronEnable)
                        && heads::is_object_word(action, words[place].low)
                        && words[..place].iter().all(|before| before.low != words[place].low)
                };
                let words: Vec<Token<'t>> =
                    (0..words.len()).filter(|place| !thing(*place)).map(|place| words[place]).collect();
                if let Some(stranger) = stranger_to(action, &words) {
                    let near = self.vocabulary.near(stranger.low, values::ALL_KINDS);
                    return Err(scan::unknown_name(scope(action, &words), stranger, &near));
                }
                let drafts = grammar::read(scope(Action::Can, &words))?;
                for mut draft in drafts {
                    draft.command.verb = Some(action);
                    self.drafts.push(draft);
                }
            }
            Asked::Refused => self.hear(Heard::Refusal),
            Asked::Please(_) | Asked::Unanswered => self.hear(Heard::Question),
        }
        Ok(())
    }
}

/// "may we deploy preprod?": the word in the place of a name that is none.
fn stranger_to<'a, 't>(action: Action, words: &'a [Token<'t>]) -> Option<&'a Token<'t>> {
    let placed = action.has(Key::Environments) && action.has(Key::Services) || action == Action::Migrate;
    if !placed || action == Action::SetVariable {
        return None;
    }
    words.iter().enumerate().find_map(|(at, token)| {
        let slot = at == 0 || action != Action::Scale && words[at - 1].any(&["to", "into", "onto", "in"]);
        let plain = token.is_word()
            && token.name.is_none()
            && !token.class.known()
            && !near_opener(token.low)
            && token.low.len() > 1
            && token.low.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !values::is_ref(token.low);
        (slot && plain).then_some(token)
    })
}

/// The action and the place behind its verb, where words begin with a verb, a participle or a noun of ours.
pub(super) fn ordered(tokens: &[Token<'_>]) -> Option<(Action, usize)> {
    let mut at = 0;
    while tokens.get(at).is_some_and(|token| {
        token.any(&["a", "an", "the", "to", "do", "run", "start", "of"]) && heads_again(tokens, at)
    }) {
        at += 1;
    }
    // "backfill invoice totals" is the job's own name.
    if tokens.get(at).and_then(|token| token.name).is_some_and(|hit| hit.kind == NameKind::Job) {
        return Some((Action::Backfill, at));
    }
    let runs = ["running", "doing", "starting", "applying", "executing", "performing", "triggering"];
    if tokens.get(at).is_some_and(|token| token.any(&runs)) {
        return match heads::resolve(heads::Head::Start, &Rest(&tokens[at + 1..])) {
            Meaning::Action(action) | Meaning::DryRun(action) => Some((action, at + 1)),
            Meaning::None => None,
        };
    }
    if let Some((head, len)) = heads::find(&tokens[at..]) {
        return match heads::resolve(head, &Rest(&tokens[at + len..])) {
            Meaning::Action(action) | Meaning::DryRun(action) => Some((action, at + len)),
            Meaning::None => None,
        };
    }
    let token = tokens.get(at)?;
    let action = match token.low {
        "deployed" | "shipped" | "released" | "deploying" | "shipping" | "deployment" | "releasing" => {
            Action::Deploy
        }
        "rolled" | "rolling" | "reverted" | "reverting" => Action::Rollback,
        "restarted" | "restarting" => Action::Restart,
        "scaled" | "scaling" => Action::Scale,
        "migrated" | "migrating" | "migrations" | "migration" => Action::Migrate,
        "reconciled" | "reconciling" | "reconciliation" => Action::Reconcile,
        "backfilled" | "backfilling" => Action::Backfill,
        _ => {
            // "what would the production deploy change?"
            let action = tokens.iter().find_map(|token| match token.low {
                "rollback" => Some(Action::Rollback),
                "migration" | "migrations" => Some(Action::Migrate),
                "backfill" => Some(Action::Backfill),
                "reconcile" | "reconciliation" => Some(Action::Reconcile),
                _ => token.any(heads::DEPLOY_NOUNS).then_some(Action::Deploy),
            })?;
            return token.name.is_some().then_some((action, at));
        }
    };
    Some((action, at + 1))
}

pub(super) fn heads_again(tokens: &[Token<'_>], at: usize) -> bool {
    !tokens[at].any(&["run", "start", "do"])
        || tokens.get(at + 1).is_some_and(|next| {
            next.any(&["a", "an", "the"]) && tokens.get(at + 2).is_some_and(|token| token.is(Class::HEAD))
        })
}
