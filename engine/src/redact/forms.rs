//! The forms in which a value travels.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::KNOWN_BYTES_MIN;

/// Shortest piece of base64 that is looked for inside longer base64, in characters: as rare by chance as a whole value of
/// [`KNOWN_BYTES_MIN`] bytes.
const BASE64_PIECE_MIN: usize = 8;
/// Shortest key whose beginning is looked for, in characters.
const KEY_MIN: usize = 24;
/// So many of its first characters are that beginning.
pub(super) const KEY_BEGINNING: usize = 16;
/// The widths in which programs break base64: `base64`, and PEM and `openssl`.
const BASE64_WIDTHS: [usize; 2] = [76, 64];
/// The widths in which programs break hexadecimal: `xxd`, and most others.
const HEX_WIDTHS: [usize; 2] = [60, 64];

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

/// The lines of a value that look like a key, of which a beginning is as telling as the whole: programs cut what they print. A URL or a sentence begins
/// like many others.
pub(super) fn keys(value: &str) -> impl Iterator<Item = &str> {
    value.lines().map(str::trim).filter(|line| {
        let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/=.".contains(&byte);
        line.len() >= KEY_MIN && !line.starts_with("-----") && line.bytes().all(is_of_key)
    })
}

fn add_forms(forms: &mut BTreeSet<String>, value: &str) {
    if value.len() < KNOWN_BYTES_MIN {
        return;
    }
    forms.insert(value.to_owned());
    forms.extend(escaped(value));
    for hex in [hex::encode(value), hex::encode_upper(value)] {
        forms.extend(HEX_WIDTHS.iter().flat_map(|width| lines(&hex, *width)));
        forms.insert(hex);
    }
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        let encoded = engine.encode(value);
        forms.extend(BASE64_WIDTHS.iter().flat_map(|width| lines(&encoded, *width)));
        // Kubernetes' secrets within a file that is one itself.
        forms.insert(engine.encode(&encoded));
        forms.insert(encoded);
    }
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        forms.extend((0..3).filter_map(|shift| base64_piece(engine, shift, value)));
    }
}

/// As it stands between quotation marks and in markup of all sorts.
fn escaped(value: &str) -> Vec<String> {
    let json = json_escaped(value);
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let url = url_encoded(value, "%20", false);
    vec![
        // JSON, that of PHP, that of those who send only ASCII, and a JSON text that is a string of another.
        json.replace('/', "\\/"),
        in_ascii(&json, false),
        in_ascii(&json, true),
        json_escaped(&json),
        url_encoded(&url, "%20", false),
        url_encoded(value, "%20", true),
        url_encoded(value, "+", false),
        html.replace('\'', "&#39;"),
        html.replace('\'', "&#x27;"),
        html.replace('\'', "&apos;"),
        html,
        // SQL, CSV, a shell.
        value.replace('\'', "''"),
        value.replace('"', "\"\""),
        value.replace('\'', "'\\''"),
        url,
        json,
    ]
}

/// What a line holds of a text that is printed in lines of this width; nothing when it fits into one.
fn lines(text: &str, width: usize) -> Vec<String> {
    let pieces = text.as_bytes().chunks(width).filter_map(|piece| std::str::from_utf8(piece).ok());
    let pieces = pieces.filter(|piece| text.len() > width && piece.len() >= BASE64_PIECE_MIN);
    pieces.map(str::to_owned).collect()
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

/// JSON whose every character beyond ASCII is written as its UTF-16 units.
fn in_ascii(json: &str, capital: bool) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let digits = hex::encode(unit.to_be_bytes());
                out.push_str("\\u");
                out.push_str(&if capital { digits.to_uppercase() } else { digits });
            }
        }
        out
    })
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
