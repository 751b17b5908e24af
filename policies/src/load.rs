//! Reads rule files and refuses them with reasons: what does not parse, does not fit the schema, carries a wrong
//! obligation, repeats a name, can never match, or matches everything.

use std::collections::BTreeMap;
use std::str::FromStr;

use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, ValidationError, ValidationMode, ValidationWarning, Validator,
};
use miette::Diagnostic;

use crate::bounds::contradiction;
use crate::everything::matches_everything;
use crate::fault::{Fault, Place, RuleError};
use crate::rule::Rule;
use crate::{RuleId, Rules};

/// Names that decisions use themselves.
const RESERVED_IDS: [&str; 3] = [RuleId::NO_PERMIT, RuleId::UNKNOWN_ACTION, RuleId::BAD_QUESTION];

/// Rules that passed every check, with the Cedar policies behind them.
pub(crate) struct Loaded {
    pub(crate) rules: Vec<Rule>,
    pub(crate) policies: Vec<Policy>,
}

/// Loads files on top of the rules already there, or names every fault in them.
pub(crate) fn load(present: &Rules, files: &[(&str, &str)]) -> Result<Loaded, RuleError> {
    let mut taken: BTreeMap<String, String> = present
        .iter()
        .map(|rule| (rule.id.0.clone(), format!("{}, which is already in force", rule.file)))
        .collect();
    let mut loaded = Loaded { rules: Vec::new(), policies: Vec::new() };
    let validator = Validator::new(present.schema().clone());
    let mut faults = Vec::new();
    for (file, text) in files {
        let source = Source { file, text, present, validator: &validator };
        match source.read(&mut taken) {
            Ok((rules, policies)) => {
                loaded.rules.extend(rules);
                loaded.policies.extend(policies);
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(loaded) } else { Err(RuleError { faults }) }
}

/// One file.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    present: &'a Rules,
    validator: &'a Validator,
}

/// A policy with where its text begins in the file.
struct Spot {
    policy: Policy,
    text: String,
    offset: usize,
}

impl Fault {
    /// Names the rule once, in our words, where Cedar names it in every clause.
    fn of_rule(mut self, id: &PolicyId, hint: Option<&str>) -> Self {
        let plain = |text: &str| {
            text.replace(&format!("for policy `{id}`, "), "").replace(&format!("for policy `{id}`: "), "")
        };
        self.what = format!("rule {id}: {}", plain(&self.what));
        self.hint = hint.map(str::to_owned).or_else(|| self.hint.as_deref().map(plain));
        self
    }
}

fn what_is_wrong(error: &ValidationError) -> String {
    let what = error.to_string();
    if let Some((role, _)) = what.split_once(" is of an enumerated entity type") {
        return format!("{role} does not exist");
    }
    // All actions know the same facts, so what one does not know none does.
    match what.split_once(" for Action::\"").map(|(fault, rest)| (fault, rest.split_once('"'))) {
        Some((fault, Some((_, rest)))) => format!("{fault}{rest}"),
        _ => what,
    }
}

/// What to do about mistakes that everybody makes once.
fn hint_for(error: &ValidationError) -> Option<&'static str> {
    match error {
        ValidationError::InvalidEnumEntity(_) => Some("the roles are \"viewer\", \"deployer\" and \"admin\""),
        ValidationError::UnsafeAttributeAccess(error) if error.to_string().contains("type `Project`") => {
            Some(
                "write `resource is Environment` instead of `resource` in the first line: a project has no such thing",
            )
        }
        _ => None,
    }
}

impl Spot {
    /// Where an annotation stands in the file, or the rule itself when it is not there.
    fn annotation(&self, name: &str) -> usize {
        self.offset + self.text.find(&format!("@{name}(")).unwrap_or_default()
    }
}

