//! Going back. A rollback under a run's card is about that run, however long ago it was drawn: it takes the run's release
//! back while that is live, and nothing that came after. And one way back is gone once, however often it is asked for.

use std::sync::LazyLock;

use engine::control::{Refusal, overlap};
use engine::model::{Change, EnvironmentKey, RollbackTarget, RunId, RunRequest};
use engine::plan::{Plan, PlanProblem};
use engine::run::{Run, RunState};
use regex::Regex;

use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Action, Command};
use crate::message::Card;
use crate::view;

/// How long after a rollback the same words mean that one, and not a release further back, in milliseconds.
const SAME_MS: i64 = 10 * 60_000;

/// "rollback production to release 1, taking back r-3f2a": what the card's button says.
static TAKING_BACK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?<order>.*\S)[,\s]\s*taking\s+back\s+(?:run\s+)?#?(?<run>r-[0-9a-f]{4,32})[\s.!]*$")
        .ok()
});
/// "roll back r-3f2a", "undo run r-3f2a to release 1".
static OF_RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*(?:please\s+|pls\s+)?(?:roll\s?-?back|revert|undo)\s+(?:the\s+)?(?:run\s+)?\#?(?<run>r-[0-9a-f]{4,32})
        (?<to>\s+to\s+\S.*?)?(?:[\s,]+(?:please|pls|now))?[\s.!]*$",
    )
    .ok()
});

/// The order before "taking back r-3f2a", and that run.
pub(super) fn taking_back(text: &str) -> Option<(&str, &str)> {
    let found = TAKING_BACK.as_ref()?.captures(text)?;
    let order = found.name("order")?.as_str().trim_end_matches([',', ' ']);
    Some((order, found.name("run")?.as_str()))
}

/// The text without the run whose release is to be taken back, and that run.
pub(super) fn split(text: &str) -> (String, Option<String>) {
    // Hardly any text names a run, and this is cheaper to see.
    if !text.as_bytes().windows(2).any(|part| part.eq_ignore_ascii_case(b"r-")) {
        return (text.to_owned(), None);
    }
    if let Some((order, run)) = taking_back(text) {
        return (order.to_owned(), Some(run.to_lowercase()));
    }
    match OF_RUN.as_ref().and_then(|of_run| of_run.captures(text)) {
        Some(found) => {
            let to = found.name("to").map_or("", |to| to.as_str());
            (format!("rollback{to}"), Some(found["run"].to_lowercase()))
        }
        None => (text.to_owned(), None),
    }
}

/// Nothing was begun, and a card says why.
fn nothing_begun(card: Card) -> Heard {
    Heard::say(Outcome::Asked, card)
}

impl Desk {
    /// The run a rollback is about: the one it names, or the one under whose card it was said, when it names no other place.
    pub(super) async fn run_taken_back(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
    ) -> Result<Option<Run>, Refusal> {
        if command.action != Action::Rollback {
            return Ok(None);
        }
        let named = speaker.asides.takes_back.as_ref();
        let id: Option<RunId> = match named {
            Some(named) => Some(named.parse().map_err(|error: engine::model::IdError| {
                Refusal::Problem(PlanProblem::new("unknown-run", error.to_string(), "status"))
            })?),
            None => speaker.about.clone(),
        };
        let Some(id) = id else { return Ok(None) };
        let Some(run) = self.engine.store().run_get(&id).await? else {
            let unknown = || PlanProblem::new("unknown-run", format!("there is no run {id}"), "status");
            return named.map_or(Ok(None), |_| Err(Refusal::Problem(unknown())));
        };
        let place = run.environment().environment.as_str();
        let elsewhere = command.environments.iter().find(|name| *name != place);
        match (elsewhere, named) {
            (None, _) => Ok(Some(run)),
            (Some(_), None) => Ok(None),
            (Some(other), Some(_)) => Err(Refusal::Problem(PlanProblem::new(
                "other-environment",
                format!("{id} is a run in {place}, and not in {other}"),
                format!("status {id}"),
            ))),
        }
    }

    /// What is said to a rollback instead of beginning it; nothing when it is to be begun. One that is about a run gets the
    /// release it goes back to.
    pub(super) async fn going_back(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
        request: &mut RunRequest,
    ) -> Result<Option<Heard>, Refusal> {
        if !matches!(request.change, Change::Rollback { .. })
            || self.engine.role_allows("rollback", speaker.project.as_ref(), &speaker.actor).await?.is_some()
        {
            // Whoever may not is told so by the engine, and nothing else.
            return Ok(None);
        }
        match self.run_taken_back(speaker, command).await? {
            Some(run) => self.back_from(speaker, command, request, &run).await,
            None => self.back_once(speaker, command, request).await,
        }
    }

