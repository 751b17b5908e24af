//! What a real call with a token has shown.

/// What a real call with a token has shown, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Whose token it is: the account's, workspace's or team's name.
    pub account: String,
    /// What was seen, each a sentence: the mode, what the token may do.
    pub says: Vec<String>,
    /// What is not as it should be and stops nothing: a token that may do more than is needed.
    pub warnings: Vec<String>,
    /// What the token may not do and is needed for, each with the operation that needs it.
    pub missing: Vec<String>,
}
