//! A judge as it was written down, perhaps by another version of this program.
//!
//! An upgrade in the middle of a canary must not stop it. What is known of evidence is of use only to the very statistics that gathered it, so a judge of
//! another form begins its evidence anew, knows the stable version by what it served in the stages so far, keeps what has nothing to do with
//! statistics (its policy, triggers), and says so in each verdict.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counts::Past;
use super::judge::Judge;
use super::policy::{Policy, STAGES};

/// The form of what is stored. It grows with each change of what a judge keeps or of what that means; a test holds the fields against it.
const FORM: u32 = 2;

/// Reads only as [`FORM`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Form;

impl From<Form> for u32 {
    fn from(_: Form) -> Self {
        FORM
    }
}

impl TryFrom<u32> for Form {
    type Error = String;

    fn try_from(form: u32) -> Result<Self, String> {
        if form == FORM {
            Ok(Self)
        } else {
            Err(format!("it is of form {form}, and this version reads form {FORM}"))
        }
    }
}

impl Judge {
    /// The judge that was written down; or, of another form, one that begins anew. `past` is what the stable version has done until
    /// now, and is asked for only then.
    pub fn restored(stored: Value, past: impl FnOnce() -> Past) -> Self {
        match Self::deserialize(&stored) {
            Ok(judge) => judge,
            Err(_) => Self::anew(stored, past()),
        }
    }

    /// What the plan says, for a judge whose policy may have been lost with its evidence.
    pub fn goes_by(&mut self, policy: Policy) {
        if self.is_anew {
            self.policy = policy;
        }
    }

    fn anew(mut stored: Value, past: Past) -> Self {
        let mut taken = |key| stored.get_mut(key).map(Value::take).unwrap_or_default();
        let policy = Policy::deserialize(taken("policy")).unwrap_or_default();
        let triggers = Deserialize::deserialize(taken("triggers"));
        // The first form kept it with what it knew of patterns.
        let planned_s = [&stored["planned_s"], &stored["patterns"]["planned_s"]];
        let planned_s = planned_s.into_iter().find_map(|there| u32::try_from(there.as_u64()?).ok());
        let planned_s = planned_s.unwrap_or_else(|| STAGES.iter().map(|stage| stage.soak_s).sum());
        let mut judge = Self::new(policy, planned_s, past);
        judge.is_anew = true;
        // When processes were started again is told in seconds of the canary, so its clock comes along or neither does.
        let elapsed_s = stored["elapsed_s"].as_u64().and_then(|seconds| u32::try_from(seconds).ok());
        if let (Some(elapsed_s), Ok(triggers)) = (elapsed_s, triggers) {
            judge.elapsed_s = elapsed_s;
            judge.triggers = triggers;
        }
        judge
    }
}
