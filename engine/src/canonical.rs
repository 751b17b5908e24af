//! One way to write a JSON value down, so that equal values have equal bytes. Plan digests and the audit chain hash
//! these bytes, so the form never changes; a new form would get a new name.
//!
//! - No spaces. Keys of objects sorted by their UTF-8 bytes, whatever order they were put in.
//! - Strings escape only `"`, `\` and control characters (`\b \t \n \f \r`, others as `\u00xx`); everything else stays as it is.
//! - Integers that fit 64 bits are written as they are. Every other number is written **as a string** of its shortest decimal
//!   form: parsers differ in the last digit of fractions, and a digest must survive being stored and read back. Whatever
//!   is digested and stored should therefore be stored in this form, or hold integers only.

use serde_json::{Map, Value};

/// The one form of a value.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) if number.is_i64() || number.is_u64() => out.push_str(&number.to_string()),
        Value::Number(number) => write_string(out, &number.to_string()),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => write_array(out, items),
        Value::Object(fields) => write_object(out, fields),
    }
}

fn write_array(out: &mut String, items: &[Value]) {
    out.push('[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_value(out, item);
    }
    out.push(']');
}

fn write_object(out: &mut String, fields: &Map<String, Value>) {
    // Sorted here and not left to the map: a crate elsewhere in the tree can switch the map to insertion order.
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| key.as_bytes());
    out.push('{');
    for (position, (key, value)) in sorted.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write_value(out, value);
    }
    out.push('}');
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => {
                const HEX: [char; 16] =
                    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
                let code = control as usize;
                out.push_str("\\u00");
                out.push(HEX[code >> 4]);
                out.push(HEX[code & 0xf]);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
pub(crate) use tests::any_json;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use expect_test::expect;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_nothing_is_spaced() {
        let value: Value =
            serde_json::from_str(r#"{ "b": [1, -2, true, null], "a": {"z": 1, "é": 2, "Z": 3}, "": {} }"#)
                .unwrap();
        expect![[r#"{"":{},"a":{"Z":3,"z":1,"é":2},"b":[1,-2,true,null]}"#]]
            .assert_eq(&canonical_json(&value));
    }

    #[test]
    fn strings_escape_as_little_as_json_allows() {
        expect![[r#""say \"hi\" \\ / \b\t\n\f\r\u0000\u001f é 🚀 ""#]]
            .assert_eq(&canonical_json(&json!("say \"hi\" \\ / \u{8}\t\n\u{c}\r\u{0}\u{1f} é 🚀 ")));
    }

    #[test]
    fn whole_numbers_stay_and_others_become_text() {
        let value = json!([0, i64::MIN, u64::MAX, 0.5, 1.0, 1e300]);
        expect![[r#"[0,-9223372036854775808,18446744073709551615,"0.5","1.0","1e+300"]"#]]
            .assert_eq(&canonical_json(&value));
    }

    /// Any value without fractions: what the record is supposed to hold.
    pub(crate) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_back_as_the_same_value(value in any_json()) {
            let text = canonical_json(&value);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }

        #[test]
        fn writing_what_was_read_changes_nothing(fraction in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            let text = canonical_json(&json!({ "fraction": fraction }));
            let again = canonical_json(&serde_json::from_str(&text).unwrap());
            prop_assert_eq!(again, text);
        }
    }
}
