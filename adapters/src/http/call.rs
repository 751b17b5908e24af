//! One call to a vendor.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

/// Whether a call changes anything out there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// Something: when no answer comes it may have happened.
    Write,
}

/// What is sent.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// A form, by name and value.
    Form(Vec<(String, String)>),
}

/// One call to a vendor. Its `Debug` shows method and path only: queries and bodies may hold secrets.
#[derive(Clone)]
pub struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) effect: Effect,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) hidden: Vec<SecretString>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Call {
    fn new(method: Method, effect: Effect, segments: &[&str]) -> Self {
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            path.extend(
                url::form_urlencoded::byte_serialize(segment.as_bytes()).map(|part| part.replace('+', "%20")),
            );
        }
        Self {
            method,
            path,
            effect,
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            hidden: Vec::new(),
        }
    }

    /// A reading call. Each segment is escaped, so what comes from outside can't lead elsewhere.
    pub fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, Effect::Read, segments)
    }

    /// A call that makes or starts something.
    pub fn post(segments: &[&str]) -> Self {
        Self::new(Method::POST, Effect::Write, segments)
    }

    /// A call that puts something in the place of what is there.
    pub fn put(segments: &[&str]) -> Self {
        Self::new(Method::PUT, Effect::Write, segments)
    }

    /// A call that changes part of something.
    pub fn patch(segments: &[&str]) -> Self {
        Self::new(Method::PATCH, Effect::Write, segments)
    }

    /// A call that removes something.
    pub fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, Effect::Write, segments)
    }

    /// It only asks, though by its method it could change something: a GraphQL query, a validation.
    #[must_use]
    pub fn reading(mut self) -> Self {
        self.effect = Effect::Read;
        self
    }

    /// Adds to its query.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Sends a form.
    #[must_use]
    pub fn form(mut self, body: Vec<(String, String)>) -> Self {
        self.body = Body::Form(body);
        self
    }

    /// A value in it that no error may repeat.
    #[must_use]
    pub fn hiding(mut self, value: SecretString) -> Self {
        self.hidden.push(value);
        self
    }

    /// Whether it changes anything.
    pub fn effect(&self) -> Effect {
        self.effect
    }
}
