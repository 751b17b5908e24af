//! A file that comes along with a message.

use chat::picture;
use engine::chart::Chart;
use serde_json::{Value, json};

/// Characters of what a picture says to whoever does not see it.
const DESCRIPTION_CHARS: usize = 1_024;

/// What is attached to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attached {
    name: &'static str,
    kind: &'static str,
    /// What a picture says.
    says: Option<String>,
    bytes: Vec<u8>,
}

impl Attached {
    /// All of a card that found no room in its message.
    pub(crate) fn text(text: String) -> Self {
        Self { name: "whole.txt", kind: "text/plain; charset=utf-8", says: None, bytes: text.into_bytes() }
    }

    /// A chart as a picture; nothing where it can't be drawn.
    pub(crate) fn picture(chart: &Chart) -> Option<Self> {
        let says: String = chart.says.join("\n").chars().take(DESCRIPTION_CHARS).collect();
        let bytes = picture::png(chart)?;
        Some(Self { name: "canary.png", kind: "image/png", says: Some(says), bytes })
    }

    /// What the message says of it.
    pub(crate) fn described(&self) -> Value {
        let mut described = json!({ "id": "0", "filename": self.name });
        if let Some(says) = &self.says {
            described["description"] = json!(says);
        }
        described
    }

    /// A body together with the file, and its content type.
    pub(crate) fn with(&self, body: &Value) -> (String, Vec<u8>) {
        let body = body.to_string();
        let mut boundary = "infra-chat".to_owned();
        while holds(body.as_bytes(), &boundary) || holds(&self.bytes, &boundary) {
            boundary.push('x');
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\
             Content-Type: application/json\r\n\r\n{body}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n\r\n",
            self.name, self.kind
        );
        let mut parts = head.into_bytes();
        parts.extend_from_slice(&self.bytes);
        parts.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), parts)
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
