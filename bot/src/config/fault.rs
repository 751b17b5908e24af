//! What is wrong with the configuration, said so that it can be mended.

use std::cell::RefCell;
use std::fmt;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFault {
    /// The file, variable or flag.
    pub(crate) place: String,
    /// The key; empty when the whole file is meant.
    pub(crate) key: String,
    /// What is wrong with it.
    pub(crate) what: String,
    /// What to do.
    pub(crate) mend: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        write!(f, "{}: {}", self.what, self.mend)
    }
}

/// All faults there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigFaults(pub(crate) Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has a fault")?,
            count => write!(f, "the configuration has {count} faults")?,
        }
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for ConfigFaults {}

/// Collects faults while reading goes on.
#[derive(Debug, Default)]
pub(super) struct Collector(RefCell<Vec<ConfigFault>>);

impl Collector {
    /// One more.
    pub(super) fn add(&self, place: &str, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        let fault =
            ConfigFault { place: place.to_owned(), key: key.to_owned(), what: what.into(), mend: mend.into() };
        let mut faults = self.0.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The value, when nothing is wrong.
    pub(super) fn none_or<T>(self, value: T) -> Result<T, ConfigFaults> {
        let faults = self.0.into_inner();
        if faults.is_empty() { Ok(value) } else { Err(ConfigFaults(faults)) }
    }
}
