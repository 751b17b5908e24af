//! git's words, and ours for them.

use std::process::Output;

use engine::ports::PortError;

/// How the names of what git counts end: objects, deltas, files.
const PROGRESS: [&str; 3] = ["objects", "deltas", "files"];

/// What a line of git's is.
pub(super) enum Said<'t> {
    /// How far it is.
    Progress(&'t str),
    /// Anything else.
    Word,
}

/// Tells progress (`remote: Counting objects:  42% (5/12)`) from what matters when git fails.
pub(super) fn tidied(line: &str) -> Said<'_> {
    let text = line.trim();
    let text = text.strip_prefix("remote:").map_or(text, str::trim);
    let counts = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
    match text.split_once(": ") {
        Some((what, rest)) if counts(rest) && PROGRESS.iter().any(|end| what.ends_with(end)) => {
            Said::Progress(text)
        }
        _ => Said::Word,
    }
}

/// A repository as it may be shown: a password in its URL is left out.
pub(super) fn shown(repository: &str) -> String {
    match repository.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('/') {
            Some((host, path)) => {
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{scheme}://{host}/{path}")
            }
            None => repository.to_owned(),
        },
        None => repository.to_owned(),
    }
}

/// Words with which git says that somebody else could not be reached just now.
const UNREACHABLE: [&str; 8] = [
    "Could not resolve host",
    "Connection refused",
    "Connection reset",
    "Connection timed out",
    "Network is unreachable",
    "Operation timed out",
    "The requested URL returned error: 5",
    "early EOF",
];
/// Words with which git says that we may not read it.
const REFUSED: [&str; 5] = [
    "could not read Username",
    "could not read Password",
    "Authentication failed",
    "Permission denied",
    "Host key verification failed",
];
/// Words with which git says that there is nothing there.
const MISSING: [&str; 4] =
    ["does not appear to be a git repository", "not found", "does not exist", "not a git repository"];

/// Why git ended without success.
pub(super) fn explain(about: &str, output: &Output) -> PortError {
    let text = String::from_utf8_lossy(&output.stderr);
    let told = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let says: Vec<String> =
        told.map(|line| line.split(' ').map(shown).collect::<Vec<_>>().join(" ")).take(3).collect();
    let says = says.join("; ");
    let about = if about.is_empty() { "the repository" } else { about };
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["No space left"]) {
        PortError::fail(
            format!("the disk is full, so {about} can't be fetched"),
            "Free some space and try again.",
        )
    } else if has(&UNREACHABLE) {
        PortError::retry(format!("{about} can't be reached: {says}"))
    } else if has(&REFUSED) {
        let hint = "Give this account an ssh key without a passphrase, or keep a token with `infra-chat secret set \
                    PROJECT/ENVIRONMENT/git-token` and name it in the source: `credentials: \
                    secretref://PROJECT/ENVIRONMENT/git-token`.";
        PortError::fail(format!("{about} doesn't let us read it: {says}"), hint)
    } else if has(&MISSING) {
        PortError::fail(
            format!("{about} is not a git repository we can see: {says}"),
            "Check the source's repository.",
        )
    } else {
        PortError::fail(format!("git failed on {about}: {says}"), "")
    }
}

#[cfg(test)]
mod tests {
    use super::{Said, shown, tidied};

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(shown("https://ana:hunter2@git.example/a.git"), "https://git.example/a.git");
        assert_eq!(shown("/srv/a.git"), "/srv/a.git");
        assert_eq!(shown("git@host:a.git"), "git@host:a.git");
    }

    #[test]
    fn progress_is_told_from_what_matters() {
        for (line, far) in [
            ("remote: Counting objects:  42% (5/12)\r", "Counting objects:  42% (5/12)"),
            (
                "Receiving objects:   3% (1/30), 1.2 MiB | 3 KiB/s\r",
                "Receiving objects:   3% (1/30), 1.2 MiB | 3 KiB/s",
            ),
            ("remote: Enumerating objects: 12, done.\n", "Enumerating objects: 12, done."),
        ] {
            assert!(matches!(tidied(line), Said::Progress(told) if told == far), "{line}");
        }
        for word in
            ["fatal: Authentication failed for 'https://x/'\n", "error: 3 objects: missing", "remote: 404"]
        {
            assert!(matches!(tidied(word), Said::Word), "{word}");
        }
    }
}
