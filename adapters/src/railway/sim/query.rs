//! As much of GraphQL as a simulator needs: one operation, fields with arguments and selections, no fragments. What was asked for is cut out
//! of what there is.

use serde_json::{Map, Value, json};

/// A field that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) arguments: Value,
    pub(super) fields: Vec<Field>,
}

/// Marks a list that is given out in pages.
const NODES: &str = "$nodes";
/// Things in a page when nobody says.
const PAGE: u64 = 100;

/// A list that is given out in pages.
pub(super) fn connection(nodes: &[Value]) -> Value {
    json!({ NODES: nodes })
}

struct Reader<'t> {
    words: Vec<&'t str>,
    at: usize,
    variables: &'t Value,
}

/// The fields of the one operation in a text.
pub(super) fn read(text: &str, variables: &Value) -> Result<Vec<Field>, String> {
    let mut reader = Reader { words: words(text), at: 0, variables };
    // `query Name($id: String!)`
    while !matches!(reader.peek(), Some("{") | None) {
        if reader.next() == Some("(") {
            while !matches!(reader.next(), Some(")") | None) {}
        }
    }
    reader.fields()
}

fn words(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '-' | '.');
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if first == '"' {
            rest.get(1..).and_then(|rest| rest.find('"')).map_or(rest.len(), |end| end + 2)
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        if !first.is_whitespace() && first != ',' {
            words.push(word);
        }
        rest = after;
    }
    words
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'t str> {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn want(&mut self, wanted: &str) -> Result<(), String> {
        match self.next() {
            Some(word) if word == wanted => Ok(()),
            other => Err(format!("Syntax Error: Expected \"{wanted}\", found {}.", other.unwrap_or("<EOF>"))),
        }
    }

    fn fields(&mut self) -> Result<Vec<Field>, String> {
        self.want("{")?;
        let mut fields = Vec::new();
        while self.peek() != Some("}") {
            let name = self.next().ok_or("Syntax Error: Expected Name, found <EOF>.")?.to_owned();
            let mut arguments = Map::new();
            if self.peek() == Some("(") {
                self.next();
                while self.peek() != Some(")") {
                    let name = self.next().ok_or("Syntax Error: Expected Name, found <EOF>.")?.to_owned();
                    self.want(":")?;
                    let value = self.value();
                    // What is not given is not there.
                    if let Some(value) = value {
                        arguments.insert(name, value);
                    }
                }
                self.next();
            }
            let inside = if self.peek() == Some("{") { self.fields()? } else { Vec::new() };
            fields.push(Field { name, arguments: Value::Object(arguments), fields: inside });
        }
        self.next();
        Ok(fields)
    }

    fn value(&mut self) -> Option<Value> {
        let word = self.next()?;
        match word.strip_prefix('$') {
            Some(variable) => self.variables.get(variable).cloned(),
            None => Some(serde_json::from_str(word).unwrap_or_else(|_| json!(word))),
        }
    }
}

/// What was asked for of what there is.
pub(super) fn cut(there: &Value, fields: &[Field]) -> Result<Value, String> {
    match there {
        Value::Array(all) => {
            Ok(Value::Array(all.iter().map(|one| cut(one, fields)).collect::<Result<_, _>>()?))
        }
        Value::Object(object) if !fields.is_empty() => {
            let mut cut_out = Map::new();
            for field in fields {
                let value = object
                    .get(&field.name)
                    .ok_or_else(|| format!("Cannot query field \"{}\".", field.name))?;
                let value = match value.get(NODES).and_then(Value::as_array) {
                    Some(nodes) => cut(&page(nodes, &field.arguments), &field.fields)?,
                    None => cut(value, &field.fields)?,
                };
                cut_out.insert(field.name.clone(), value);
            }
            Ok(Value::Object(cut_out))
        }
        other => Ok(other.clone()),
    }
}

/// One page of a list.
pub(super) fn page(nodes: &[Value], arguments: &Value) -> Value {
    let first = usize::try_from(arguments["first"].as_u64().unwrap_or(PAGE).min(PAGE)).unwrap_or_default();
    let begin = arguments["after"].as_str().and_then(|after| after.parse::<usize>().ok()).unwrap_or_default();
    let inside: Vec<Value> =
        nodes.iter().skip(begin).take(first).map(|node| json!({ "node": node })).collect();
    let end = begin + inside.len();
    json!({
        "pageInfo": {
            "hasNextPage": end < nodes.len(),
            "endCursor": if inside.is_empty() { Value::Null } else { json!(end.to_string()) },
        },
        "edges": inside,
    })
}
