//! What all fronts share.

pub mod intent;
