//! Looking at one run.

use engine::model::RunId;
use engine::run::Happening;
use expect_test::Expect;

use super::Chat;

impl Chat {
    /// A run in the order they were first shown, from 1.
    pub(crate) fn run(&self, number: usize) -> RunSeen<'_> {
        RunSeen { chat: self, id: self.room.run_id(number) }
    }

    /// The first line of each message nobody has looked at, for stories in which many questions are asked.
    #[track_caller]
    #[allow(dead_code, reason = "for stories of one front alone")]
    pub(crate) fn bot_begins(&mut self, expected: Expect) {
        let unseen = self.room.unseen(None);
        let first = unseen.split("\n\n").filter_map(|message| message.lines().next());
        expected.assert_eq(&first.flat_map(|line| [line, "\n"]).collect::<String>());
    }
}

/// A run, for looking at.
pub(crate) struct RunSeen<'a> {
    chat: &'a Chat,
    id: RunId,
}

impl RunSeen<'_> {
    /// Its identifier.
    pub(crate) fn id(&self) -> &RunId {
        &self.id
    }

    /// What happened to it, one line each.
    pub(crate) async fn events(&self, expected: Expect) {
        let detail = self.chat.engine().run_detail(&self.id).await.unwrap();
        let title = |step: u32| detail.plan.steps[step as usize].title.clone();
        let lines = detail.happened.iter().map(|happened| match &happened.what {
            Happening::Moved { to } => format!("{}\n", to.as_str()),
            Happening::StepStarted { step } => format!("  {}: started\n", title(*step)),
            Happening::StepWaits { step, note } => format!("  {}: waits, {note}\n", title(*step)),
            Happening::StepDone { step, says } => format!("  {}: done, {says}\n", title(*step)),
            Happening::StepFailed { step, reason } => format!("  {}: failed, {}\n", title(*step), reason.say),
            Happening::StepUndone { step, says } => format!("  {}: undone, {says}\n", title(*step)),
            Happening::Voted { by, still } => format!("approved by {by}, {still} still needed\n"),
            Happening::CrashLoop { of, crashes } => format!("{} ended {} times\n", of.service, crashes.times),
            Happening::Unreached { service, .. } => format!("{service} not reached\n"),
            Happening::Reached { service } => format!("{service} reached again\n"),
            Happening::ServerErrors { service, errors, .. } => format!("{service} errors: {errors}\n"),
            Happening::ServerErrorsOver { service } => format!("{service} errors over\n"),
            Happening::Unwell { service, why, .. } => format!("{service} unwell: {why}\n"),
            Happening::WellAgain { service } => format!("{service} well again\n"),
            Happening::Drifted { lines, .. } => format!("drifted: {}\n", lines.join("; ")),
            Happening::DriftOver => "drift over\n".to_owned(),
            Happening::RuleActed { rule, did, .. } => format!("rule {rule}: {}\n", did.join("; ")),
            Happening::ArtifactDiffers { path } => format!("{path} differs\n"),
        });
        expected.assert_eq(&self.chat.room.with_story_ids(&lines.collect::<String>()));
    }

    /// The word for where it is.
    pub(crate) async fn is(&self, state: &str) {
        let run = self.chat.engine().store().run_get(&self.id).await.unwrap().unwrap();
        assert_eq!(run.state.as_str(), state, "{}", self.id);
    }
}
