//! The forms in which a value travels.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::KNOWN_BYTES_MIN;

/// Shortest piece of base64 that is looked for inside longer base64, in characters: as rare by chance as a whole value of
/// [`KNOWN_BYTES_MIN`] bytes.
const BASE64_PIECE_MIN: usize = 8;

/// Every text to look for, given a value; none when it is too short to look for.
pub(super) fn forms(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    // Loggers and shells print a value without the line end it may have been stored with.
    add_forms(&mut forms, value.trim_end_matches(['\r', '\n']));
    // Lines are redacted one at a time, so each line of a value is a secret of its own. Headings of keys are not.
    if value.contains('\n') {
        for line in value.lines().map(str::trim).filter(|line| !line.starts_with("-----")) {
            add_forms(&mut forms, line);
        }
    }
    forms
}

fn add_forms(forms: &mut BTreeSet<String>, value: &str) {
    if value.len() < KNOWN_BYTES_MIN {
        return;
    }
    forms.insert(value.to_owned());
    forms.insert(json_escaped(value));
    forms.insert(hex::encode(value));
    forms.insert(hex::encode_upper(value));
    forms.insert(url_encoded(value, "%20", false));
    forms.insert(url_encoded(value, "%20", true));
    forms.insert(url_encoded(value, "+", false));
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        forms.insert(engine.encode(value));
    }
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        forms.extend((0..3).filter_map(|shift| base64_piece(engine, shift, value)));
    }
}

/// The part of the base64 of a longer text (`user:VALUE`) that hangs on the value alone, when the value begins `shift`
/// bytes into a group of three.
fn base64_piece(engine: &impl base64::Engine, shift: usize, value: &str) -> Option<String> {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(value.as_bytes());
    let encoded = engine.encode(&bytes);
    // A character holds 6 bits: those that share bits with what stands before or after the value are left out.
    let (first, last) = ((shift * 8).div_ceil(6), bytes.len() * 8 / 6);
    encoded.get(first..last).filter(|piece| piece.len() >= BASE64_PIECE_MIN).map(str::to_owned)
}

fn json_escaped(value: &str) -> String {
    let quoted = crate::canonical::canonical_json(&serde_json::Value::from(value));
    quoted[1..quoted.len() - 1].to_owned()
}

/// RFC 3986: everything but letters, digits and `-._~` as `%` and two digits.
fn url_encoded(value: &str, space: &str, lowercase: bool) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push_str(space),
            other => {
                out.push('%');
                out.push_str(&if lowercase { hex::encode([other]) } else { hex::encode_upper([other]) });
            }
        }
        out
    })
}
