//! The names an artifact can have.

use std::fmt;
use std::str::FromStr;

use crate::model::ServiceName;

/// Names an artifact within its run. Each kind has its one place, and none can reach outside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactName {
    /// `run.json`
    Run,
    /// `plan.json`
    Plan,
    /// `diff.json`
    Diff,
    /// `receipts/N.json`, numbered in the order the run got them.
    Receipt(u32),
    /// `metrics.json`
    Metrics,
    /// `build.log`
    Build,
    /// `logs/SERVICE.log`
    Log(ServiceName),
    /// `observed.json`
    Observed,
    /// `chart.svg`
    Chart,
    /// `incident.md`
    Incident,
    /// `manifest.json`
    Manifest,
}

/// A name no artifact has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is no artifact: there are run.json, plan.json, diff.json, receipts/N.json, metrics.json, build.log, \
     logs/SERVICE.log, observed.json, chart.svg, incident.md and manifest.json"
)]
pub struct ArtifactNameError {
    given: String,
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => f.write_str("run.json"),
            Self::Plan => f.write_str("plan.json"),
            Self::Diff => f.write_str("diff.json"),
            Self::Receipt(number) => write!(f, "receipts/{number}.json"),
            Self::Metrics => f.write_str("metrics.json"),
            Self::Build => f.write_str("build.log"),
            Self::Log(service) => write!(f, "logs/{service}.log"),
            Self::Observed => f.write_str("observed.json"),
            Self::Chart => f.write_str("chart.svg"),
            Self::Incident => f.write_str("incident.md"),
            Self::Manifest => f.write_str("manifest.json"),
        }
    }
}

impl FromStr for ArtifactName {
    type Err = ArtifactNameError;
    fn from_str(given: &str) -> Result<Self, ArtifactNameError> {
        let read = match given {
            "run.json" => Some(Self::Run),
            "plan.json" => Some(Self::Plan),
            "diff.json" => Some(Self::Diff),
            "metrics.json" => Some(Self::Metrics),
            "build.log" => Some(Self::Build),
            "observed.json" => Some(Self::Observed),
            "chart.svg" => Some(Self::Chart),
            "incident.md" => Some(Self::Incident),
            "manifest.json" => Some(Self::Manifest),
            _ => numbered(given).or_else(|| log(given)),
        };
        // One artifact has one name: `receipts/007.json` is none.
        read.filter(|name| name.to_string() == given)
            .ok_or_else(|| ArtifactNameError { given: given.chars().take(80).collect() })
    }
}

fn numbered(given: &str) -> Option<ArtifactName> {
    given.strip_prefix("receipts/")?.strip_suffix(".json")?.parse().ok().map(ArtifactName::Receipt)
}

fn log(given: &str) -> Option<ArtifactName> {
    given.strip_prefix("logs/")?.strip_suffix(".log")?.parse().ok().map(ArtifactName::Log)
}
