//! The law of a fair draw: if both versions are alike, which requests fail has nothing to do with which version served them.
//!
//! Of `canary + stable` units, `marked` are marked (failed, or slower than a limit). If the marks don't care for the version,
//! the number of marked canary units is hypergeometric, whatever the error rate of that second is: an incident that hits
//! both, drift and daily rhythm cancel. For odds ratio ψ, `ψ^C / E[ψ^C]` is then an e-value: non-negative with
//! expectation one. It is the likelihood ratio of Fisher's noncentral hypergeometric law (the conditional test of a 2×2 table).

/// Terms smaller than this beside the largest add nothing to a sum of `f64`.
const NEGLIGIBLE: f64 = 1e-18;

/// Of more units the evidence is that of so many in the same proportions: less than there is, and soon reckoned.
const UNITS_MAX: u64 = 100_000;

/// Above this the sum of tilted terms is scaled down by as much.
const TOO_LARGE: f64 = 1e200;

/// What was drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    /// Units of the canary.
    pub(super) canary: u64,
    /// Units of the stable version.
    pub(super) stable: u64,
    /// Marked units of the canary.
    pub(super) canary_marked: u64,
    /// Marked units of both.
    pub(super) marked: u64,
}

impl Draw {
    /// Whether it can tell the versions apart at all.
    pub(super) fn speaks(&self) -> bool {
        self.canary > 0 && self.stable > 0 && self.marked > 0 && self.marked < self.canary + self.stable
    }

    /// For each odds ratio, the logarithm of the e-value of this draw, beyond the odds ratio `usual` (at least 1) that versions which
    /// are alike may have: then `(ψ·usual)^C / E[(ψ·usual)^C]` over the same with `usual` alone, the likelihood ratio against it.
    pub(super) fn ln_e_values(&self, usual: f64, odds: &[f64], answer: &mut Vec<f64>) {
        answer.clear();
        if !self.speaks() {
            answer.resize(odds.len(), 0.0);
            return;
        }
        let draw = self.scaled();
        let drawn = draw.canary_marked as f64;
        let before = if usual > 1.0 { draw.ln_expectation(usual) } else { 0.0 };
        answer.extend(odds.iter().map(|odds| drawn * odds.ln() + before - draw.ln_expectation(odds * usual)));
    }

    /// Of no more than [`UNITS_MAX`] units, about.
    fn scaled(&self) -> Self {
        let all = self.canary + self.stable;
        if all <= UNITS_MAX {
            return *self;
        }
        let scaled = |units: u64| (u128::from(units) * u128::from(UNITS_MAX) / u128::from(all)) as u64;
        let canary_marked = scaled(self.canary_marked);
        let stable_marked = scaled(self.marked - self.canary_marked);
        Self {
            canary: scaled(self.canary),
            stable: scaled(self.stable),
            canary_marked,
            marked: canary_marked + stable_marked,
        }
    }

    /// `ln E[ψ^C]` under the fair draw.
    fn ln_expectation(&self, odds: f64) -> f64 {
        let low = self.marked.saturating_sub(self.stable);
        let high = self.marked.min(self.canary);
        let all = (self.canary + self.stable) as f64;
        let mode = ((self.marked + 1) as f64 * (self.canary + 1) as f64 / (all + 2.0)) as u64;
        let mode = mode.clamp(low, high);
        // The masses beside that of the mode, outwards until they vanish; each also with its tilt.
        let (mut plain, mut tilted, mut ln_scale) = (1.0, 1.0, 0.0);
        let (mut mass, mut term) = (1.0, 1.0);
        for count in (low..mode).rev() {
            let ratio = self.ratio(count);
            mass /= ratio;
            term /= ratio * odds;
            plain += mass;
            tilted += term;
            if mass < NEGLIGIBLE {
                break;
            }
        }
        let (mut mass, mut term) = (1.0, 1.0);
        for count in mode..high {
            let ratio = self.ratio(count);
            mass *= ratio;
            term *= ratio * odds;
            plain += mass;
            tilted += term;
            if tilted > TOO_LARGE {
                tilted /= TOO_LARGE;
                term /= TOO_LARGE;
                ln_scale += TOO_LARGE.ln();
            }
            if mass < NEGLIGIBLE && term < tilted * NEGLIGIBLE {
                break;
            }
        }
        mode as f64 * odds.ln() + ln_scale + tilted.ln() - plain.ln()
    }

    /// How much likelier `count + 1` marked canary units are than `count`.
    fn ratio(&self, count: u64) -> f64 {
        let numerator = (self.canary - count) as f64 * (self.marked - count) as f64;
        numerator / ((count + 1) as f64 * (self.stable + count + 1 - self.marked) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ln_choose(n: u64, k: u64) -> f64 {
        (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum()
    }

    /// Over all draws there can be, an e-value is one on average; from few units to many.
    #[test]
    fn e_values_are_one_on_average() {
        let odds = [2.0, 16.0, 40.0];
        for (canary, stable, marked) in
            [(1, 9, 1), (1, 9, 10 - 1), (5, 5, 3), (10, 90, 40), (700, 6300, 350), (9, 3, 10)]
        {
            for usual in [1.0, 2.5] {
                let mut mean = [0.0; 3];
                let mut all = 0.0;
                let mut ln = Vec::new();
                for canary_marked in u64::saturating_sub(marked, stable)..=marked.min(canary) {
                    let draw = Draw { canary, stable, canary_marked, marked };
                    draw.ln_e_values(usual, &odds, &mut ln);
                    let weight = ln_choose(canary, canary_marked) + ln_choose(stable, marked - canary_marked)
                        - ln_choose(canary + stable, marked);
                    let weight = weight + canary_marked as f64 * usual.ln();
                    all += weight.exp();
                    for (mean, ln) in mean.iter_mut().zip(&ln) {
                        *mean += (weight + ln).exp();
                    }
                }
                for mean in mean {
                    assert!(
                        (mean / all - 1.0).abs() < 1e-6,
                        "{canary} {stable} {marked} {usual}: {mean} of {all}"
                    );
                }
            }
        }
    }

    #[test]
    fn many_units_leave_the_range_of_numbers_nowhere() {
        let draw = Draw { canary: 100_000, stable: 900_000, canary_marked: 60_000, marked: 400_000 };
        let ln = draw.ln_expectation(40.0);
        // Drawing with replacement is wider (Hoeffding 1963), and no draw at all narrower.
        let with_replacement = 100_000.0 * (1.0_f64 + 39.0 * 0.4).ln();
        assert!(ln < with_replacement && ln > 40_000.0 * 40.0_f64.ln(), "{ln}");
    }
}
