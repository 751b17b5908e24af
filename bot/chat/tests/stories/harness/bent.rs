//! What a platform tells, with something wrong in it.
#![allow(dead_code, reason = "for fronts that are told something")]

use serde_json::{Value, json};

/// Longer than anything a platform lets people write.
const LONG: usize = 5_000;

/// All ways to bend what was told: each of its fields, at any depth, gone or something else.
pub(crate) fn bends(told: &Value) -> Vec<Bend> {
    let mut paths = Vec::new();
    fields(told, &mut String::new(), &mut paths);
    let others = [Value::Null, json!(7), json!(["x", null]), json!({ "x": 1 }), json!("x".repeat(LONG))];
    let each = |path: String| others.clone().map(|other| Bend { path: path.clone(), other });
    paths.into_iter().flat_map(each).collect()
}

/// The same, of something that may be told any number of times.
pub(crate) fn bent(told: &Value) -> Vec<Value> {
    bends(told).iter().map(|bend| bend.of(told)).collect()
}

/// One field that is something else.
#[derive(Debug, Clone)]
pub(crate) struct Bend {
    /// Where it stands.
    pub(crate) path: String,
    /// What stands there.
    pub(crate) other: Value,
}

impl Bend {
    /// What was told, bent.
    pub(crate) fn of(&self, told: &Value) -> Value {
        let mut bent = told.clone();
        *bent.pointer_mut(&self.path).unwrap() = self.other.clone();
        bent
    }
}

fn fields(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in inside {
        let length = path.len();
        path.push('/');
        path.push_str(&name);
        paths.push(path.clone());
        fields(value, path, paths);
        path.truncate(length);
    }
}
