//! Reading a trial that was written down, perhaps by another version of this program: what can't be read is begun anew, and never stops the run.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::{StageSoak, Trial, Watched};
use crate::canary::{Judge, Past, Side};
use crate::model::ServiceName;

/// What of a service can be read whatever else has changed: its judge by then, and plain numbers.
const PLAIN: [&str; 4] = ["judge", "seen_s", "looked_s", "restarts"];

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    stages: Value,
    #[serde(default)]
    services: BTreeMap<ServiceName, Value>,
}

impl<'de> Deserialize<'de> for Trial {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(from)?;
        // Without its stages the one at hand begins again, which takes longer and skips nothing.
        let Ok(stages) = Vec::<StageSoak>::deserialize(stored.stages) else { return Ok(Self::default()) };
        let mut services = stored.services;
        for service in stages.last().into_iter().flat_map(|stage| stage.services.keys()) {
            services.entry(service.clone()).or_default();
        }
        let restored =
            |(service, watched)| restored(watched, &stages, &service).map(|watched| (service, watched));
        let services = services.into_iter().filter_map(restored).collect();
        Ok(Self { stages, services })
    }
}

fn restored(stored: Value, stages: &[StageSoak], service: &ServiceName) -> Option<Watched> {
    let mut stored = match stored {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let judge = stored.remove("judge").unwrap_or_default();
    let past = || Past { served: served(stages, service), latency: Vec::new() };
    stored.insert("judge".to_owned(), json!(Judge::restored(judge, past)));
    stored.entry("seen_s").or_insert_with(|| json!(seen_s(stages, service)));
    let left = PLAIN.iter().filter_map(|key| Some(((*key).to_owned(), stored.get(*key)?.clone()))).collect();
    let read = |stored| Watched::deserialize(Value::Object(stored)).ok();
    read(stored).or_else(|| read(left))
}

/// The last second that was taken in, as the stage at hand tells.
fn seen_s(stages: &[StageSoak], service: &ServiceName) -> i64 {
    let Some(stage) = stages.last() else { return 0 };
    let soaked_s = stage.services.get(service).map_or(0, |here| here.soaked_s);
    stage.began_ms.div_euclid(1_000) + i64::from(soaked_s)
}

/// What the stable version served in the stages so far.
fn served(stages: &[StageSoak], service: &ServiceName) -> Side {
    stages
        .iter()
        .filter_map(|stage| stage.services.get(service))
        .fold(Side::default(), |all, here| all.plus(here.served.stable))
}
