//! The rules in force: those shipped with the product, and the user's own added to them.

use std::collections::BTreeSet;

use cedar_policy::{Effect, PolicySet, Schema};
use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Place, RuleError};
use crate::load::{self, Loaded};
use crate::rule::Rule;

const SCHEMA_FILE: &str = "schema.cedarschema";
const SCHEMA: &str = include_str!("../rules/schema.cedarschema");

/// In the order in which their sentences should be read.
const SHIPPED: [(&str, &str); 11] = [
    ("roles.cedar", include_str!("../rules/roles.cedar")),
    ("break-glass.cedar", include_str!("../rules/break-glass.cedar")),
    ("locks.cedar", include_str!("../rules/locks.cedar")),
    ("refs.cedar", include_str!("../rules/refs.cedar")),
    ("freeze.cedar", include_str!("../rules/freeze.cedar")),
    ("hold.cedar", include_str!("../rules/hold.cedar")),
    ("rate.cedar", include_str!("../rules/rate.cedar")),
    ("budget.cedar", include_str!("../rules/budget.cedar")),
    ("approvals.cedar", include_str!("../rules/approvals.cedar")),
    ("destructive.cedar", include_str!("../rules/destructive.cedar")),
    ("production.cedar", include_str!("../rules/production.cedar")),
];

/// A checked set of rules. Cheap to share, never changed once made.
#[derive(Debug, Clone)]
pub struct Rules {
    schema: Schema,
    actions: BTreeSet<String>,
    // Apart, because Cedar names the permits only when no forbid fired, and we have to know both.
    permits: PolicySet,
    forbids: PolicySet,
    told: Vec<Rule>,
}

/// A rule as `doctor` and `help` list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleInfo {
    /// The rule's `@id`.
    pub id: String,
    /// The file it stands in.
    pub file: String,
    /// What it is about, in a sentence.
    pub sentence: String,
}

impl Rules {
    /// The rules compiled into the product. Fails only if the product itself was built wrong.
    pub fn shipped() -> Result<Self, RuleError> {
        let (schema, _warnings) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| {
            RuleError::one(Fault::new(Place::at(SCHEMA_FILE, SCHEMA, 0), error.to_string()))
        })?;
        let groups: BTreeSet<_> = schema.action_groups().cloned().collect();
        let actions = schema
            .actions()
            .filter(|action| !groups.contains(*action))
            .map(|action| action.id().unescaped().to_owned())
            .collect();
        let empty =
            Self { schema, actions, permits: PolicySet::new(), forbids: PolicySet::new(), told: Vec::new() };
        empty.add(&SHIPPED)
    }

    /// Adds the user's own files, as (name, text). All or nothing: one fault and the whole folder is refused, with every
    /// fault named by file, line and column. Own rules can forbid, ask for approval, or permit what no shipped rule
    /// forbids; they cannot lift a shipped forbid.
    pub fn with_own(self, files: &[(String, String)]) -> Result<Self, RuleError> {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        self.add(&files)
    }

    /// Every rule in force, in the order in which they speak.
    pub fn names(&self) -> Vec<RuleInfo> {
        let info = |rule: &Rule| RuleInfo {
            id: rule.id.0.clone(),
            file: rule.file.clone(),
            sentence: rule.about.clone(),
        };
        self.told.iter().map(info).collect()
    }

    /// Every action the rules know. Whoever adds an action to the product adds it to the schema too.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().map(String::as_str)
    }

    fn add(mut self, files: &[(&str, &str)]) -> Result<Self, RuleError> {
        let Loaded { rules, policies } = load::load(&self, files)?;
        for policy in policies {
            let (set, place) = match policy.effect() {
                Effect::Permit => (&mut self.permits, "permits"),
                Effect::Forbid => (&mut self.forbids, "forbids"),
            };
            // Duplicate ids were refused while loading, so this names a fault of ours.
            set.add(policy)
                .map_err(|error| RuleError::one(Fault::new(Place::at(place, "", 0), error.to_string())))?;
        }
        self.told.extend(rules);
        Ok(self)
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn permits(&self) -> &PolicySet {
        &self.permits
    }

    pub(crate) fn forbids(&self) -> &PolicySet {
        &self.forbids
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.told.iter()
    }

    pub(crate) fn knows_action(&self, action: &str) -> bool {
        self.actions.contains(action)
    }
}
