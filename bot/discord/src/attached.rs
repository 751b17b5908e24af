//! A file that comes along with a message.

use chat::picture;
use engine::chart::Chart;
use serde_json::{Value, json};

/// Characters of what a picture says to whoever does not see it.
const DESCRIPTION_CHARS: usize = 1_024;

/// What is attached to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attached {
    name: String,
    kind: &'static str,
    /// What a picture says.
    says: Option<String>,
    bytes: Vec<u8>,
}

impl Attached {
    /// All of a card that found no room in its message.
    pub(crate) fn text(text: String) -> Self {
        Self::named("whole.txt".to_owned(), text)
    }

    /// A file of text.
    pub(crate) fn named(name: String, text: String) -> Self {
        Self { name, kind: "text/plain; charset=utf-8", says: None, bytes: text.into_bytes() }
    }

    /// A chart as a picture; nothing where it can't be drawn.
    pub(crate) fn picture(chart: &Chart) -> Option<Self> {
        let says: String = chart.says.join("\n").chars().take(DESCRIPTION_CHARS).collect();
        let bytes = picture::png(chart)?;
        Some(Self { name: "canary.png".to_owned(), kind: "image/png", says: Some(says), bytes })
    }

    /// What the message says of it, the file at this place.
    pub(crate) fn described(&self, place: usize) -> Value {
        let mut described = json!({ "id": place.to_string(), "filename": self.name });
        if let Some(says) = &self.says {
            described["description"] = json!(says);
        }
        described
    }
}

/// A body together with its files, and its content type.
pub(crate) fn multipart(body: &Value, files: &[Attached]) -> (String, Vec<u8>) {
    let body = body.to_string();
    let mut boundary = "infra-chat".to_owned();
    while holds(body.as_bytes(), &boundary) || files.iter().any(|file| holds(&file.bytes, &boundary)) {
        boundary.push('x');
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\
         Content-Type: application/json\r\n\r\n{body}\r\n"
    );
    let mut parts = head.into_bytes();
    for (place, file) in files.iter().enumerate() {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"files[{place}]\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n\r\n",
            file.name, file.kind
        );
        parts.extend_from_slice(head.as_bytes());
        parts.extend_from_slice(&file.bytes);
        parts.extend_from_slice(b"\r\n");
    }
    parts.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), parts)
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
