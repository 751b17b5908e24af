//! Calls to a simulator, and what it says.

use std::collections::BTreeMap;

use serde_json::Value;

/// A call, as it came. Its `Debug` shows no header and no body.
#[derive(Clone)]
pub struct Asked {
    /// `GET`, `POST` …
    pub method: String,
    /// Its path, still escaped.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// What was sent.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Asked {
    /// The parts of its path, decoded.
    pub fn segments(&self) -> Vec<String> {
        let decode = |part: &str| {
            // A plus sign is itself in a path.
            let part = part.replace('+', "%2B");
            url::form_urlencoded::parse(part.as_bytes())
                .map(|(name, _)| name.into_owned())
                .next()
                .unwrap_or_default()
        };
        self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The JSON that was sent; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The form that was sent.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The token that was shown as a bearer.
    pub fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization")?.strip_prefix("Bearer ")
    }
}

/// What a simulator says.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// Headers beside the usual ones.
    pub headers: Vec<(String, String)>,
    /// JSON; null for an empty body.
    pub body: Value,
}

impl Said {
    /// JSON with 200.
    pub fn ok(body: Value) -> Self {
        Self::with(200, body)
    }

    /// JSON with a status.
    pub fn with(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// Nothing, with a status.
    pub fn empty(status: u16) -> Self {
        Self::with(status, Value::Null)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A call and its answer, for tests that hold them against the vendor's description.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The call.
    pub asked: Asked,
    /// The answer; absent when it never came.
    pub said: Option<Said>,
}
