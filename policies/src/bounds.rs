//! Finds conditions that no moment can meet: `context.weekday == 8`, `context.replicas > 9 && context.replicas < 5`,
//! `context.held && !context.held`. Cedar's validator sees types and not values. Sound and incomplete: what it calls
//! impossible is impossible, and whatever stands in an alternative (`a || b`) is believed.

use std::collections::BTreeMap;

use cedar_policy::Policy;
use serde_json::Value;

const MINUTES_PER_DAY: i64 = 24 * 60;
const DAYS_PER_WEEK: i64 = 7;

/// What contradicts itself in the rule's conditions, in words, if anything does.
pub(crate) fn contradiction(policy: &Policy) -> Option<String> {
    let json = policy.to_json().ok()?;
    let mut known = Known::default();
    for condition in json.get("conditions")?.as_array()? {
        let holds = condition.get("kind")?.as_str()? == "when";
        known.learn(condition.get("body")?, holds);
    }
    known.contradiction
}

/// What has to be true for the rule to match.
#[derive(Default)]
struct Known {
    /// The least and the greatest each number can be.
    numbers: BTreeMap<String, (i64, i64)>,
    /// What each text has to be.
    texts: BTreeMap<String, String>,
    /// Whole expressions that hold, or do not.
    expressions: BTreeMap<String, bool>,
    contradiction: Option<String>,
}

impl Known {
    /// Takes in that an expression holds, or that it does not. `None` when there is nothing to learn from it.
    fn learn(&mut self, expression: &Value, holds: bool) -> Option<()> {
        let (operator, operands) = expression.as_object()?.iter().next()?;
        match (operator.as_str(), holds) {
            ("!", _) => return self.learn(operands.get("arg")?, !holds),
            ("&&", true) | ("||", false) => {
                // Both sides teach something, also when one of them teaches nothing.
                let _ = self.learn(operands.get("left")?, holds);
                return self.learn(operands.get("right")?, holds);
            }
            _ => {}
        }
        let before = self.expressions.insert(expression.to_string(), holds);
        if before.is_some_and(|before| before != holds) {
            self.contradicted("it asks for something and for its opposite".to_owned());
        }
        let (left, right) = (operands.get("left")?, operands.get("right")?);
        let (fact, comparison, value) = match (fact_in(left), right.get("Value")) {
            (Some(fact), Some(value)) => (fact, operator.as_str(), value),
            _ => (fact_in(right)?, mirrored(operator)?, left.get("Value")?),
        };
        let comparison = if holds { comparison } else { opposite(comparison)? };
        if let Some(number) = value.as_i64() {
            return self.narrow(fact, comparison, number);
        }
        let text = value.as_str().filter(|_| comparison == "==")?;
        let before = self.texts.insert(fact.to_owned(), text.to_owned())?;
        if before != text {
            self.contradicted(format!("{fact} cannot be both \"{before}\" and \"{text}\""));
        }
        Some(())
    }

    fn narrow(&mut self, fact: &str, comparison: &str, number: i64) -> Option<()> {
        let (low, high) = match comparison {
            "==" => (number, number),
            "<" => (i64::MIN, number.checked_sub(1)?),
            "<=" => (i64::MIN, number),
            ">" => (number.checked_add(1)?, i64::MAX),
            ">=" => (number, i64::MAX),
            _ => return None,
        };
        let known = self.numbers.entry(fact.to_owned()).or_insert_with(|| domain(fact));
        *known = (known.0.max(low), known.1.min(high));
        if known.0 > known.1 {
            self.contradicted(format!("no {fact} meets it"));
        }
        Some(())
    }

    /// The first contradiction is the one to tell.
    fn contradicted(&mut self, why: String) {
        self.contradiction.get_or_insert(why);
    }
}

/// What the number can be at all. Every number in the schema is a count, save these.
fn domain(fact: &str) -> (i64, i64) {
    match fact {
        "weekday" => (0, DAYS_PER_WEEK),
        "minute_of_day" => (0, MINUTES_PER_DAY - 1),
        _ => (0, u32::MAX.into()),
    }
}

fn fact_in(expression: &Value) -> Option<&str> {
    let access = expression.get(".")?;
    (access.get("left")?.get("Var")? == "context").then_some(())?;
    access.get("attr")?.as_str()
}

/// The comparison as seen from the other side.
fn mirrored(comparison: &str) -> Option<&'static str> {
    Some(match comparison {
        "==" => "==",
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        _ => return None,
    })
}

/// The comparison that holds when this one does not; not being equal bounds nothing.
fn opposite(comparison: &str) -> Option<&'static str> {
    Some(match comparison {
        "!=" => "==",
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        ">=" => "<",
        _ => return None,
    })
}
