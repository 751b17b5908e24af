//! A canary as a picture: what both versions failed and how long they took, over its stages. One model, drawn once as shapes
//! ([`Scene`]) for whoever has a canvas, as SVG for files, in characters for terminals, and told in words for everybody who sees
//! no picture. Whole numbers all through, so that a chart can be stored, compared and made again.

mod letters;
mod scale;
mod scene;
mod svg;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use letters::letters;
pub use scene::{Anchor, Ink, Scene, Shape, TEXT_PX, scene};
pub use svg::svg;

use crate::model::ServiceName;
use crate::trial::{InStage, Point, StageSoak, Trial, VersionPoint};

/// Services in a picture: the ones that stand worst. All of them are told in words.
const SERVICES_MAX: usize = 2;

/// A canary over its stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// How long it lasted, in seconds.
    pub span_s: u32,
    /// Its stages, in order.
    pub stages: Vec<StageMark>,
    /// What was measured, below each other.
    pub panels: Vec<Panel>,
    /// The same in words, a line for each service in each stage.
    pub says: Vec<String>,
}

/// Where a stage begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageMark {
    /// Seconds since the canary began.
    pub from_s: u32,
    /// The share of traffic the canary has from here on, 1 to 100.
    pub weight_pct: u8,
}

/// What a panel measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// The share of requests that failed, in hundredths of a percent.
    Failed,
    /// The time within which 95 of 100 answers came, in milliseconds.
    Latency,
}

/// One measure of one service, of both versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// The service.
    pub service: ServiceName,
    /// What is measured.
    pub measure: Measure,
    /// The stable version.
    pub stable: Vec<Dot>,
    /// The version on trial.
    pub canary: Vec<Dot>,
}

/// What was measured in some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dot {
    /// Seconds since the canary began.
    pub from_s: u32,
    /// How many.
    pub span_s: u32,
    /// In the unit of the measure; absent where nothing was answered.
    pub value: Option<u32>,
}

impl Panel {
    /// What stands above it.
    pub fn title(&self) -> String {
        match self.measure {
            Measure::Failed => format!("{}: failed requests", self.service),
            Measure::Latency => format!("{}: 95 of 100 answers within", self.service),
        }
    }

    /// The highest value shown, in the unit of the measure.
    fn highest(&self) -> u32 {
        self.stable.iter().chain(&self.canary).filter_map(|dot| dot.value).max().unwrap_or_default()
    }
}

impl Chart {
    /// The chart of a canary; nothing before anything was watched.
    pub fn of(trial: &Trial, title: impl Into<String>) -> Option<Self> {
        let began_s = trial.stages.first()?.began_ms.div_euclid(1_000);
        let since = |at_s: i64| u32::try_from(at_s - began_s).unwrap_or_default();
        let dots = |service: &ServiceName, value: fn(&Point) -> Option<u32>| -> Vec<Dot> {
            let points = trial.stages.iter().filter_map(|stage| stage.services.get(service));
            let points = points.flat_map(|here| &here.track.points);
            let dot =
                |point: &Point| Dot { from_s: since(point.at_s), span_s: point.span_s, value: value(point) };
            points.map(dot).collect()
        };
        let last = trial.stages.last()?;
        let is_answered =
            |here: &InStage| here.track.whole.stable.requests + here.track.whole.canary.requests > 0;
        let answers = |service: &ServiceName| {
            trial.stages.iter().any(|stage| stage.services.get(service).is_some_and(is_answered))
        };
        let mut services: Vec<&ServiceName> = last.services.keys().collect();
        // An empty picture shows nothing, where another service has something to show.
        if services.iter().any(|service| answers(service)) {
            services.retain(|service| answers(service));
        }
        services.sort_by_key(|service| last.services[*service].score);
        let mut panels = Vec::new();
        for service in services.into_iter().take(SERVICES_MAX) {
            panels.push(Panel {
                service: service.clone(),
                measure: Measure::Failed,
                stable: dots(service, |point| point.stable.failed_bp()),
                canary: dots(service, |point| point.canary.failed_bp()),
            });
            panels.push(Panel {
                service: service.clone(),
                measure: Measure::Latency,
                stable: dots(service, |point| point.stable.p95_ms),
                canary: dots(service, |point| point.canary.p95_ms),
            });
        }
        let of_panel = |panel: &Panel| panel.canary.iter().map(|dot| dot.from_s + dot.span_s).max();
        let span_s = panels.iter().filter_map(of_panel).max()?;
        let mark = |stage: &StageSoak| StageMark {
            from_s: since(stage.began_ms.div_euclid(1_000)),
            weight_pct: stage.weight_pct,
        };
        Some(Self {
            title: title.into(),
            span_s,
            stages: trial.stages.iter().map(mark).collect(),
            panels,
            says: trial.stages.iter().flat_map(says).collect(),
        })
    }
}

/// A stage in words.
fn says(stage: &StageSoak) -> Vec<String> {
    let line = |(service, here): (&ServiceName, &crate::trial::InStage)| {
        let whole = &here.track.whole;
        format!(
            "{}% for {} s: {service} canary {}, and stable {}",
            stage.weight_pct,
            here.soaked_s,
            answered(&whole.canary),
            answered(&whole.stable)
        )
    };
    stage.services.iter().map(line).collect()
}

/// "3 of 120 failed (2.5%), p95 20 ms".
pub fn answered(version: &VersionPoint) -> String {
    if version.requests == 0 {
        return "no requests".to_owned();
    }
    let share_pct = version.errors as f64 / version.requests as f64 * 100.0;
    let failed = format!("{} of {} failed ({share_pct:.1}%)", version.errors, version.requests);
    match version.latency_say() {
        Some(latency) => format!("{failed}, {latency}"),
        None => failed,
    }
}
