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
const FORM: u32 = 7;

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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use expect_test::expect;

    use super::super::tests::{judge, second};
    use super::super::{Cause, Side, Verdict};
    use super::*;

    /// Keys of all objects and lengths of all lists of numbers in what is stored.
    fn fields(value: &serde_json::Value, at: &str, all: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    fields(value, &format!("{at}.{key}"), all);
                }
            }
            serde_json::Value::Array(list) if list.iter().any(|one| !one.is_number()) => {
                for value in list {
                    fields(value, &format!("{at}[]"), all);
                }
            }
            _ => all.push(at.to_owned()),
        }
    }

    /// Whoever changes these fields gives the form its next number, or a canary in the middle of an upgrade is judged by what means something else.
    #[test]
    fn what_is_stored_has_the_form_its_number_says() {
        let mut all = Vec::new();
        let mut judge = judge();
        judge.pattern("odd", false, 0, 1);
        fields(&serde_json::to_value(&judge).unwrap(), "", &mut all);
        all.sort();
        all.dedup();
        expect![[r#"
            .elapsed_s
            .errors.active.canary.lanes
            .errors.active.canary.most
            .errors.active.canary.seconds
            .errors.active.stable.lanes
            .errors.active.stable.most
            .errors.active.stable.seconds
            .errors.busy.canary
            .errors.busy.stable
            .errors.clumping.clump
            .errors.clumping.lanes.beyond_max
            .errors.clumping.lanes.marked
            .errors.clumping.lanes.memories[].before
            .errors.clumping.lanes.memories[].together
            .errors.clumping.lanes.squares
            .errors.clumping.lanes.usual.before
            .errors.clumping.lanes.usual.now
            .errors.clumping.lanes.usual.quiet
            .errors.clumping.lanes.variance
            .errors.clumping.requests.beyond_max
            .errors.clumping.requests.marked
            .errors.clumping.requests.memories[].before
            .errors.clumping.requests.memories[].together
            .errors.clumping.requests.squares
            .errors.clumping.requests.usual.before
            .errors.clumping.requests.usual.now
            .errors.clumping.requests.usual.quiet
            .errors.clumping.requests.variance
            .errors.clumping.since
            .errors.clumping.usual
            .errors.compared.canary.error_lanes
            .errors.compared.canary.errors
            .errors.compared.canary.lanes
            .errors.compared.canary.requests
            .errors.compared.stable.error_lanes
            .errors.compared.stable.errors
            .errors.compared.stable.lanes
            .errors.compared.stable.requests
            .errors.lanes.counting
            .errors.lanes.kinds[].canary.again
            .errors.lanes.kinds[].canary.gap_s
            .errors.lanes.kinds[].canary.going
            .errors.lanes.kinds[].habit.seen
            .errors.lanes.kinds[].stable.again
            .errors.lanes.kinds[].stable.gap_s
            .errors.lanes.kinds[].stable.going
            .errors.lanes.kinds[].worse.each
            .errors.lanes.kinds[].worse.staked
            .errors.lanes.kinds[].worse.waiting
            .errors.lanes.single.each
            .errors.lanes.single.staked
            .errors.lanes.single.waiting
            .errors.lanes.usual.before
            .errors.lanes.usual.now
            .errors.lanes.usual.quiet
            .errors.requests.each
            .errors.requests.staked
            .errors.requests.waiting
            .errors.seconds
            .errors.together.canary.error_lanes
            .errors.together.canary.errors
            .errors.together.canary.lanes
            .errors.together.canary.requests
            .errors.together.stable.error_lanes
            .errors.together.stable.errors
            .errors.together.stable.lanes
            .errors.together.stable.requests
            .form
            .is_anew
            .latency.compared
            .latency.past
            .latency.slightly.each
            .latency.slightly.staked
            .latency.slightly.waiting
            .latency.slow[]
            .latency.slower.each
            .latency.slower.staked
            .latency.slower.waiting
            .latency.spread.last
            .latency.spread.rows
            .latency.spread.squares
            .latency.stalls.rows
            .latency.stalls.stalled
            .latency.together[]
            .latency.together_rows
            .low_s
            .patterns.elapsed_s
            .patterns.known.odd.clumping.clump
            .patterns.known.odd.clumping.lanes.beyond_max
            .patterns.known.odd.clumping.lanes.marked
            .patterns.known.odd.clumping.lanes.memories[].before
            .patterns.known.odd.clumping.lanes.memories[].together
            .patterns.known.odd.clumping.lanes.squares
            .patterns.known.odd.clumping.lanes.usual.before
            .patterns.known.odd.clumping.lanes.usual.now
            .patterns.known.odd.clumping.lanes.usual.quiet
            .patterns.known.odd.clumping.lanes.variance
            .patterns.known.odd.clumping.requests.beyond_max
            .patterns.known.odd.clumping.requests.marked
            .patterns.known.odd.clumping.requests.memories[].before
            .patterns.known.odd.clumping.requests.memories[].together
            .patterns.known.odd.clumping.requests.squares
            .patterns.known.odd.clumping.requests.usual.before
            .patterns.known.odd.clumping.requests.usual.now
            .patterns.known.odd.clumping.requests.usual.quiet
            .patterns.known.odd.clumping.requests.variance
            .patterns.known.odd.clumping.since
            .patterns.known.odd.clumping.usual
            .patterns.known.odd.mixture.each
            .patterns.known.odd.mixture.staked
            .patterns.known.odd.mixture.waiting
            .patterns.known.odd.seconds
            .patterns.now[]
            .patterns.now[][]
            .patterns.planned_s
            .planned_s
            .policy.crash_window_s
            .policy.crashes
            .policy.doubt
            .policy.false_alarm
            .policy.health_failures
            .policy.lane_seconds_min
            .policy.score_low_s
            .policy.score_min
            .policy.warmup_s
            .served.canary.error_lanes
            .served.canary.errors
            .served.canary.lanes
            .served.canary.requests
            .served.stable.error_lanes
            .served.stable.errors
            .served.stable.lanes
            .served.stable.requests
            .triggers.pulled
            .triggers.restarts"#]]
        .assert_eq(&all.join("\n"));
    }

    /// As the first form was: without its number, and with other evidence. The policy and the triggers stay, evidence begins anew, and the verdict says so.
    #[test]
    fn a_judge_of_another_form_goes_on_and_says_that_its_evidence_began_anew() {
        let mut before =
            Judge::new(Policy { false_alarm: 0.005, ..Policy::default() }, 1800, Past::default());
        for _ in 0..600 {
            before.second(&second((90, 0), (10, 0)));
        }
        before.health("login", false);
        before.restart();
        let served = Side { requests: 54_000, errors: 0, lanes: 5_400, error_lanes: 0 };
        for (key, value) in [
            ("form", serde_json::Value::Null),
            ("form", 1.into()),
            ("form", 2.into()),
            ("form", 3.into()),
            ("form", 6.into()),
            ("errors", serde_json::json!({ "lanes": [1] })),
        ] {
            let mut stored = serde_json::to_value(&before).unwrap();
            stored[key] = value;
            let mut after = Judge::restored(stored, || Past { served, ..Past::default() });
            assert_eq!((after.elapsed_s, after.policy.false_alarm), (600, 0.005));
            expect!["Not enough data: 0 of the 300 lane-seconds a pass needs could be compared (0 canary requests); it takes about 300 more canary requests, and none has come yet. Evidence counts from the upgrade of infra-chat on: what was known before was kept in another form."]
                .assert_eq(&after.ruling().because);
            let mut bad = after.clone();
            let failed = (0..10).any(|_| {
                bad.second(&second((90, 0), (10, 2)));
                matches!(bad.verdict(), Verdict::Fail { cause: Cause::Errors })
            });
            assert!(failed, "{:?}", bad.ruling());
            for _ in 0..300 {
                after.second(&second((90, 0), (10, 0)));
            }
            assert_eq!(after.verdict(), Verdict::Pass);
            after.health("login", false);
            after.health("login", false);
            assert!(after.ruling().because.starts_with("The health check login failed 3 times in a row."));
        }
        for unreadable in [serde_json::Value::Null, serde_json::json!({}), serde_json::json!("nothing")] {
            assert!(matches!(
                Judge::restored(unreadable, Past::default).verdict(),
                Verdict::NotEnoughData { .. }
            ));
        }
        let same = Judge::restored(serde_json::to_value(&before).unwrap(), Past::default);
        assert_eq!((same.verdict(), same.elapsed_s), (before.verdict(), 600));
    }
}
