//! A small GitHub on this machine, to read from: repositories with commits, branches, tags, statuses and check runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

use crate::http::sim::{Asked, Said, Simulated};

/// Things on a page unless told otherwise.
const PAGE: usize = 30;
/// Addresses a repository has, in what it is shown with.
const ADDRESSES: [&str; 36] = [
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
];

/// What a tag leads to.
#[derive(Debug, Clone)]
pub enum Tag {
    /// A commit.
    Light(String),
    /// An object of its own, which leads to a commit.
    Annotated {
        /// The object's hash.
        object: String,
        /// The commit's.
        commit: String,
    },
}

/// A repository. Commits are in the order they were made.
#[derive(Debug, Clone, Default)]
pub struct SimRepository {
    /// Hash and message, oldest first; each is built on the one before.
    pub commits: Vec<(String, String)>,
    /// Branches, each with a hash.
    pub branches: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, Tag>,
    /// Statuses by hash: name and state.
    pub statuses: BTreeMap<String, Vec<(String, String)>>,
    /// Check runs by hash: name, status, conclusion.
    pub runs: BTreeMap<String, Vec<(String, String, Option<String>)>>,
    /// Suites by hash.
    pub suites: BTreeMap<String, Vec<SimSuite>>,
    /// It has another name now.
    pub is_moved: bool,
}

/// The check runs of an app for a commit.
#[derive(Debug, Clone)]
pub struct SimSuite {
    /// The app: `github-actions`.
    pub app: String,
    /// How far it is.
    pub status: String,
    /// What came of it.
    pub conclusion: Option<String>,
    /// How many runs it has so far.
    pub runs: u32,
}

/// A token.
#[derive(Debug, Clone, Default)]
pub struct SimToken {
    /// The scopes of a classic one.
    pub scopes: Option<String>,
    /// The ends of paths it may not read: `check-runs`.
    pub denied: BTreeSet<String>,
}

/// A small GitHub.
#[derive(Debug, Default)]
pub struct GitHubSim {
    /// The tokens it takes.
    pub tokens: BTreeMap<String, SimToken>,
    /// Repositories by `owner/name`.
    pub repositories: BTreeMap<String, SimRepository>,
    /// How many calls are left in this hour.
    pub left: u32,
    /// When the next one begins, in seconds since 1970.
    pub reset_s: i64,
}

fn refused(status: u16, says: &str) -> Said {
    Said::with(
        status,
        json!({ "message": says, "documentation_url": "https://docs.github.example/rest", "status": status.to_string() }),
    )
}

fn address(rest: &str) -> String {
    format!("https://api.github.example/{rest}")
}

fn user(login: &str) -> Map<String, Value> {
    let mut user = Map::new();
    for name in [
        "avatar",
        "events",
        "followers",
        "following",
        "gists",
        "html",
        "organizations",
        "received_events",
        "repos",
        "starred",
        "subscriptions",
    ] {
        user.insert(format!("{name}_url"), json!(address(&format!("users/{login}/{name}"))));
    }
    let rest = json!({ "login": login, "id": 1, "node_id": "U_1", "gravatar_id": "", "url": address(&format!("users/{login}")),
        "type": "User", "site_admin": false });
    user.extend(rest.as_object().cloned().unwrap_or_default());
    user
}

/// A repository, as it is shown beside other things.
fn shown_of(full: &str) -> Map<String, Value> {
    let name = full.split('/').next_back().unwrap_or_default();
    let owner = full.split('/').next().unwrap_or_default();
    let mut repository = Map::new();
    for one in ADDRESSES {
        repository.insert(format!("{one}_url"), json!(address(&format!("repos/{full}/{one}"))));
    }
    let rest = json!({ "id": 1, "node_id": "R_1", "name": name, "full_name": full, "description": null, "fork": false,
        "private": true, "html_url": address(full), "url": address(&format!("repos/{full}")), "owner": user(owner) });
    repository.extend(rest.as_object().cloned().unwrap_or_default());
    repository
}

impl SimRepository {
    /// A commit on top of the others, with the default branch on it; its hash.
    pub fn commit_add(&mut self, message: &str) -> String {
        let sha = hex::encode(Sha1::digest(format!("{} {message}", self.commits.len())));
        self.commits.push((sha.clone(), message.to_owned()));
        self.branches.insert("main".to_owned(), sha.clone());
        sha
    }

    /// What a reference leads to.
    fn resolve(&self, reference: &str) -> Option<&(String, String)> {
        let sha = match reference.split_once('/') {
            Some(("heads", branch)) => self.branches.get(branch).cloned(),
            Some(("tags", tag)) => self.tags.get(tag).map(|tag| match tag {
                Tag::Light(commit) | Tag::Annotated { commit, .. } => commit.clone(),
            }),
            _ if reference == "HEAD" => self.branches.get("main").cloned(),
            // GitHub takes any name here, and a hash's beginning where it is the only one.
            _ => self.branches.get(reference).cloned().or_else(|| {
                let mut like =
                    self.commits.iter().filter(|(sha, _)| reference.len() >= 4 && sha.starts_with(reference));
                like.next().filter(|_| like.next().is_none()).map(|(sha, _)| sha.clone())
            }),
        };
        let sha = sha?;
        self.commits.iter().find(|(one, _)| *one == sha)
    }

