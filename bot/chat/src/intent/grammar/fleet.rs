//! Orders about what runs: how many replicas, which mode of a provider, which readiness bundle.

use crate::intent::command::{Bundle, Mode};
use crate::intent::lexicon::Class;
use crate::intent::problem::Problem;
use crate::intent::scan::Said;
use crate::intent::values;
use crate::intent::words::{Kind, Token, words_at};

/// More replicas than this are a slip of the finger.
const MAX_REPLICAS: u64 = 1000;

/// `to 3`, `3 replicas`, `x3`, `= 3`: how many tokens one of these takes here.
pub(in crate::intent) fn replicas(tokens: &[Token<'_>], said: &mut Said) -> Result<Option<usize>, Problem> {
    let word = words_at(tokens);
    let mut at = 0;
    // "from 2 to 4": how many there are is no order.
    if word(0) == "from" && values::whole(word(1)).is_some() {
        if word(2) != "to" {
            return Err(Problem::ambiguous(
                "I read from how many, and not to how many replicas, so I did nothing.",
            ));
        }
        at = 2;
    }
    while matches!(
        word(at),
        "to" | "up" | "down" | "out" | "at" | "exactly" | "with" | "replicas" | "instances" | "count"
    ) || tokens
        .get(at)
        .is_some_and(|token| matches!(token.kind, Kind::Equals | Kind::Colon | Kind::Arrow))
    {
        at += 1;
    }
    if word(0) == "between" && values::whole(word(1)).is_some() {
        return Err(Problem::ambiguous("I read a range of counts; how many replicas should there be?"));
    }
    let by = word(1).strip_suffix('x').unwrap_or(word(1));
    if word(0) == "by" && (values::whole(by).is_some() || by.ends_with('%')) {
        return Err(Problem::bad_value(format!(
            "`by {}` depends on how many run now; say how many there should be, like `to 3`.",
            word(1)
        )));
    }
    let here = word(at);
    let number = here
        .strip_prefix('x')
        .or_else(|| here.strip_suffix('x'))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(here);
    let spelled = values::spelled(&tokens[at.min(tokens.len())..]);
    let taken = spelled.map_or(1, |(_, len)| len);
    let half = here == "half" || values::and_a_half(tokens.get(at + taken..).unwrap_or_default()) > 0;
    let counts =
        here != "half" || at > 0 || matches!(word(at + 1), "a" | "replica" | "replicas" | "instance");
    if half && counts && (spelled.is_some() || here == "half" || values::whole(number).is_some()) {
        return Err(Problem::bad_value(format!(
            "There are no halves of a replica, and I read `{here}{}`; I expected a whole number.",
            if here == "half" { "" } else { " … and a half" }
        )));
    }
    if let Some(count) = spelled.map(|(count, _)| count).or_else(|| values::whole(number)) {
        let last = at + taken - 1;
        let decimal = tokens.get(last + 1).is_some_and(|comma| comma.kind == Kind::Comma && comma.glued)
            && tokens.get(last + 2).is_some_and(|part| part.glued && part.is(Class::DIGIT));
        if decimal {
            let part = tokens.get(last + 2).map_or("", |part| part.raw);
            let end = tokens.get(last + 2).map_or(tokens[last].end(), Token::end);
            return Err(no_count(&format!("{here},{part}")).instead(tokens[at].at..end, counts_near(here)));
        }
        // "4x", "4 times": as a number, or of as many as run now.
        let fold = number.len() < here.len() && here.ends_with('x') && values::whole(number).is_some();
        let times = fold || matches!(word(last + 1), "times" | "x");
        if times {
            let said = &tokens[at..=last + usize::from(number.len() == here.len())];
            let end = said.last().map_or(tokens[at].end(), Token::end);
            let here = said.iter().map(|token| token.raw).collect::<Vec<_>>().join(" ");
            let to = if at > 0 { "" } else { "to " };
            return Err(Problem::ambiguous(format!(
                "Is `{here}` {count} replicas, or {count} times as many as run now? I did nothing. Say how many there should be.",
            ))
            .instead(tokens[at].at..end, [format!("{to}{count}")]));
        }
        if matches!(word(last + 1), "am" | "pm") || values::unit_s(word(last + 1)).is_some() {
            return Ok(None);
        }
        if matches!(word(last + 1), "more" | "fewer" | "less" | "extra" | "additional") {
            return Err(Problem::bad_value(format!(
                "`{here} {}` depends on how many run now; say how many there should be, like `to 3`.",
                word(last + 1)
            )));
        }
        if count > MAX_REPLICAS {
            return Err(Problem::bad_value(format!(
                "{count} replicas are more than I believe; the limit is {MAX_REPLICAS}."
            )));
        }
        if said.replicas.is_some_and(|first| u64::from(first) != count) {
            return Err(Problem::ambiguous("Two counts were said for one service; which is meant?"));
        }
        said.replicas = u32::try_from(count).ok();
        let mut len = last + 1;
        while matches!(
            word(len),
            "replicas" | "replica" | "instances" | "instance" | "of" | "copies" | "each" | "pods" | "nodes"
        ) {
            len += 1;
        }
        return Ok(Some(len));
    }
    let digit = here.trim_start_matches('-').bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let minus = matches!(here, "minus" | "negative") && values::count(&tokens[at + 1..]).is_some();
    let negative = here.starts_with('-') && digit || minus;
    let fraction =
        digit && here.contains('.') && here.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if negative || fraction || (digit && here.ends_with('%')) {
        let behind = at + usize::from(minus);
        let end = tokens.get(behind).map_or(tokens[at].end(), Token::end);
        return Err(no_count(here).instead(tokens[at].at..end, counts_near(tokens[behind].low)));
    }
    Ok(None)
}

/// The problem of what is no number of replicas.
pub(in crate::intent) fn no_count(said: &str) -> Problem {
    Problem::bad_value(format!("`{said}` is not a number of replicas; I expected a whole number."))
}

/// Numbers of replicas that may be meant by what is none: those next to it, as far as it says any.
pub(in crate::intent) fn counts_near(said: &str) -> Vec<String> {
    /// What small things run with.
    const USUAL: u64 = 2;
    let digits = said.trim_start_matches('-');
    let whole = digits.split(['.', ',']).next().and_then(values::whole).filter(|_| !said.ends_with('%'));
    let least = whole.map_or(USUAL, |whole| whole.max(1));
    let next = (!said.starts_with('-')).then_some(least + 1);
    std::iter::once(least).chain(next).map(|count| count.to_string()).collect()
}

/// `in test mode`, `live mode`, `mode=test`, `test`, `live`.
pub(in crate::intent) fn mode(
    tokens: &[Token<'_>],
    before: &str,
    said: &mut Said,
) -> Result<Option<usize>, Problem> {
    let word = words_at(tokens);
    let mode = |word: &str| match word {
        "test" | "sandbox" | "testing" => Some(Mode::Test),
        "live" | "real" => Some(Mode::Live),
        _ => None,
    };
    let mut at = 0;
    let mut labelled = false;
    while matches!(word(at), "in" | "with" | "using" | "mode" | "as" | "the")
        || tokens.get(at).is_some_and(|token| matches!(token.kind, Kind::Equals | Kind::Colon))
    {
        labelled |= word(at) == "mode";
        at += 1;
    }
    let Some(found) = mode(word(at)) else { return Ok(None) };
    let follows = matches!(word(at + 1), "mode" | "keys" | "key" | "account" | "credentials");
    // "to live" and "in live" are the environment called so.
    let led = at > 0 || matches!(before, "to" | "onto" | "into" | "on" | "in" | "for");
    if led && !labelled && !follows && word(at) == "live" {
        return Ok(None);
    }
    if said.mode.is_some_and(|other| other != found) {
        return Err(Problem::ambiguous(
            "I read both the test mode and the live one, so I did nothing. Say `in test mode` or `in live mode`.",
        ));
    }
    said.mode = Some(found);
    Ok(Some(at + 1 + usize::from(follows)))
}

/// "security", "backups", "for deploy": the bundle of readiness checks.
pub(in crate::intent) fn bundle(tokens: &[Token<'_>], said: &mut Said) -> Option<usize> {
    let first = tokens.first().filter(|token| token.is_word())?;
    let found = match first.low {
        "health" | "healthcheck" => Bundle::Health,
        "security" => Bundle::Security,
        "backup" | "backups" => Bundle::Backup,
        "deploy" | "deployment" | "deploying" | "release" => Bundle::Deploy,
        _ => return None,
    };
    said.bundle = Some(found);
    Some(1)
}
