//! Puts a question to Cedar. Everything is validated against the schema on the way in, and a rule whose condition cannot
//! be evaluated is never passed over in silence: Cedar would skip it, which for a forbid means allowing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request, RestrictedExpression, Schema,
};

use crate::{Facts, Question, Role};

/// Ids of the rules that matched, and what went wrong with those that could not be evaluated.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    pub(crate) rules: BTreeSet<String>,
    pub(crate) errors: Vec<(String, String)>,
}

/// A question in Cedar's words, ready to be put to several sets of rules.
pub(crate) struct Asked {
    request: Request,
    entities: Entities,
}

impl Asked {
    /// Fails with a sentence when the question does not fit the schema.
    pub(crate) fn new(schema: &Schema, question: &Question) -> Result<Self, String> {
        let person = uid("Person", &question.actor.name)?;
        let project = uid("Project", &question.project)?;
        let action = uid("Action", &question.action)?;
        let roles = [Role::Viewer, Role::Deployer, Role::Admin]
            .into_iter()
            .filter(|role| *role <= question.actor.role)
            .map(|role| uid("Role", role.name()))
            .collect::<Result<HashSet<_>, _>>()?;
        let mut entities = vec![
            Entity::new_no_attrs(person.clone(), roles),
            Entity::new_no_attrs(project.clone(), HashSet::new()),
        ];
        let mut resource = project.clone();
        if let Some(environment) = &question.environment {
            resource = uid("Environment", &environment.name)?;
            let production = RestrictedExpression::new_bool(environment.production);
            let attributes = HashMap::from([("production".to_owned(), production)]);
            let entity = Entity::new(resource.clone(), attributes, HashSet::from([project]));
            entities.push(entity.map_err(|error| error.to_string())?);
        }
        let entities = Entities::from_entities(entities, Some(schema)).map_err(|error| error.to_string())?;
        let context = context(&question.facts)?;
        let request = Request::new(person, action, resource, context, Some(schema))
            .map_err(|error| error.to_string())?;
        Ok(Self { request, entities })
    }

    /// The rules of a set that match. The set holds rules of one effect only, so that each of them is reported.
    pub(crate) fn put_to(&self, rules: &PolicySet) -> Matched {
        let response = Authorizer::new().is_authorized(&self.request, rules, &self.entities);
        let diagnostics = response.diagnostics();
        Matched {
            rules: diagnostics.reason().map(ToString::to_string).collect(),
            errors: diagnostics
                .errors()
                .map(|AuthorizationError::PolicyEvaluationError(error)| {
                    (error.policy_id().to_string(), error.inner().to_string())
                })
                .collect(),
        }
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind = EntityTypeName::from_str(kind).map_err(|error| error.to_string())?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn context(facts: &Facts) -> Result<Context, String> {
    let mut pairs: Vec<(String, RestrictedExpression)> = Vec::new();
    let mut fact = |name: &str, value: RestrictedExpression| pairs.push((name.to_owned(), value));
    for (name, value) in [
        ("changes_world", facts.changes_world),
        ("dry_run", facts.dry_run),
        ("destructive", facts.destructive),
        ("automatic", facts.automatic),
        ("held", facts.held),
        ("ref_allowed", facts.ref_allowed),
        ("is_requester", facts.is_requester),
        ("one_person_team", facts.one_person_team),
        ("break_glass", facts.glass_is_broken()),
    ] {
        fact(name, RestrictedExpression::new_bool(value));
    }
    for (name, value) in [
        ("runs_last_hour", Some(facts.runs_last_hour)),
        ("runs_per_hour_limit", facts.runs_per_hour_limit),
        ("replicas", facts.replicas),
        ("max_replicas", facts.max_replicas),
        ("approvals_required", Some(facts.approvals_required)),
        ("approvals_given", Some(facts.approvals_given)),
        ("admin_approvals_given", Some(facts.admin_approvals_given)),
        ("weekday", Some(facts.weekday.into())),
        ("minute_of_day", Some(facts.minute_of_day.into())),
    ] {
        if let Some(value) = value {
            fact(name, RestrictedExpression::new_long(value.into()));
        }
    }
    for (name, value) in [
        ("ref_name", &facts.ref_name),
        ("size", &facts.size),
        ("break_glass_reason", &facts.break_glass),
        ("lock_held_by_other", &facts.lock_held_by_other),
    ] {
        if let Some(value) = value {
            fact(name, RestrictedExpression::new_string(value.clone()));
        }
    }
    for (name, values) in [("allowed_refs", &facts.allowed_refs), ("allowed_sizes", &facts.allowed_sizes)] {
        fact(
            name,
            RestrictedExpression::new_set(values.iter().cloned().map(RestrictedExpression::new_string)),
        );
    }
    if let Some(freeze) = &facts.frozen {
        let record = RestrictedExpression::new_record([
            ("name".to_owned(), RestrictedExpression::new_string(freeze.name.clone())),
            ("reason".to_owned(), RestrictedExpression::new_string(freeze.reason.clone())),
            ("until_ms".to_owned(), RestrictedExpression::new_long(freeze.until_ms)),
        ]);
        fact("frozen", record.map_err(|error| error.to_string())?);
    }
    Context::from_pairs(pairs).map_err(|error| error.to_string())
}
