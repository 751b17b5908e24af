//! The forms words may have.

use engine::model::EnvironmentName;

use super::{Canary, LazyLock, NAME_MAX, Regex, ServiceName, canary_of, canary_words, is_ref, words};
use crate::intent::{Names, Vocabulary, parse_with};

static REPOSITORY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:/\S+|(?:https?|ssh|git|file)://[^\s:@/]*@?[^\s@]+|[\w.-]+@[\w.-]+:\S+)$").ok()
});
static WITH_PASSWORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z]+://[^\s/@]*:[^\s/@]*@").ok());
/// As a browser shows it at the well-known hosts.
static WITHOUT_SCHEME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/[\w.~-]+(?:/[\w.~-]+)+/?$")
        .ok()
});
static KIND_OF_REF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:the\s+)?(?:branch|tag|commit|ref|version|release)\s*[:=]?\s+(\S+)$").ok()
});
static CALL_IT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:(?:call|name)\s+it|it(?:'?s|\s+is)\s+called|(?:it(?:'?s)|the|its)\s+name\s+is)\s+(\S.*)$",
    )
    .ok()
});
static DOMAIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$").ok());
static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\+[1-9][0-9]{6,14}$").ok());
static WINDOW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^([01]?\d|2[0-3])(?::([0-5]\d))?\s*(?:-|to|until)\s*([01]?\d|2[0-3])(?::([0-5]\d))?(?:\s*utc)?$",
    )
    .ok()
});

fn is(pattern: &LazyLock<Option<Regex>>, said: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(said))
}

/// A ref that can be told from a word: `main`, a version, a commit, a name with a slash, or any name that git takes when
/// it is said what it is.
pub(crate) fn git_ref(said: &str) -> Result<String, &'static str> {
    let named = KIND_OF_REF.as_ref().and_then(|kind| kind.captures(said)).and_then(|found| found.get(1));
    let said = named.map_or(said, |name| name.as_str());
    let odd = |c: char| c.is_whitespace() || "~^:?*[]\\<>,;!'\"`".contains(c);
    let fine = !said.is_empty()
        && !said.starts_with(['-', '/'])
        && !said.ends_with(['/', '.'])
        && !said.contains("..")
        && !said.contains(odd);
    if !fine {
        return Err("branch, tag or commit");
    }
    if named.is_none() && !is_ref(&said.to_lowercase()) {
        return Err("ref that I can tell from a word: say `branch NAME` or `tag NAME`");
    }
    Ok(said.to_owned())
}

/// A canary's stages, or none.
pub(crate) fn canary(said: &str) -> Result<String, &'static str> {
    const WANTED: &str = "canary like `10/50/100`, rising to 100";
    match canary_of(&said.to_lowercase()) {
        Some(Canary::On { weights, .. }) if weights.is_empty() => Err(WANTED),
        Some(canary) => Ok(canary_words(&canary)),
        None => Err(WANTED),
    }
}

/// One name.
pub(crate) fn name(said: &str) -> Result<String, &'static str> {
    let said = called_it(said).unwrap_or(said).to_lowercase();
    let said = ["the ", "our ", "my "].iter().find_map(|word| said.strip_prefix(word)).unwrap_or(&said);
    let name = said.replace(' ', "-");
    match name.parse::<ServiceName>() {
        Ok(name) => Ok(name.to_string()),
        Err(_) => Err("name: letters, digits, `-` and `_`, beginning with a letter"),
    }
}

/// The name of an environment that is to be made.
pub(crate) fn environment(said: &str) -> Result<String, &'static str> {
    const WANTED: &str = "name of an environment: letters, digits and `-`, beginning with a letter";
    static NAMES: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::new(&Names::sample()));
    let said = name(said).map_err(|_| WANTED)?;
    let name = said.parse::<EnvironmentName>().map_err(|_| WANTED)?.to_string();
    // A word of ours would be taken for what it means elsewhere.
    let read = parse_with(&format!("create environment {name}"), &NAMES).commands;
    match &read[..] {
        [one] if one.environment.as_ref() == Some(&name) => Ok(name),
        _ => Err("name: that word means something else here"),
    }
}

