//! The files a run left: "artifacts of r-3f2a", "show me the artifacts". No action of its own: it looks closer at a run.

use std::sync::LazyLock;

use engine::control::Refusal;
use engine::model::RunId;
use regex::Regex;

use super::{Desk, Heard, Outcome, Speaker};
use crate::message::Outbound;
use crate::view;

/// Runs looked at for those that are over, where nobody says which one is meant.
const LOOKED_AT: i64 = 30;
/// Those that are offered.
const OFFERED: usize = 5;

static ASKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W*
        (?:(?:please|pls|can|could|would|you|i|we|want|need|show|list|get|give|send|upload|share|open|see|fetch|bring|have|what|
            which|where|are|is|me|us|the|all|its|it|this|that|run)\s+)*
        (?:\#?(?<of>r-[0-9a-f]{4,16})(?:['\u{2019}]s)?\s+)?
        (?<what>artifacts?|artefacts?|files)
        (?:\s+(?:does|did|do|has|have|it|this|that|the|run|of|for|from|in|with|are|were|there|we))*
        (?:\s+\#?(?<run>r-[0-9a-f]{4,16}))?
        (?:\s+(?:leave|left|have|has|keep|kept|made|make|please|pls))*\W*$",
    )
    .ok()
});

/// Somebody asks for the files of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilesAsked {
    /// The run they name.
    pub(super) run: Option<RunId>,
    /// They say "artifacts", which means nothing else.
    certain: bool,
}

impl FilesAsked {
    /// "files" alone may be any: it is about a run's where the talk is.
    pub(super) fn is_meant(&self, about: Option<&RunId>) -> bool {
        self.certain || self.run.is_some() || about.is_some()
    }

    /// The sentence that asks for the same.
    pub(super) fn canonical(&self) -> String {
        self.run.as_ref().map_or_else(|| "artifacts".to_owned(), view::artifacts_of_run)
    }
}

/// Whether a whole message asks for the files of a run.
pub(super) fn asked(text: &str) -> Option<FilesAsked> {
    let found = ASKED.as_ref()?.captures(text)?;
    let run = found.name("run").or_else(|| found.name("of"));
    let run = match run {
        Some(named) => Some(named.as_str().to_lowercase().parse().ok()?),
        None => None,
    };
    let certain = found.name("what").is_some_and(|what| !what.as_str().eq_ignore_ascii_case("files"));
    Some(FilesAsked { run, certain })
}

impl Desk {
    /// Shows what a run left behind, with the files themselves where the front can bring them.
    pub(super) async fn files_of_run(
        &self,
        speaker: &Speaker<'_>,
        asked: FilesAsked,
    ) -> Result<Heard, Refusal> {
        let Some(id) = asked.run.or_else(|| speaker.about.clone()) else {
            // Which runs there are is nothing for strangers.
            if speaker.actor.role.is_none() {
                return Ok(Heard::say(Outcome::Refused, self.stranger(speaker).await?));
            }
            let mut runs = self.engine.store().run_recent(LOOKED_AT).await?;
            runs.retain(|run| {
                let here = speaker.project.as_ref();
                run.state.is_over() && here.is_none_or(|here| run.environment().project == here.project)
            });
            runs.truncate(OFFERED);
            return Ok(Heard::say(Outcome::Asked, view::which_artifacts(&runs)));
        };
        let found = self.engine.run_files(&id, &speaker.actor).await?;
        let mut cards = view::files(&id, &found, self.engine.now_ms());
        if let Some(card) = cards.first_mut() {
            card.command = view::artifacts_of_run(&id);
        }
        Ok(Heard::of(Outcome::Answered, cards.into_iter().map(Outbound::Say).collect()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use engine::model::RunId;

    use super::asked;

    #[test]
    fn the_files_of_a_run_are_asked_for() {
        for text in [
            "artifacts of r-3f2a",
            "show me the artifacts of #r-3F2A please",
            "can you list r-3f2a's artifacts?",
            "which artifacts did r-3f2a leave?",
            "files of r-3f2a",
            "artifacts r-3f2a",
        ] {
            let found = asked(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.run.as_ref().map(RunId::as_str), Some("r-3f2a"), "{text}");
        }
        for (text, is_meant) in [
            ("show me the artifacts", true),
            ("artifacts", true),
            ("the files", false),
            ("show files", false),
        ] {
            let found = asked(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.run.is_none(), found.is_meant(None)), (true, is_meant), "{text}");
            assert!(found.is_meant(Some(&"r-3f2a".parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn what_only_mentions_files_is_not_about_them() {
        for text in [
            "delete the artifacts of r-3f2a",
            "deploy staging with the artifacts of r-3f2a",
            "the artifacts are broken",
            "files in staging",
            "restart files",
            "don't show the artifacts",
        ] {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