    fn commit(&self, full: &str, (sha, message): &(String, String)) -> Value {
        let url = address(&format!("repos/{full}/commits/{sha}"));
        let person = json!({ "name": "Kim", "email": "kim@acme.example", "date": "2026-11-22T10:00:00Z" });
        let at = self.commits.iter().position(|(one, _)| one == sha).unwrap_or(0);
        let parents: Vec<Value> = self.commits[..at].last().into_iter()
            .map(|(parent, _)| json!({ "sha": parent, "url": address(&format!("repos/{full}/commits/{parent}")), "html_url": url }))
            .collect();
        json!({
            "url": url, "sha": sha, "node_id": "C_1", "html_url": url, "comments_url": url, "author": null, "committer": null,
            "parents": parents,
            "commit": {
                "url": url, "author": person, "committer": person, "message": message, "comment_count": 0,
                "tree": { "sha": sha, "url": url },
            },
        })
    }

    fn statuses(&self, full: &str, sha: &str, asked: &Asked) -> Value {
        let all = self.statuses.get(sha).map(Vec::as_slice).unwrap_or_default();
        let url = address(&format!("repos/{full}/statuses/{sha}"));
        let shown = |(context, state): &(String, String)| {
            json!({ "description": null, "id": 1, "node_id": "S_1", "state": state, "context": context, "target_url": null,
                "avatar_url": null, "url": url, "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z" })
        };
        let state = if all.iter().any(|(_, state)| state == "failure" || state == "error") {
            "failure"
        } else if all.is_empty() || all.iter().any(|(_, state)| state == "pending") {
            "pending"
        } else {
            "success"
        };
        json!({ "state": state, "sha": sha, "total_count": all.len(), "commit_url": url, "url": url, "repository": shown_of(full),
            "statuses": page(asked, all).iter().map(shown).collect::<Vec<_>>() })
    }

    fn runs(&self, sha: &str, asked: &Asked) -> Value {
        let all = self.runs.get(sha).map(Vec::as_slice).unwrap_or_default();
        let shown = |(name, status, conclusion): &(String, String, Option<String>)| {
            json!({ "id": 1, "node_id": "CR_1", "head_sha": sha, "name": name, "url": address("check-runs/1"), "html_url": null,
                "details_url": null, "status": status, "conclusion": conclusion, "started_at": null, "completed_at": null,
                "external_id": "", "check_suite": null, "app": null, "pull_requests": [],
                "output": { "title": null, "summary": null, "text": null, "annotations_count": 0, "annotations_url": address("annotations") } })
        };
        json!({ "total_count": all.len(), "check_runs": page(asked, all).iter().map(shown).collect::<Vec<_>>() })
    }

    fn suites(&self, full: &str, sha: &str, asked: &Asked) -> Value {
        let all = self.suites.get(sha).map(Vec::as_slice).unwrap_or_default();
        let at = "2026-11-22T10:00:00Z";
        let person = json!({ "name": "Kim", "email": "kim@acme.example" });
        let shown = |suite: &SimSuite| {
            json!({ "id": 1, "node_id": "CS_1", "head_branch": "main", "head_sha": sha, "status": suite.status,
                "conclusion": suite.conclusion, "url": address("check-suites/1"), "before": null, "after": sha,
                "created_at": at, "updated_at": at, "pull_requests": [], "repository": shown_of(full),
                "head_commit": { "id": sha, "tree_id": sha, "message": "one", "timestamp": at, "author": person, "committer": person },
                "app": { "id": 1, "slug": suite.app, "node_id": "A_1", "owner": user("github"), "name": suite.app, "description": null,
                    "external_url": address("apps"), "html_url": address("apps"), "created_at": at, "updated_at": at,
                    "permissions": { "checks": "write" }, "events": [] },
                "latest_check_runs_count": suite.runs, "check_runs_url": address("check-suites/1/check-runs") })
        };
        json!({ "total_count": all.len(), "check_suites": page(asked, all).iter().map(shown).collect::<Vec<_>>() })
    }

