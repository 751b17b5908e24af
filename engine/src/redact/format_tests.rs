//! Secrets of many kinds in the many forms in which programs print them: nothing of them may be left.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::*;

/// So many characters of a secret's form in a row are a leak; fewer tell nobody anything.
const LEAK: usize = 12;

/// Made up here from a seed, so that nothing of it is a word or stands anywhere else.
fn seeded(seed: u64, length: usize, alphabet: &[u8]) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..length).map(|_| char::from(alphabet[(next() % alphabet.len() as u64) as usize])).collect()
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The kinds of secrets people set.
fn secrets() -> Vec<(&'static str, String)> {
    let text = |seed, length| seeded(seed, length, LETTERS);
    let lines = |seed, count: u64| (0..count).map(|at| text(seed + at, 64) + "\n").collect::<String>();
    vec![
        ("hex-key", seeded(1, 64, b"0123456789abcdef")),
        ("token", text(2, 40)),
        ("base64-key", STANDARD.encode(text(3, 32))),
        ("passphrase", format!("{} {} {}", text(4, 7), text(5, 8), text(6, 9))),
        ("signs", format!("{}\"$&<>'\\%+/=#@!{}", text(7, 9), text(8, 9))),
        ("umlauts", format!("{}äß€{}", text(9, 10), text(10, 10))),
        ("url", format!("postgres://app:{}@db.internal:5432/shop?sslmode=require", text(11, 24))),
        ("uuid", "6f1c0d5a-93be-4c1e-8a57-2b90d7c4e813".to_owned()),
        (
            "private-key",
            format!("-----BEGIN EC PRIVATE KEY-----\n{}-----END EC PRIVATE KEY-----\n", lines(20, 4)),
        ),
        ("certificate", format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----", lines(30, 5))),
        (
            "account",
            serde_json::to_string_pretty(&serde_json::json!({
                "client_email": format!("{}@example.iam", text(40, 16)),
                "private_key_id": seeded(41, 40, b"0123456789abcdef"),
                "note": text(42, 30),
            }))
            .unwrap(),
        ),
        ("env-file", format!("DB={}\nMAIL={}\r\nHOOK={}\n", text(50, 24), text(51, 24), text(52, 24))),
    ]
}

/// A form in which a value is printed: the value's own text in it, and all of the line or lines.
type Form = (&'static str, fn(&str) -> (String, String));

fn same(form: String) -> (String, String) {
    (form.clone(), form)
}

fn json(value: &str) -> String {
    let quoted = serde_json::to_string(value).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn wrapped(text: &str, width: usize) -> String {
    let chunks: Vec<&str> =
        text.as_bytes().chunks(width).map(|chunk| std::str::from_utf8(chunk).unwrap()).collect();
    chunks.join("\n")
}

fn percent(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

fn ascii(value: &str, escape: fn(u16) -> String) -> String {
    json(value)
        .chars()
        .map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                c.encode_utf16(&mut [0; 2]).iter().map(|unit| escape(*unit)).collect()
            }
        })
        .collect()
}

fn html(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Each of its lines, printed like that.
fn each(value: &str, print: fn(&str) -> String) -> String {
    value.lines().map(print).collect::<Vec<_>>().concat()
}

/// The one in which its end is missing.
const CUT: &str = "cut before its end";

/// All of them.
const FORMS: [Form; 50] = [
    ("as it is", |v| same(v.to_owned())),
    ("in a sentence", |v| (v.to_owned(), format!("could not log in with {v}, giving up"))),
    ("between brackets", |v| (v.to_owned(), format!("[{v}]({v})<{v}>{{{v}}}"))),
    ("twice", |v| (v.to_owned(), format!("{v}{v}"))),
    ("setting", |v| (v.to_owned(), format!("SESSION={v}"))),
    ("exported", |v| (v.to_owned(), format!("export SESSION=\"{v}\""))),
    ("logfmt", |v| (json(v), format!("level=info msg=\"starting\" key=\"{}\"", json(v)))),
    ("argument", |v| (v.to_owned(), format!("node server.js --session {v} --port 80"))),
    ("shell quotes", |v| (v.replace('\'', "'\\''"), format!("SESSION='{}'", v.replace('\'', "'\\''")))),
    ("JSON", |v| (json(v), format!("{{\"session\":\"{}\",\"n\":1}}", json(v)))),
    ("JSON in JSON", |v| {
        (json(&json(v)), format!("{{\"body\":\"{{\\\"session\\\":\\\"{}\\\"}}\"}}", json(&json(v))))
    }),
    ("JSON with slashes escaped", |v| same(json(v).replace('/', "\\/"))),
    ("JSON in ASCII", |v| same(ascii(v, |unit| format!("\\u{unit:04x}")))),
    ("JSON in capital ASCII", |v| same(ascii(v, |unit| format!("\\u{unit:04X}")))),
    ("Rust Debug", |v| same(format!("{v:?}").trim_matches('"').to_owned())),
    ("Debug of a list", |v| {
        (format!("{v:?}").trim_matches('"').to_owned(), format!("{:?}", vec![v, "other"]))
    }),
    ("percent", |v| (percent(v), format!("GET /cb?session={}&page=2", percent(v)))),
    ("percent in lower case", |v| {
        same(
            percent(v)
                .split('%')
                .enumerate()
                .map(|(at, part)| match part.split_at_checked(2) {
                    Some((code, rest)) if at > 0 => format!("%{}{rest}", code.to_lowercase()),
                    _ => part.to_owned(),
                })
                .collect(),
        )
    }),
    ("percent twice", |v| same(percent(&percent(v)))),
    ("form", |v| same(percent(v).replace("%20", "+"))),
    ("HTML", |v| (html(v), format!("<td>{}</td>", html(v)))),
    ("XML attribute", |v| (html(v), format!("<key value=\"{}\"/>", html(v)))),
    ("HTML with hex", |v| same(html(v).replace("&#39;", "&#x27;"))),
    ("SQL", |v| (v.replace('\'', "''"), format!("INSERT INTO t VALUES ('{}')", v.replace('\'', "''")))),
    ("CSV", |v| (v.replace('"', "\"\""), format!("1,\"{}\",x", v.replace('"', "\"\"")))),
    ("YAML", |v| (v.to_owned(), format!("session: |\n{}", each(v, |line| format!("    {line}\n"))))),
    ("prefixed lines", |v| (v.to_owned(), each(v, |line| format!("12:00:01 INFO api | {line}\n")))),
    ("quoted lines", |v| (v.to_owned(), each(v, |line| format!("> {line}\r\n")))),
    ("diff", |v| (v.to_owned(), each(v, |line| format!("-{line}\n+{line}x\n")))),
    ("coloured", |v| (v.to_owned(), each(v, |line| format!("\u{1b}[31m{line}\u{1b}[0m\n")))),
    ("base64", |v| same(STANDARD.encode(v))),
    ("base64 without padding", |v| same(STANDARD_NO_PAD.encode(v))),
    ("base64 for URLs", |v| same(URL_SAFE.encode(v))),
    ("base64 for URLs without padding", |v| same(URL_SAFE_NO_PAD.encode(v))),
    ("base64 with a line end", |v| same(STANDARD.encode(format!("{v}\n")))),
    ("base64 in lines of 76", |v| same(wrapped(&STANDARD.encode(v), 76))),
    ("base64 in lines of 64", |v| same(wrapped(&STANDARD.encode(v), 64))),
    ("base64 in lines of 76, CRLF", |v| same(wrapped(&STANDARD.encode(v), 76).replace('\n', "\r\n"))),
    ("basic authorization", |v| {
        (STANDARD.encode(v), format!("Authorization: Basic {}", STANDARD.encode(format!("ana:{v}"))))
    }),
    ("base64 of JSON", |v| (STANDARD.encode(v), STANDARD.encode(format!("{{\"k\":\"{v}\"}}")))),
    ("base64 in JSON", |v| {
        (STANDARD.encode(v), format!("{{\"data\":{{\"session\":\"{}\"}}}}", STANDARD.encode(v)))
    }),
    ("base64 of base64", |v| same(STANDARD.encode(STANDARD.encode(v)))),
    ("hex", |v| same(hex::encode(v))),
    ("hex in capitals", |v| same(hex::encode_upper(v))),
    ("hex with 0x", |v| (hex::encode(v), format!("0x{}", hex::encode(v)))),
    ("hex in lines of 64", |v| same(wrapped(&hex::encode(v), 64))),
    ("cookie", |v| (percent(v), format!("Cookie: a=1; session={}; b=2", percent(v)))),
    ("URL with a password", |v| (percent(v), format!("https://ana:{}@example.com/", percent(v)))),
    ("stack trace", |v| {
        (v.to_owned(), format!("Error: bad key {v}\n    at Object.<anonymous> (/app/k.js:1:7)\n"))
    }),
    (CUT, |v| (v.to_owned(), v.chars().take(v.chars().count() * 3 / 4).collect())),
];

/// What stands above and below any key is no secret.
const HEADINGS: [&str; 5] = [
    "-----BEGIN EC PRIVATE KEY-----",
    "-----END EC PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "-----BEGIN+CERTIFICATE-----",
];

/// The first run of [`LEAK`] characters of a form that is still in what was told.
fn leak<'f>(form: &'f str, told: &str) -> Option<&'f str> {
    let starts: Vec<usize> = form.char_indices().map(|(at, _)| at).chain([form.len()]).collect();
    starts.windows(LEAK + 1).map(|window| &form[window[0]..window[LEAK]]).find(|run| {
        !run.contains('\n') && !HEADINGS.iter().any(|heading| heading.contains(run)) && told.contains(run)
    })
}

/// Their beginning is like that of much else, so that what is left of them when they are cut can't be told from it.
const NO_KEYS: [&str; 5] = ["passphrase", "signs", "umlauts", "url", "account"];

#[test]
fn of_secrets_in_fifty_forms_nothing_is_left() {
    let redactor = Redactor::new().unwrap();
    let known = secrets().into_iter().map(|(name, value)| (name.to_owned(), SecretString::from(value)));
    redactor.learn(known).unwrap();
    let mut leaks = Vec::new();
    for (name, value) in secrets() {
        for (form, print) in FORMS {
            if form == CUT && NO_KEYS.contains(&name) {
                continue;
            }
            let (core, text) = print(value.trim_end());
            let mut lines = redactor.lines();
            let by_line: Vec<_> = text.lines().map(|line| lines.redact(line)).collect();
            for told in [by_line.join("\n"), redactor.redact(&text).into_owned()] {
                leaks.extend(leak(&core, &told).map(|run| format!("{name}, {form}: {run} in {told}")));
                assert_eq!(redactor.redact(&told), told, "{name}, {form}: told once more");
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}
