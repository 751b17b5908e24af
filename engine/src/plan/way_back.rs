//! The way back from a deploy: what of it is proved, and what to do about the rest.

use super::{Facts, WayBack, short};
use crate::model::{Release, ReleaseState};
use crate::ports::BuildState;

/// The way back from a deploy: to what is live now. `breaks` says why that can't live with the migrations, when it can't.
pub(super) fn of_deploy(facts: &Facts, breaks: Option<&str>) -> WayBack {
    let Some(live) = facts.live() else {
        return WayBack {
            release: None,
            say: "this is the first release here: until it is live, everything it starts is ended again"
                .to_owned(),
            proof: vec!["nothing runs that could be harmed".to_owned()],
            lacks: Vec::new(),
            proved: true,
        };
    };
    let kept = facts.capabilities.keeps_builds
        && live.services.iter().all(|(name, part)| {
            if facts.capabilities.builds_on_deploy {
                return facts.observed.services.get(name).is_some_and(|it| it.kept.contains(&part.commit));
            }
            matches!(facts.builds.get(&part.build), Some(BuildState::Done { .. }))
        });
    let environment = &facts.environment.environment;
    let mut proof = vec![format!("release {} keeps running until the new one is verified", live.id.number)];
    let mut lacks = Vec::new();
    if kept {
        proof.push("its build is kept".to_owned());
    } else if facts.capabilities.builds_on_deploy {
        lacks.push("it has to be built anew once it has ended, which takes its time and may fail".to_owned());
    } else {
        lacks.push(format!(
            "its build is gone: going back would build it anew, which takes its time and may fail; `deploy {environment} ref \
             {}` first has it built again",
            short(&live.commit)
        ));
    }
    match breaks {
        None => proof.push("it can live with the schema".to_owned()),
        Some(why) => lacks.push(format!(
            "it can't live with the schema: {why}; deploy first what can do without, and change the schema afterwards"
        )),
    }
    // Without a number a rollback goes to the newest one that worked, which the live one may have come back past.
    let passed = |it: &Release| it.id.number > live.id.number && it.state == ReleaseState::Superseded;
    let to = facts.releases.iter().any(passed).then(|| format!(" to release {}", live.id.number));
    WayBack {
        release: Some(live.id.number),
        say: format!(
            "rollback {environment}{} goes to release {} ({}): traffic, then release, then config",
            to.unwrap_or_default(),
            live.id.number,
            live.reference
        ),
        proved: lacks.is_empty(),
        proof,
        lacks,
    }
}
