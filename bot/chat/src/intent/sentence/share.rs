//! What an order takes over from those before it in a message, and what it shares with them.

use super::grammar::runs::is_run_action;
use super::{Action, Command, Draft, Joined, Key, Migrate, Problem, Reader};

/// More commands than this in one message are a slip.
const MAX_COMMANDS: usize = 64;

impl Reader<'_, '_> {
    /// Adds commands, which inherit from the one before and share with the ones before in their sentence.
    pub(super) fn add(&mut self, drafts: Vec<Draft>, joined: Joined) -> Result<(), Problem> {
        check_count(self.drafts.len() + drafts.len())?;
        if self.drafts.is_empty() && drafts.len() == 1 {
            // Most messages order one thing, and drafts are large.
            self.drafts = drafts;
            return Ok(());
        }
        for mut draft in drafts {
            if let Some(earlier) = self.drafts.last() {
                let earlier_drafts = &self.drafts[self.sentence.min(self.drafts.len() - 1)..];
                if joined != Joined::Start {
                    same_run(&earlier.command, &draft.command)?;
                    // What was locked in the same breath is unlocked again.
                    let ends = draft.command.action == Action::Unlock
                        && earlier_drafts.iter().any(|draft| draft.command.action == Action::Lock);
                    if !draft.now && !ends {
                        in_time(&earlier.command, &draft.command)?;
                    }
                }
                let lost = (earlier.command.dry_run && !draft.command.action.has(Key::DryRun))
                    || (earlier.command.rehearse && !draft.command.action.has(Key::Rehearse));
                if lost && draft.command.action.row().changes && joined != Joined::Start {
                    return Err(Problem::ambiguous(format!(
                        "The first part is only to be tried, and `{}` can't be; send them apart.",
                        draft.command.action.name()
                    ))
                    .suggest([tried(earlier_drafts)]));
                }
                let own = draft.command.says(Key::Environments);
                if draft.command.action != Action::DestroyEnvironment {
                    draft.inherit(&earlier.command);
                }
                // "deploy and restart staging": a verb that says nothing at all shares what follows.
                let silent = earlier.command == Command::new(earlier.command.action);
                if own && (draft.placed || silent) && joined == Joined::And {
                    let environments = draft.command.environments.clone();
                    for earlier in &mut self.drafts[self.sentence..] {
                        if earlier.command.environments.is_empty()
                            && earlier.command.action.has(Key::Environments)
                        {
                            earlier.command.environments.clone_from(&environments);
                        }
                    }
                }
            }
            // "deploy production", and on the next line "and migrate first"
            if draft.first
                && let Some(deploy) = self.drafts.last_mut()
                && deploy.command.action == Action::Deploy
                && deploy.command.migrate.is_none()
            {
                deploy.command.migrate = Some(Migrate::First);
                // "… and migrate first as a dry run"
                deploy.command.dry_run |= draft.command.dry_run;
                deploy.command.rehearse |= draft.command.rehearse;
                deploy.command.at = deploy.command.at.take().or(draft.command.at);
                deploy.command.git_ref = deploy.command.git_ref.take().or(draft.command.git_ref);
                self.extended = true;
                continue;
            }
            if let Some(earlier) = self.drafts.last_mut()
                && earlier.first
                && draft.command.action == Action::Deploy
                && draft.command.migrate.is_none()
            {
                draft.command.migrate = Some(Migrate::First);
                *earlier = draft;
                self.extended = true;
                continue;
            }
            self.drafts.push(draft);
        }
        Ok(())
    }
}

/// "approve and promote r-3f2a", "approve, then cancel r-3f2a": both about that run, or the first about the one of this thread?
fn same_run(earlier: &Command, later: &Command) -> Result<(), Problem> {
    let runs = is_run_action(earlier.action) && is_run_action(later.action);
    let Some(run) = later.run.as_deref().filter(|_| runs && earlier.run.is_none()) else { return Ok(()) };
    let (one, other) = (earlier.action.name(), later.action.name());
    Err(Problem::ambiguous(format!(
        "I read a run behind `{other}` and none behind `{one}`, so I did nothing. Say which run each is about."
    ))
    .suggest([format!("{one} {run}, then {other} {run}"), format!("{other} {run}")]))
}

/// "deploy staging at 22:00 and restart it": what can't be planned would be done now, before what it is to follow.
fn in_time(earlier: &Command, later: &Command) -> Result<(), Problem> {
    let standing = matches!(later.action, Action::Alert | Action::Rule);
    let Some(at) = earlier.at.as_deref() else { return Ok(()) };
    if !later.action.row().changes || later.action.has(Key::At) || standing {
        return Ok(());
    }
    Err(Problem::ambiguous(format!(
        "The first part is for later (`{at}`), and `{}` can't be planned, so I did nothing. Send them apart.",
        later.action.name()
    ))
    .suggest([earlier.canonical()]))
}

/// "dry run deploy staging then restart api": only the first part, tried.
fn tried(earlier: &[Draft]) -> String {
    earlier.iter().map(|draft| draft.command.canonical()).collect::<Vec<_>>().join(", then ")
}

/// Refuses more commands than anybody orders at once: lists that repeat what stands before them grow fast.
pub(super) fn check_count(commands: usize) -> Result<(), Problem> {
    if commands <= MAX_COMMANDS {
        return Ok(());
    }
    Err(Problem::ambiguous(format!(
        "I read more than {MAX_COMMANDS} orders in one message, so I did nothing. Send them in smaller parts."
    )))
}
