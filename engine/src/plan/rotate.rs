//! Rotate secret: a new value, made here at random, and the live release once more with it. A value somebody gave is not
//! replaced by a random one: whoever gave it gives the new one, and this takes it to what runs.

use super::again::{Beside, Work, running_with};
use super::deploy::{names, step};
use super::{Facts, Plan, PlanProblem, RiskLevel, SecretFact};
use crate::model::{RunRequest, SecretName, Variable};
use crate::ports::ConfigSet;
use crate::project::instead;
use crate::step::{RenewSecret, StepKind};

pub(super) fn plan(request: &RunRequest, facts: &Facts, said: &str) -> Result<Plan, PlanProblem> {
    let environment = &facts.environment.environment;
    facts.described()?;
    let secret = meant(facts, said)?;
    let set = format!("infra-chat secret set {}/{secret}", facts.environment);
    let Some(fact) = facts.secrets.get(&secret) else {
        return Err(PlanProblem::new("missing-secret", format!("{environment} has no {secret} yet"), set));
    };
    let uses = |config: &ConfigSet| config.secrets.contains_key(&secret);
    let behind = |config: &ConfigSet| config.secrets.get(&secret).is_some_and(|at| *at < fact.version);
    let new = renewed(facts, &secret, fact);
    let running = match new {
        Some(_) => running_with(facts, uses),
        // What was given since is taken to those that do not have it yet.
        None => running_with(facts, behind),
    };
    if new.is_none() && running.is_empty() {
        return Err(PlanProblem::new(
            "given-secret",
            format!("the value of {secret} was given by somebody, so that its new one has to be, too"),
            format!("{set}, then say this again: the live release gets it at once"),
        ));
    }
    let version = new.unwrap_or(fact.version);
    let before = new.map(|version| {
        let renew = RenewSecret { secret: secret.clone(), version };
        step(
            "new secret",
            format!("{secret} version {version}, made here at random"),
            StepKind::RenewSecret(renew),
        )
    });
    let mut notes = Vec::new();
    if new.is_some() {
        notes.push(format!(
            "what was signed or encrypted with {secret} as it was can't be read with the new one"
        ));
    }
    if running.is_empty() {
        notes.push(format!(
            "nothing that runs in {environment} uses {secret}: the next deploy takes it along"
        ));
    }
    let with = if running.is_empty() { String::new() } else { format!(" for {}", names(&running)) };
    let work = Work {
        title: format!("Rotate {secret} in {environment}{with}"),
        subject: format!("{secret} version {version}"),
        with: "the new secret".to_owned(),
        running,
        diff: Vec::new(),
        notes,
        beside: Beside { before: before.into_iter().collect(), ..Beside::default() },
        changes: Vec::new(),
        back: format!("{secret} as it was does not come back"),
    };
    let mut plan =
        work.plan(request, facts, |config, number| facts.with_secret(config, number, &secret, version))?;
    plan.risk.at_least(RiskLevel::Medium, format!("{secret} as it was does not come back"));
    Ok(plan)
}

/// The version a secret gets that is made here; nothing where somebody gave its value.
fn renewed(facts: &Facts, secret: &SecretName, fact: &SecretFact) -> Option<u32> {
    let connections = facts.project.connections_in(&facts.environment.environment);
    let opens = connections.iter().any(|connection| connection.secret == *secret);
    let leads = facts.components().values().any(|component| component.url.as_ref() == Some(secret));
    (fact.generated && !opens && !leads).then_some(fact.version + 1)
}

/// The secret of that name, or the one a variable of that name stands for; capitals, `_` and `-` are all the same.
fn meant(facts: &Facts, said: &str) -> Result<SecretName, PlanProblem> {
    let environment = &facts.environment.environment;
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let wanted = plain(said);
    let mut known: Vec<SecretName> = facts.components().values().filter_map(|it| it.url.clone()).collect();
    let mut by_variable = None;
    for name in facts.project.services.keys() {
        let Some(service) = facts.project.service_in(environment, name) else { continue };
        for (variable, value) in &service.variables {
            let Variable::Secret(secret) = value else { continue };
            known.push(secret.clone());
            if plain(variable) == wanted {
                by_variable = Some(secret.clone());
            }
        }
    }
    let is_it = |secret: &&SecretName| plain(secret.as_str()) == wanted;
    // "the session secret"
    let is_called = |secret: &&SecretName| plain(secret.as_str()) == format!("{wanted}-secret");
    let found = known.iter().find(is_it).cloned().or(by_variable);
    found.or_else(|| known.iter().find(is_called).cloned()).ok_or_else(|| {
        let mut names: Vec<&str> = known.iter().map(SecretName::as_str).collect();
        names.sort_unstable();
        names.dedup();
        PlanProblem::new(
            "unknown-secret",
            format!("no service of {environment} uses a secret {said}; {}", instead(said, &names)),
            format!("infra-chat secret list {}", facts.environment),
        )
    })
}
