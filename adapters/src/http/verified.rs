//! What a real reading call says of a token.

/// What a real reading call says of a token: for people, without the token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Whom it acts for: an account, a workspace, a team.
    pub account: String,
    /// What else is known of it: its mode, what it may do.
    pub says: Vec<String>,
    /// What a person should know: it may do more than is needed, it ends soon.
    pub warnings: Vec<String>,
    /// What it may not do, each with the operation that needs it.
    pub missing: Vec<String>,
}