impl Source<'_> {
    fn read(&self, taken: &mut BTreeMap<String, String>) -> Result<(Vec<Rule>, Vec<Policy>), Vec<Fault>> {
        let set = PolicySet::from_str(self.text).map_err(|errors| {
            errors.iter().map(|error| self.diagnosed(error, error.to_string(), 0)).collect::<Vec<_>>()
        })?;
        if set.templates().next().is_some() {
            let offset = self.text.find("?principal").or(self.text.find("?resource")).unwrap_or_default();
            let what = "a rule with a blank, which nothing here fills in";
            return Err(vec![
                Fault::new(self.place(offset), what)
                    .hint("write the person or environment instead of `?principal` or `?resource`"),
            ]);
        }
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        let mut policies = Vec::new();
        for spot in self.spots(&set) {
            let found = faults.len();
            let id = self.id(&spot, taken, &mut faults);
            let named = spot.policy.new_id(PolicyId::new(&id));
            faults.extend(self.schema_faults(&named, &spot));
            match Rule::read(&named, &id, self.file, &spot.text) {
                Ok(rule) => rules.push(rule),
                Err(wrongs) => faults.extend(wrongs.into_iter().map(|wrong| {
                    let offset = spot.annotation(&wrong.annotation);
                    Fault::new(self.place(offset), format!("rule {id}: {}", wrong.what)).hint(wrong.hint)
                })),
            }
            if faults.len() == found && matches_everything(self.present, &named) {
                faults.push(self.everything(&spot, &id));
            }
            policies.push(named);
        }
        if faults.is_empty() { Ok((rules, policies)) } else { Err(faults) }
    }

    /// The policies in the order of the text. Cedar numbers them `policy0`, `policy1`, … and keeps what was written.
    fn spots(&self, set: &PolicySet) -> Vec<Spot> {
        let mut policies: Vec<&Policy> = set.policies().collect();
        policies.sort_by_key(|policy| {
            policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or_default()
        });
        let mut from = 0;
        let mut spots = Vec::new();
        for policy in policies {
            let text = policy.to_cedar().unwrap_or_default();
            let mut offset = from;
            if let Some(at) = self.text[from..].find(&text) {
                offset = from + at;
                from = offset + text.len();
            }
            spots.push(Spot { policy: policy.clone(), text, offset });
        }
        spots
    }

    fn id(&self, spot: &Spot, taken: &mut BTreeMap<String, String>, faults: &mut Vec<Fault>) -> String {
        let Some(id) = spot.policy.annotation("id").filter(|id| !id.trim().is_empty()) else {
            let unnamed = Fault::new(self.place(spot.offset), "a rule has no name")
                .hint("put @id(\"what-it-is-about\") above it");
            faults.push(unnamed);
            return spot.policy.id().to_string();
        };
        let place = self.place(spot.annotation("id"));
        if RESERVED_IDS.contains(&id) {
            faults.push(
                Fault::new(place, format!("@id(\"{id}\") is a name that answers use themselves"))
                    .hint("choose another name"),
            );
        } else if let Some(first) = taken.get(id) {
            faults.push(
                Fault::new(place, format!("@id(\"{id}\") is taken by a rule in {first}"))
                    .hint("choose another name"),
            );
        } else {
            taken.insert(id.to_owned(), place.to_string());
        }
        id.to_owned()
    }

    fn schema_faults(&self, policy: &Policy, spot: &Spot) -> Vec<Fault> {
        let set = match PolicySet::from_policies([policy.clone()]) {
            Ok(set) => set,
            Err(error) => return vec![Fault::new(self.place(spot.offset), error.to_string())],
        };
        let result = self.validator.validate(&set, ValidationMode::Strict);
        let id = policy.id();
        let mut faults: Vec<Fault> = result
            .validation_errors()
            .map(|error| {
                self.diagnosed(error, what_is_wrong(error), spot.offset).of_rule(id, hint_for(error))
            })
            .collect();
        if !faults.is_empty() {
            // A rule about a group is checked for each of its actions, in no order: what is wrong is said once.
            let place = |fault: &Fault| (fault.place.line, fault.place.column, fault.what.clone());
            faults.sort_by_key(place);
            faults.dedup();
            return faults;
        }
        // An action that never applies makes the condition impossible too: the first warning is enough. Strings of
        // several scripts are how people outside the Latin alphabet name things.
        let warning = result
            .validation_warnings()
            .find(|warning| !matches!(warning, ValidationWarning::MixedScriptString(_)));
        if let Some(warning) = warning {
            let what = match warning {
                ValidationWarning::ImpossiblePolicy(_) => "its condition can never be true".to_owned(),
                ValidationWarning::InvalidActionApplication(_) => {
                    "no action takes such a person and place, so it can never match".to_owned()
                }
                other => other.to_string(),
            };
            return vec![self.diagnosed(warning, what, spot.offset).of_rule(id, None)];
        }
        if let Some(why) = contradiction(policy) {
            let what = format!("rule {id}: its condition can never be true: {why}");
            return vec![Fault::new(self.place(spot.offset), what)];
        }
        Vec::new()
    }

    fn everything(&self, spot: &Spot, id: &str) -> Fault {
        let (does, hint) = match spot.policy.effect() {
            Effect::Forbid => (
                "forbids everything to everybody, even `help`",
                "name the actions: `action in Action::\"run\"`",
            ),
            Effect::Permit => (
                "permits everything to everybody, even to strangers",
                "name the people: `principal in Role::\"deployer\"`",
            ),
        };
        Fault::new(self.place(spot.offset), format!("rule {id} {does}")).hint(hint)
    }

    /// A fault at the spot that Cedar points to, with Cedar's own hint.
    fn diagnosed(&self, error: &dyn Diagnostic, what: String, fallback: usize) -> Fault {
        let label = error.labels().and_then(|mut labels| labels.next());
        let offset = label.as_ref().map_or(fallback, miette::LabeledSpan::offset);
        let mut fault = Fault::new(self.place(offset), what);
        let told = label.as_ref().and_then(|label| label.label()).map(str::to_owned);
        fault.hint = error.help().map(|help| help.to_string()).or(told);
        fault
    }

    fn place(&self, offset: usize) -> Place {
        Place::at(self.file, self.text, offset)
    }
}
