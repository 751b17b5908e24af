//! The normal law, as exact as choosing alternatives needs: whatever odds ratio comes out, the e-value is valid.

/// The share of a standard normal above `z` (Abramowitz and Stegun 7.1.26, error below 2e-7).
pub(super) fn above(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = t
        * (0.254_829_592
            + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * series * (-x * x).exp();
    if z >= 0.0 { upper } else { 1.0 - upper }
}

/// The `z` that has `share` (0 to 1) of a standard normal above it (Abramowitz and Stegun 26.2.23, error below 5e-4).
pub(super) fn quantile_above(share: f64) -> f64 {
    let tail = share.min(1.0 - share).max(1e-12);
    let t = (-2.0 * tail.ln()).sqrt();
    let z = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    if share <= 0.5 { z } else { -z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert!((above(0.0) - 0.5).abs() < 1e-6);
        assert!((above(1.959_964) - 0.025).abs() < 1e-6);
        assert!((quantile_above(0.025) - 1.959_964).abs() < 1e-3);
        for share in [0.001, 0.05, 0.3, 0.5, 0.7, 0.99] {
            assert!((above(quantile_above(share)) - share).abs() < 5e-4, "{share}");
        }
    }
}