/// Names, each once.
pub(crate) fn names(said: &str) -> Result<String, &'static str> {
    const WANTED: &str = "list of names like `api, web`";
    let mut names: Vec<String> = Vec::new();
    for item in words::items(said) {
        let fits = item.len() <= NAME_MAX && item.parse::<ServiceName>().is_ok();
        if !fits {
            return Err(WANTED);
        }
        if !names.iter().any(|name| name == item) {
            names.push(item.to_owned());
        }
    }
    if names.is_empty() { Err(WANTED) } else { Ok(names.join(", ")) }
}

/// Where git finds a repository; a password in it would end up in the record.
pub(crate) fn repository(said: &str) -> Result<String, &'static str> {
    if is(&WITHOUT_SCHEME, said) {
        Ok(format!("https://{said}"))
    } else if is(&REPOSITORY, said) {
        Ok(said.to_owned())
    } else {
        Err(if is(&WITH_PASSWORD, said) {
            "address that I may keep: there is a password in it"
        } else {
            "git URL like `https://code.example/shop.git`, nor an absolute path like `/srv/shop`"
        })
    }
}

/// A column, perhaps with its table.
pub(crate) fn column(said: &str) -> Result<String, &'static str> {
    let plain = said.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    let begins = said.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if plain && begins { Ok(said.to_owned()) } else { Err("column like `address`") }
}

/// The name of a variable.
pub(crate) fn variable(said: &str) -> Result<String, &'static str> {
    let fits = said.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && said.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { Ok(said.to_owned()) } else { Err("name of a variable like `LOG_LEVEL`") }
}

/// What a variable is set to.
pub(crate) fn value(said: &str) -> Result<String, &'static str> {
    if said.is_empty() { Err("value") } else { Ok(said.to_owned()) }
}

/// A command line.
pub(crate) fn command_line(said: &str) -> Result<String, &'static str> {
    if said.is_empty() || said.parse::<f64>().is_ok() { Err("command") } else { Ok(said.to_owned()) }
}

/// A command line that something is started with: there has to be one.
pub(crate) fn start_line(said: &str) -> Result<String, &'static str> {
    if super::NONE.contains(&said.to_lowercase().as_str()) {
        return Err("command: a service is started by one");
    }
    command_line(said)
}

/// What a project is called in words that say so: "call it store".
pub(crate) fn called_it(said: &str) -> Option<&str> {
    Some(CALL_IT.as_ref()?.captures(said.trim())?.get(1)?.as_str())
}

/// A host name with a dot in it.
pub(crate) fn domain(said: &str) -> Result<String, &'static str> {
    let said = said.trim_start_matches("https://").trim_end_matches('/');
    if is(&DOMAIN, said) { Ok(said.to_lowercase()) } else { Err("domain like `app.example.com`") }
}

/// Telephone numbers with their country.
pub(crate) fn phones(said: &str) -> Result<String, &'static str> {
    const WANTED: &str = "telephone number with its country, like `+491701234567`";
    let mut numbers: Vec<String> = Vec::new();
    for item in words::items(said) {
        // The nought in brackets is dialled inside the country alone.
        let dialled = item.replace("(0)", "").replace([' ', '-', '(', ')', '.', '/'], "");
        let number = match dialled.strip_prefix("00") {
            Some(number) => format!("+{number}"),
            None => dialled,
        };
        if !is(&PHONE, &number) {
            return Err(WANTED);
        }
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    if numbers.is_empty() { Err(WANTED) } else { Ok(numbers.join(", ")) }
}

/// Hours of the day.
pub(crate) fn window(said: &str) -> Result<String, &'static str> {
    const WANTED: &str = "window like `22:00-06:00`";
    let lower = said.to_lowercase();
    if matches!(lower.as_str(), "any time" | "anytime" | "always" | "any") {
        return Ok("any time".to_owned());
    }
    let found = WINDOW.as_ref().and_then(|window| window.captures(&lower)).ok_or(WANTED)?;
    let part = |at: usize| found.get(at).map_or("00", |part| part.as_str());
    let (from, until) = (format!("{:0>2}:{}", part(1), part(2)), format!("{:0>2}:{}", part(3), part(4)));
    if from == until { Err(WANTED) } else { Ok(format!("{from}-{until} UTC")) }
}