    /// Takes back what a run put live, and nothing else.
    async fn back_from(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
        request: &mut RunRequest,
        run: &Run,
    ) -> Result<Option<Heard>, Refusal> {
        if !run.state.is_over() {
            return Ok(Some(nothing_begun(view::not_live_yet(run))));
        }
        let plan = self.engine.store().plan_get(&run.id).await?;
        let released = plan.as_ref().and_then(|plan| Some((plan, plan.puts_live()?)));
        let Some((plan, made)) = released.filter(|(plan, made)| plan.way_back.release != Some(*made)) else {
            let live = self.engine.went_live(&request.environment).await?;
            return Ok(Some(nothing_begun(view::released_nothing(run, plan.as_ref(), live.as_ref()))));
        };
        let was_live = matches!(run.state, RunState::Succeeded { .. });
        if was_live && let Some((other, its_plan)) = self.takes_back(request, made).await? {
            return Ok(Some(nothing_begun(view::going_back_already(&other, &its_plan, None))));
        }
        let Change::Rollback { to, taking_back, .. } = &mut request.change else { return Ok(None) };
        if *to == RollbackTarget::Previous
            && let Some(number) = plan.way_back.release
        {
            *to = RollbackTarget::Release(number);
            let place = request.environment.environment.to_string();
            let said = Command { to: Some(number.to_string()), environments: vec![place], ..command.clone() };
            request.command = said.canonical();
        }
        let Some(live) = self.engine.went_live(&request.environment).await? else { return Ok(None) };
        let wanted = match to {
            RollbackTarget::Release(number) => Some(*number),
            _ => None,
        };
        if wanted == Some(live.release.id.number) {
            // People may be sent elsewhere than the record says: then there is something to be done all the same.
            return match self.engine.preview(request, &speaker.actor).await {
                Err(refusal) if refusal.code() == "already-live" => {
                    Ok(Some(Heard::say(Outcome::Refused, view::back_already(run, &live))))
                }
                Err(refusal) => Err(refusal),
                Ok(_) => Ok(None),
            };
        }
        if was_live && live.release.id.number == made {
            // Something else may be live by the time it begins.
            *taking_back = Some(made);
            return Ok(None);
        }
        let made = was_live.then_some(made);
        Ok(Some(nothing_begun(view::not_live_any_more(run, made, &live, wanted, self.engine.now_ms()))))
    }

    /// The rollback under way that takes a release back.
    async fn takes_back(&self, request: &RunRequest, made: u32) -> Result<Option<(Run, Plan)>, Refusal> {
        if request.dry_run {
            return Ok(None);
        }
        let under_way = self.engine.rollbacks_under_way(&request.environment).await?;
        Ok(under_way.into_iter().find(|(run, plan)| {
            let waits = request.break_glass.is_some() && run.started_ms.is_none();
            plan.way_back.release == Some(made) && !waits
        }))
    }

    /// A rollback that is under way, or was a moment ago, is not gone a second time; and what it takes back is live.
    async fn back_once(
        &self,
        speaker: &Speaker<'_>,
        command: &Command,
        request: &RunRequest,
    ) -> Result<Option<Heard>, Refusal> {
        if request.dry_run {
            return Ok(None);
        }
        let Change::Rollback { services, to, .. } = &request.change else { return Ok(None) };
        let plain = *to == RollbackTarget::Previous;
        if let Some((run, plan)) = self.engine.same_rollback(request).await? {
            let further = match plan.puts_live().filter(|_| plain && plan.release.is_none()) {
                Some(number) => self.release_before(&request.environment, number).await?,
                None => None,
            };
            return Ok(Some(nothing_begun(view::going_back_already(&run, &plan, further))));
        }
        if !plain {
            return Ok(None);
        }
        if let Some(run) = self.engine.going_live(&request.environment).await? {
            let card = self.before_it_is_live(command, request, &run).await?;
            return Ok(Some(nothing_begun(card)));
        }
        if speaker.asides.again {
            return Ok(None);
        }
        let Some(live) = self.engine.went_live(&request.environment).await? else { return Ok(None) };
        let Some((run, plan)) = &live.by else { return Ok(None) };
        let now_ms = self.engine.now_ms();
        let just_now = run.finished_ms.is_some_and(|finished_ms| now_ms - finished_ms <= SAME_MS);
        let theirs = run.request.change.services();
        let same = matches!(run.request.change, Change::Rollback { .. }) && overlap(theirs, services);
        if !(just_now && same) {
            return Ok(None);
        }
        let further = match plan.release {
            // The release before one of a few services has newer ones of just these.
            Some(_) => None,
            None => self.release_before(&request.environment, live.release.id.number).await?,
        };
        Ok(Some(nothing_begun(view::went_back_already(run, plan, further, now_ms))))
    }

    /// What is said to a rollback while a deploy is under way: whether that is to be stopped, or what is live taken back, is
    /// for a person to say. What would be live by the time its turn comes, nobody can show.
    async fn before_it_is_live(
        &self,
        command: &Command,
        request: &RunRequest,
        run: &Run,
    ) -> Result<Card, Refusal> {
        let Some(live) = self.engine.went_live(&request.environment).await? else {
            return Ok(view::not_live_yet(run));
        };
        let before = self.release_before(&request.environment, live.release.id.number).await?;
        let further = before.map(|number| {
            let place = request.environment.environment.to_string();
            Command { to: Some(number.to_string()), environments: vec![place], ..command.clone() }.canonical()
        });
        Ok(view::not_live_yet_but(run, &live.release, before.zip(further)))
    }

    /// The last release before a number that worked.
    async fn release_before(
        &self,
        environment: &EnvironmentKey,
        number: u32,
    ) -> Result<Option<u32>, Refusal> {
        let before = self.engine.store().release_superseded_before(environment, number).await?;
        Ok(before.map(|release| release.id.number))
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[track_caller]
    fn check(text: &str, order: &str, run: Option<&str>) {
        assert_eq!(split(text), (order.to_owned(), run.map(ToOwned::to_owned)), "{text}");
    }

    #[test]
    fn the_run_is_split_off() {
        let run = Some("r-3f2a");
        check(
            "rollback production to release 1, taking back r-3f2a",
            "rollback production to release 1",
            run,
        );
        check("Roll back staging taking back R-3F2A.", "Roll back staging", run);
        check("rollback r-3f2a", "rollback", run);
        check("please roll back run r-3f2a to v1.0.0, please", "rollback to v1.0.0", run);
        check("undo r-3f2a!", "rollback", run);
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for text in [
            "the rollback of r-3f2a failed",
            "rollback r-3f2a failed",
            "don't rollback r-3f2a",
            "approve r-3f2a",
            "rollback staging",
            "taking back r-3f2a",
        ] {
            check(text, text, None);
        }
    }
}
