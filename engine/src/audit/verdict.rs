//! What a look at the record comes to, in a sentence.

use std::fmt;

use chrono::{DateTime, SecondsFormat};

use crate::clock::EpochMs;

/// What an export is worth. Only the first is good news; [`Verdict::is_intact`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every event follows from the one before, and a key or anchors the verifier brought vouch for it.
    Intact {
        /// How many events there are.
        events: u64,
        /// The number of the last; 0 without events.
        last_seq: i64,
        /// The last event a checkpoint covers, when there are later ones: those could still be cut off unseen.
        unproven_after: Option<i64>,
    },
    /// An event, checkpoint or line is not what was recorded.
    Altered {
        /// The number of the first event, or of the checkpoint, that can't be trusted; 0 for the header.
        at_seq: i64,
        /// What gives it away.
        why: String,
    },
    /// Events that were there are gone from the end.
    Truncated {
        /// The last anchor that still holds, or checkpoint when no anchors were brought; 0 when none does.
        after_checkpoint: i64,
    },
    /// The events follow from each other, but nothing kept outside the record vouches for the newest: whoever holds the
    /// signing key could have rewritten them.
    UnanchoredSince {
        /// The time of the first event without an anchor.
        at_ms: EpochMs,
        /// Its number.
        seq: i64,
    },
}

impl Verdict {
    /// Whether something is proved to be wrong: what was recorded was changed, or is gone.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Altered { .. } | Self::Truncated { .. })
    }

    /// Whether everything is proved to be as it was recorded, up to the last checkpoint at least.
    pub fn is_intact(&self) -> bool {
        matches!(self, Self::Intact { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intact { events: 0, .. } => f.write_str("Intact: the record is empty."),
            Self::Intact { events, last_seq, unproven_after: None } => {
                write!(f, "Intact: {events} events, proved to the last (event {last_seq}).")
            }
            Self::Intact { events, last_seq, unproven_after: Some(seq) } => write!(
                f,
                "Intact: {events} events, proved up to event {seq}; the newer ones (to {last_seq}) wait for the next checkpoint."
            ),
            Self::Altered { at_seq: 0, why } => write!(f, "Altered at the header: {why}."),
            Self::Altered { at_seq, why } => write!(f, "Altered at event {at_seq}: {why}."),
            Self::Truncated { after_checkpoint: 0 } => f.write_str(
                "Truncated: events are missing at the end, and no checkpoint vouches for those that are left.",
            ),
            Self::Truncated { after_checkpoint } => {
                write!(
                    f,
                    "Truncated after checkpoint {after_checkpoint}: events that were recorded later are gone."
                )
            }
            Self::UnanchoredSince { at_ms, seq } => write!(
                f,
                "Unproven since {} (event {seq}): the chain holds together, but nothing kept elsewhere vouches for what came \
                 since; bring the public key and a later anchor to prove it.",
                instant(*at_ms)
            ),
        }
    }
}

fn instant(at_ms: EpochMs) -> String {
    DateTime::from_timestamp_millis(at_ms)
        .map_or_else(|| format!("{at_ms} ms"), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
