//! Requests and answers against Railway's schema: the text, the variables, and every field of what is answered.

use std::sync::OnceLock;

use adapters::http::sim::Recorded;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::{ExtendedType, Type};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value;

/// Railway's schema; nothing, said aloud, where it is not there.
pub(crate) struct Checker {
    schema: Valid<Schema>,
}

impl Checker {
    /// Read once for all tests.
    pub(crate) fn read() -> Option<&'static Self> {
        static READ: OnceLock<Option<Checker>> = OnceLock::new();
        let read = || {
            let text = super::spec::text("railway/railway.schema.graphql")?;
            Some(Self { schema: Schema::parse_and_validate(text, "railway.schema.graphql").unwrap() })
        };
        READ.get_or_init(read).as_ref()
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Why a text does not fit the schema.
    pub(crate) fn document(&self, text: &str) -> Result<Valid<ExecutableDocument>, String> {
        ExecutableDocument::parse_and_validate(&self.schema, text, "asked.graphql")
            .map_err(|error| error.to_string())
    }

    /// What does not fit, in all these calls and answers.
    pub(crate) fn faults(&self, calls: &[Recorded]) -> Vec<String> {
        calls.iter().flat_map(|call| self.faults_of(call)).collect()
    }

    fn faults_of(&self, call: &Recorded) -> Vec<String> {
        let body = call.asked.json();
        let name = body["operationName"].as_str().unwrap_or_default().to_owned();
        let document = match self.document(body["query"].as_str().unwrap_or_default()) {
            Ok(document) => document,
            Err(why) => return vec![format!("{name}: {why}")],
        };
        let operation = document.operations.get(Some(&name)).unwrap();
        let mut faults = Vec::new();
        let variables: JsonMap = serde_json::from_value(body["variables"].clone()).unwrap();
        for given in variables.keys() {
            if !operation.variables.iter().any(|variable| variable.name == given.as_str()) {
                faults.push(format!("the variable {} is not declared", given.as_str()));
            }
        }
        if let Err(error) = coerce_variable_values(&self.schema, operation, &variables) {
            faults.push(format!("{error:?}"));
        }
        if let Some(said) = call.said.as_ref().filter(|said| said.status == 200) {
            let data = &said.body["data"];
            match said.body["errors"].as_array() {
                Some(errors) if data.is_null() => {
                    let is_told = errors.iter().all(|error| error["message"].is_string());
                    if errors.is_empty() || !is_told {
                        faults.push("errors without a message".to_owned());
                    }
                }
                _ => self.object(&operation.selection_set, data, "data", &mut faults),
            }
        }
        faults.into_iter().map(|fault| format!("{name}: {fault}")).collect()
    }

    fn object(&self, selection: &SelectionSet, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Some(object) = value.as_object() else {
            faults.push(format!("{at} is no object"));
            return;
        };
        let mut known = Vec::new();
        for selected in &selection.selections {
            let Selection::Field(field) = selected else { panic!("no fragments are used") };
            let name = field.response_key().as_str();
            known.push(name);
            match object.get(name) {
                Some(value) => {
                    self.value(field.ty(), &field.selection_set, value, &format!("{at}.{name}"), faults);
                }
                None => faults.push(format!("{at}.{name} is missing")),
            }
        }
        let more = object.keys().filter(|name| !known.contains(&name.as_str()));
        faults.extend(more.map(|name| format!("{at}.{name} was not asked for")));
    }

    fn value(&self, ty: &Type, selection: &SelectionSet, value: &Value, at: &str, faults: &mut Vec<String>) {
        if value.is_null() {
            if ty.is_non_null() {
                faults.push(format!("{at} is null and {ty}"));
            }
            return;
        }
        if ty.is_list() {
            match value.as_array() {
                Some(items) => {
                    for item in items {
                        self.value(ty.item_type(), selection, item, at, faults);
                    }
                }
                None => faults.push(format!("{at} is no list")),
            }
            return;
        }
        let name = ty.inner_named_type();
        let fits = match self.schema.types.get(name) {
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_)) => {
                self.object(selection, value, at, faults);
                true
            }
            Some(ExtendedType::Enum(known)) => {
                value.as_str().is_some_and(|word| known.values.keys().any(|known| known == word))
            }
            Some(ExtendedType::Scalar(_)) => match name.as_str() {
                "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                "Float" => value.is_number(),
                "Boolean" => value.is_boolean(),
                "String" | "ID" => value.is_string(),
                "DateTime" => {
                    value.as_str().is_some_and(|text| text.parse::<chrono::DateTime<chrono::Utc>>().is_ok())
                }
                // Railway's own, without a description.
                _ => true,
            },
            _ => false,
        };
        if !fits {
            faults.push(format!("{at} is {value} and not {ty}"));
        }
    }
}
