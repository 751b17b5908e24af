//! What a policy says about deploys that say nothing about a canary: `ask`, `off`, or the stages of the usual one.

use super::spot::Spot;
use crate::model::{CanaryUnsaid, are_stages};

/// Reads `ask`, `off` or `10/50/100`.
pub(super) fn read(spot: &Spot<'_>) -> Option<CanaryUnsaid> {
    let said = spot.said()?;
    match said.as_str() {
        "ask" => return Some(CanaryUnsaid::Ask),
        "off" => return Some(CanaryUnsaid::Off),
        _ => {}
    }
    let weights: Option<Vec<u8>> = said.split('/').map(|weight| weight.parse().ok()).collect();
    match weights.filter(|weights| are_stages(weights)) {
        Some(weights) => Some(CanaryUnsaid::Stages(weights)),
        None => {
            spot.fault(format!(
                "must be `ask`, `off`, or percentages that rise to 100 as in `10/50/100`, not `{said}`"
            ));
            None
        }
    }
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
