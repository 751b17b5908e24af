//! What a policy says about deploys that say nothing about a canary: `ask`, `off`, or the stages of the usual one.

use super::spot::Spot;
use crate::model::{CanaryUnsaid, are_stages};

/// Reads `ask`, `off` or `10/50/100`.
pub(super) fn read(spot: &Spot<'_>) -> Option<CanaryUnsaid> {
    let said = spot.said()?;
    let weights: Option<Vec<u8>> = said.split('/').map(|weight| weight.parse().ok()).collect();
    let unsaid = match (said.as_str(), weights) {
        ("ask", _) => Some(CanaryUnsaid::Ask),
        ("off", _) => Some(CanaryUnsaid::Off),
        (_, weights) => weights.filter(|weights| are_stages(weights)).map(CanaryUnsaid::Stages),
    };
    if unsaid.is_none() {
        spot.fault(format!(
            "must be `ask`, `off`, or percentages that rise to 100 as in `10/50/100`, not `{said}`"
        ));
    }
    unsaid
}

/// The word for it in a description.
pub(super) fn word(unsaid: &CanaryUnsaid) -> String {
    match unsaid {
        CanaryUnsaid::Ask => "ask".to_owned(),
        CanaryUnsaid::Off => "off".to_owned(),
        CanaryUnsaid::Stages(weights) => {
            weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
        }
    }
}