    fn compare(&self, full: &str, between: &str, asked: &Asked) -> Option<Said> {
        let (older, newer) = between.split_once("...")?;
        let place = |name: &str| {
            let found = self.resolve(name)?;
            self.commits.iter().position(|one| one == found)
        };
        let (from, to) = (place(older)?, place(newer)?);
        let status = match from.cmp(&to) {
            std::cmp::Ordering::Less => "ahead",
            std::cmp::Ordering::Equal => "identical",
            std::cmp::Ordering::Greater => "behind",
        };
        let new = if from < to { &self.commits[from + 1..=to] } else { &[] };
        let commits: Vec<Value> = page(asked, new).iter().map(|one| self.commit(full, one)).collect();
        let url = address(&format!("repos/{full}/compare/{between}"));
        let file = json!({ "sha": null, "filename": "src/app.rs", "status": "modified", "additions": 1, "deletions": 0, "changes": 1,
            "blob_url": url, "raw_url": url, "contents_url": url });
        let is_first = asked.parameter("page").is_none_or(|page| page == "1");
        let files: Vec<Value> = if is_first && !new.is_empty() { vec![file] } else { Vec::new() };
        Some(Said::ok(json!({
            "url": url, "html_url": url, "permalink_url": url, "diff_url": url, "patch_url": url, "status": status,
            "base_commit": self.commit(full, &self.commits[from]), "merge_base_commit": self.commit(full, &self.commits[from.min(to)]),
            "ahead_by": new.len(), "behind_by": from.saturating_sub(to), "total_commits": new.len(), "commits": commits, "files": files,
        })))
    }
}

fn page<'v, T>(asked: &Asked, all: &'v [T]) -> &'v [T] {
    let number = |name: &str| asked.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("per_page").unwrap_or(PAGE).clamp(1, 100);
    let from = (number("page").unwrap_or(1).max(1) - 1).saturating_mul(size).min(all.len());
    &all[from..(from + size).min(all.len())]
}

impl GitHubSim {
    /// With one fine-grained token and one repository that has nothing yet.
    pub fn with_token(token: &str, repository: &str) -> Self {
        Self {
            tokens: BTreeMap::from([(token.to_owned(), SimToken::default())]),
            repositories: BTreeMap::from([(repository.to_owned(), SimRepository::default())]),
            left: 5_000,
            reset_s: 1_800_003_600,
        }
    }

    fn person(token: &SimToken) -> Said {
        let mut person = user("kim");
        let rest = json!({ "name": "Kim", "company": null, "blog": null, "location": null, "email": null, "hireable": null, "bio": null,
            "public_repos": 1, "public_gists": 0, "followers": 0, "following": 0,
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z" });
        person.extend(rest.as_object().cloned().unwrap_or_default());
        let said = Said::ok(Value::Object(person));
        match &token.scopes {
            Some(scopes) => said.header("x-oauth-scopes", scopes),
            None => said.header("github-authentication-token-expiration", "2027-01-01 00:00:00 UTC"),
        }
    }

    fn read(&self, asked: &Asked, token: &SimToken) -> Said {
        let segments = asked.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if path.last().is_some_and(|last| token.denied.contains(*last)) {
            return refused(403, "Resource not accessible by personal access token");
        }
        let missing = || refused(404, "Not Found");
        let (owner, name, rest) = match path.as_slice() {
            ["user"] => return Self::person(token),
            ["repos", owner, name, rest @ ..] => (*owner, *name, rest),
            _ => return missing(),
        };
        let full = format!("{owner}/{name}");
        let Some(repository) = self.repositories.get(&full) else { return missing() };
        if repository.is_moved {
            return refused(301, "Moved Permanently").header("location", address("repositories/1"));
        }
        let found = |reference: &str| repository.resolve(reference);
        match rest {
            ["commits", _, ..] if repository.commits.is_empty() => refused(409, "Git Repository is empty."),
            ["commits", reference] => match found(reference) {
                Some(commit) => Said::ok(repository.commit(&full, commit)),
                None => refused(422, &format!("No commit found for SHA: {reference}")),
            },
            ["commits", reference, "status"] => found(reference)
                .map_or_else(missing, |(sha, _)| Said::ok(repository.statuses(&full, sha, asked))),
            ["commits", reference, "check-runs"] => {
                found(reference).map_or_else(missing, |(sha, _)| Said::ok(repository.runs(sha, asked)))
            }
            ["commits", reference, "check-suites"] => found(reference)
                .map_or_else(missing, |(sha, _)| Said::ok(repository.suites(&full, sha, asked))),
            ["compare", between] => repository.compare(&full, between, asked).unwrap_or_else(missing),
            _ => missing(),
        }
    }
}

impl Simulated for GitHubSim {
    fn answer(&mut self, asked: &Asked) -> Said {
        let Some(token) = self.tokens.get(asked.bearer().unwrap_or_default()).cloned() else {
            return refused(401, "Bad credentials");
        };
        if !asked.headers.contains_key("user-agent") {
            return refused(403, "Request forbidden by administrative rules.");
        }
        let said = if self.left == 0 {
            refused(403, "API rate limit exceeded for user ID 1.")
        } else {
            self.left -= 1;
            self.read(asked, &token)
        };
        said.header("x-ratelimit-limit", "5000")
            .header("x-ratelimit-remaining", self.left.to_string())
            .header("x-ratelimit-reset", self.reset_s.to_string())
            .header("x-ratelimit-resource", "core")
            .header("x-github-request-id", "0A:1")
    }

    fn trouble(&self, status: u16) -> Value {
        refused(status, &format!("simulated trouble {status}")).body
    }
}
