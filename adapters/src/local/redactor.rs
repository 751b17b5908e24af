//! Keeps secrets out of what people read: values we have seen are replaced by their names.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use engine::model::SecretName;
use secrecy::{ExposeSecret, SecretString};

/// Shorter values would blank out half of every line; nobody should use them.
const SECRET_LENGTH_MIN: usize = 4;

/// The secrets seen so far, and the way to take them out of text.
#[derive(Default)]
pub(super) struct Redactor(RwLock<Vec<(SecretString, String)>>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Remembers a secret. Of one with several lines, each line counts, as logs come in lines.
    pub(super) fn learn(&self, name: &SecretName, value: &SecretString) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for line in
            value.expose_secret().lines().map(str::trim).filter(|line| line.len() >= SECRET_LENGTH_MIN)
        {
            if !known.iter().any(|(value, _)| value.expose_secret() == line) {
                known.push((SecretString::from(line), format!("[secret {name}]")));
            }
        }
        // The longest first, so that a secret that begins like another is still taken out whole.
        known.sort_by_key(|(value, _)| std::cmp::Reverse(value.expose_secret().len()));
    }

    /// The text without the secrets.
    pub(super) fn redact(&self, text: &str) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text.to_owned(), |text, (value, name)| {
            if text.contains(value.expose_secret()) {
                text.replace(value.expose_secret(), name)
            } else {
                text
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn values_become_names_and_the_longest_wins() {
        let redactor = Redactor::default();
        redactor.learn(&"short".parse().unwrap(), &SecretString::from("hunter2"));
        redactor.learn(&"long".parse().unwrap(), &SecretString::from("hunter2-and-more"));
        redactor.learn(&"tiny".parse().unwrap(), &SecretString::from("a"));
        assert_eq!(redactor.redact("a hunter2-and-more hunter2"), "a [secret long] [secret short]");
    }
}
