//! Random numbers with a seed: the same worlds on every machine.

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Strictly between 0 and 1.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (mut count, mut left, end) = (0, self.unit(), (-mean).exp());
        while left > end {
            count += 1;
            left *= self.unit();
        }
        count
    }

    /// How many of `n` happen.
    pub(crate) fn binomial(&mut self, n: u64, probability: f64) -> u64 {
        if probability >= 1.0 {
            return n;
        }
        if probability <= 0.0 {
            return 0;
        }
        if probability > 0.3 {
            return (0..n).filter(|_| self.chance(probability)).count() as u64;
        }
        // From one that happens to the next.
        let (mut at, mut count, miss) = (0.0, 0, (1.0 - probability).ln());
        loop {
            at += (self.unit().ln() / miss).floor() + 1.0;
            if at > n as f64 {
                return count;
            }
            count += 1;
        }
    }

    /// At least 1, with this mean.
    pub(crate) fn geometric(&mut self, mean: f64) -> u64 {
        if mean <= 1.0 {
            return 1;
        }
        1 + (self.unit().ln() / (1.0 - 1.0 / mean).ln()).floor() as u64
    }
}
