//! What an order takes over from those before it in a message, and what it shares with them.

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
