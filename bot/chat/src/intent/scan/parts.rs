//! Stretches of a list: which belong together, and where something of its own begins.

use super::{List, Said};

impl Said {
    /// "staging and production api": the api of both, or all of staging? With one preposition (`placed`) it is that of both.
    pub(super) fn shares_with(&self, next: &Self, placed: bool) -> bool {
        self.environments.is_said()
            && self.environments_placed == placed
            && !self.services.is_said()
            && (next.environment_first || placed && next.services.all)
            && !next.environments_placed
    }

    /// Whether `next`, said after this in a list, is about something of its own: then it is another command.
    pub(super) fn parts_from(&self, next: &Self) -> bool {
        let both = |mine: bool, theirs: bool| mine && theirs;
        (next.services.is_said()
            && next.environments.is_said()
            && self.environments.is_said()
            && !self.shares_with(next, true))
            || both(self.git_ref.is_some(), next.git_ref.is_some())
            || both(self.canary.is_some(), next.canary.is_some())
            || both(self.migrate.is_some(), next.migrate.is_some())
            || both(self.at.is_some(), next.at.is_some() || next.now)
            || both(self.now, next.at.is_some())
            || both(self.replicas.is_some(), next.replicas.is_some())
            || both(self.rate.is_some(), next.rate.is_some())
            || both(self.batch.is_some(), next.batch.is_some())
            || both(self.runtime.is_some(), next.runtime.is_some())
            || both(self.mode.is_some(), next.mode.is_some())
            || both(self.bundle.is_some(), next.bundle.is_some())
            || (both(self.environments.is_said(), next.environments.is_said()) && self.thing_parts_from(next))
    }

    /// "timezone in staging and invoice totals in production": each of them is named.
    fn thing_parts_from(&self, next: &Self) -> bool {
        let two = |mine: &List, theirs: &List| mine.is_said() && theirs.is_said();
        next.components.is_said() || two(&self.jobs, &next.jobs) || two(&self.providers, &next.providers)
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.environments.absorb(&other.environments);
        self.environments_placed |= other.environments_placed;
        self.services.absorb(&other.services);
        self.components.absorb(&other.components);
        self.jobs.absorb(&other.jobs);
        self.providers.absorb(&other.providers);
        self.project |= other.project;
        self.git_ref = self.git_ref.take().or(other.git_ref);
        self.previous |= other.previous;
        self.runs.extend(other.runs);
        self.canary = self.canary.take().or(other.canary);
        self.migrate = self.migrate.or(other.migrate);
        self.at = self.at.take().or(other.at);
        self.now |= other.now;
        self.dry_run |= other.dry_run;
        self.rehearse |= other.rehearse;
        self.replicas = self.replicas.or(other.replicas);
        self.rate = self.rate.or(other.rate);
        self.batch = self.batch.or(other.batch);
        self.runtime = self.runtime.or(other.runtime);
        self.since = self.since.or(other.since);
        self.mode = self.mode.or(other.mode);
        self.bundle = self.bundle.or(other.bundle);
        self.actor = self.actor.take().or(other.actor);
        self.unknown += other.unknown;
        self.strange = self.strange.or(other.strange);
        self.vague = self.vague.or(other.vague);
        self.refless = self.refless.or(other.refless);
    }
}
