//! One sentence with the numbers for every verdict. It is evidence too: it stands in the record and in the incident.

use super::counts::Side;
use super::judge::Judge;
use super::triggers::Trigger;
use super::verdict::{Cause, Lack, Verdict};

/// Of a judge that could not go by what it knew.
const ANEW: &str =
    "Evidence counts from the upgrade of infra-chat on: what was known before was kept in another form.";

impl Judge {
    /// The sentence of a verdict of this judge.
    pub(super) fn sentence(&self, verdict: &Verdict) -> String {
        let said = self.said(verdict);
        if self.is_anew { format!("{said} {ANEW}") } else { said }
    }

    fn said(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Pass => format!(
                "{} in the same seconds{}: nothing says that it is worse.",
                self.failures(),
                self.slowness().map(|slowness| format!(", and {slowness}")).unwrap_or_default(),
            ),
            Verdict::Fail { cause } => self.failed(cause),
            Verdict::NotEnoughData { lack, more_requests, more_s } => {
                self.lacks(*lack, *more_requests, *more_s)
            }
        }
    }

    fn failed(&self, cause: &Cause) -> String {
        match cause {
            Cause::Trigger { trigger } => match trigger {
                Trigger::Health { check, times } => {
                    format!("The health check {check} failed {times} times in a row.")
                }
                Trigger::CrashLoop { restarts, within_s } => {
                    format!(
                        "The canary's processes ended by themselves {restarts} times within {within_s} s."
                    )
                }
                Trigger::Pattern { name } => {
                    format!("The canary logged \"{name}\", which is critical; the stable version did not.")
                }
            },
            Cause::Errors => format!("{} in the same seconds; {}.", self.failures(), self.odds()),
            Cause::Latency => format!(
                "{}; {}.",
                capital(&self.slowness().unwrap_or_else(|| "the canary is slower".to_owned())),
                self.odds()
            ),
            Cause::Patterns => {
                let (name, (stable, canary)) = self.patterns.worst().unwrap_or(("a pattern", (0, 0)));
                format!(
                    "\"{name}\" was logged in {canary} seconds by the canary and in {stable} by the stable version; {}.",
                    self.odds()
                )
            }
        }
    }

    fn lacks(&self, lack: Lack, more_requests: u64, more_s: Option<u64>) -> String {
        let compared = self.errors.compared().canary;
        let more = format!(
            "it takes about {} more canary {}",
            number(more_requests),
            plural(more_requests, "request")
        );
        let long = match more_s {
            Some(more_s) => format!("{more}, which is {} at this rate", duration(more_s)),
            None if self.served.canary.requests == 0 => format!("{more}, and none has come yet"),
            None => format!("{more} while the stable version has traffic too"),
        };
        match lack {
            Lack::Traffic => format!(
                "Not enough data: {} of the {} lane-seconds a pass needs could be compared ({} canary {}); {long}.",
                number(compared.lanes),
                number(self.policy.lane_seconds_min),
                number(compared.requests),
                plural(compared.requests, "request"),
            ),
            Lack::Certainty => format!(
                "Not enough data to tell: {}{}; that speaks against the canary, but chance alone does as much in up to one of \
                 {} canaries; {long}.",
                self.failures(),
                self.slowness().map(|slowness| format!(", and {slowness}")).unwrap_or_default(),
                number(self.evidence() as u64),
            ),
        }
    }

    /// What both failed of what was compared.
    fn failures(&self) -> String {
        let compared = self.errors.compared();
        format!(
            "The canary failed {}, the stable version {}",
            failed(compared.canary),
            failed(compared.stable)
        )
    }

    /// What both had above a usual quantile of the stable version, if latency was compared.
    fn slowness(&self) -> Option<String> {
        let canary = self.latency.compared().1;
        let (limit, (slow_stable, slow_canary)) = self.latency.slow();
        (canary > 0).then(|| {
            format!(
                "{} of the canary's {} requests were slower than the stable version's usual {limit}, {} of the stable version's own",
                percent(slow_canary),
                number(canary),
                percent(slow_stable),
            )
        })
    }

    /// What Ville's inequality says.
    fn odds(&self) -> String {
        let evidence = self.evidence();
        let limit = (1.0 / self.policy.false_alarm).round() as u64;
        let chance = if evidence >= 1e6 { "a million".to_owned() } else { number(evidence as u64) };
        format!(
            "equal versions would get this far apart less than once in {chance} canaries (limit: {})",
            number(limit)
        )
    }
}

fn failed(side: Side) -> String {
    format!("{} of {} requests ({})", number(side.errors), number(side.requests), percent(side.error_share()))
}

/// A percentage with as many digits as say something.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 10.0 {
        format!("{percent:.0}%")
    } else if percent >= 1.0 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.2}%")
    }
}

/// With commas between thousands.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut answer = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            answer.push(',');
        }
        answer.push(digit);
    }
    answer
}

fn plural(count: u64, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// In the unit a person would use.
fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} minutes", seconds.div_ceil(60)),
        7200..=172_799 => format!("{} hours", seconds.div_ceil(3600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
