//! Whose a thing is: a mark that is written into it where people can read it, too.

use engine::ports::PortError;

/// What every mark begins with.
const MARK: &str = "infra-chat:";
/// The longest name of an owner: a comment at a DNS record holds 100 characters.
const OWNER_MAX: usize = 64;

/// On whose behalf things are made: a project's environment, `acme/production`. What another owner's mark stands in, or none, is
/// never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// # Errors
    /// [`PortError::Fail`] unless it is made of small letters, digits, `-`, `_` and `/`, 64 at most.
    pub fn new(name: &str) -> Result<Self, PortError> {
        let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_/".contains(c);
        if name.is_empty() || name.len() > OWNER_MAX || !name.chars().all(is_good) {
            return Err(PortError::fail(
                format!("`{name}` can't mark what belongs to an environment at Cloudflare"),
                "A project and an environment have names of small letters, digits, - and _.",
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The mark: `infra-chat:acme/production`.
    pub(super) fn mark(&self) -> String {
        format!("{MARK}{}", self.0)
    }

    /// The mark with the name of one thing behind it, for things that have no name of their own.
    pub(super) fn mark_of(&self, name: &str) -> String {
        format!("{MARK}{} {name}", self.0)
    }

    /// The name of a thing that has no other place for a mark: `infra-chat.acme.production.web`.
    pub(super) fn name_of(&self, name: &str) -> String {
        format!("{MARK}{}/{name}", self.0).replace([':', '/'], ".")
    }

    /// Whether a text says that the thing is of this owner.
    pub(super) fn owns(&self, text: Option<&str>) -> bool {
        text.and_then(|text| text.split_whitespace().next()) == Some(self.mark().as_str())
    }

    /// That a thing is somebody else's, in words.
    pub(super) fn conflict(&self, what: &str, text: Option<&str>) -> PortError {
        let whose = match text.and_then(|text| text.split_whitespace().next()?.strip_prefix(MARK)) {
            Some(other) => format!("belongs to {other}"),
            None => format!("was not made for {}", self.0),
        };
        PortError::fail(
            format!("{what} is there already, is different and {whose}: it stays as it is"),
            "Remove it or choose another name; or put the mark into its comment if it may be changed from here on: "
                .to_owned()
                + &self.mark(),
        )
    }
}
