//! What follows when nobody can tell what the versions answer: nothing passes, and after a while a person has to say.

use serde::{Deserialize, Serialize};

use super::Trial;
use crate::model::ServiceName;
use crate::step::CanaryStage;

/// Seconds without any signal after which a stage waits for a person.
const PATIENCE_S: i64 = 60;

/// A service of which nothing is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Blind {
    since_s: i64,
    until_s: i64,
    why: String,
}

impl Blind {
    /// Notes that a service can't be seen now, or can again.
    pub(super) fn note(blind: &mut Option<Self>, why: Option<&String>, now_s: i64) {
        let since_s = blind.as_ref().map_or(now_s, |blind| blind.since_s);
        *blind = why.map(|why| Self { since_s, until_s: now_s, why: why.clone() });
    }
}

impl Trial {
    /// A service of which nobody can tell how it does now, and why.
    pub fn blind(&self) -> Option<(&ServiceName, &str)> {
        self.services
            .iter()
            .find_map(|(service, watched)| Some((service, watched.blind.as_ref()?.why.as_str())))
    }

    /// Why a person has to say, when a service has not been seen for too long.
    pub(super) fn unseen(&self, stage: &CanaryStage) -> Option<String> {
        stage.judged.iter().find_map(|judged| {
            let blind = self.services.get(&judged.service)?.blind.as_ref()?;
            let blind_s = blind.until_s - blind.since_s;
            (blind_s >= PATIENCE_S).then(|| {
                format!(
                    "Nobody can tell how {} does for {blind_s} s now: {}. Traffic stays at {}% until somebody says what to do.",
                    judged.service, blind.why, stage.weight_pct
                )
            })
        })
    }
}
