//! What the parser can't read is caught by plain patterns, and said to be unread when they catch nothing.

use std::sync::LazyLock;

use regex::RegexSet;

use super::{Effect, Said};

/// Statements that neither take away nor lock, whatever stands in them.
const HARMLESS: &str = r"(?is)^(create\s+(or\s+replace\s+)?(temp\s+|temporary\s+|constraint\s+|definer\s*=\s*\S+\s+)*(table|unlogged\s+table|trigger|function|procedure|event|view|virtual\s+table|extension|type|domain|sequence|rule|policy|aggregate)|comment\s+on|grant|pragma|insert|replace|select|values|analyze|set|reset|show|explain|copy|notify|listen)\b";

/// Patterns, what they mean, and whether the release before can't live with that.
const PATTERNS: [(&str, &str, Effect); 11] = [
    (
        r"(?is)\bdrop\s+(table|view|materialized\s+view|schema|type|function|sequence)\b",
        "drops something",
        Effect::Breaks,
    ),
    (r"(?is)\bdrop\s+column\b", "drops a column", Effect::Breaks),
    (r"(?is)\brename\b", "renames something", Effect::Breaks),
    (r"(?is)\bset\s+schema\b", "moves something to another schema", Effect::Breaks),
    (
        r"(?is)\badd\s+(column\s+)?\S+\s+[^,;]*\bnot\s+null\b",
        "adds a column that must have a value",
        Effect::Breaks,
    ),
    (
        r"(?is)\balter\s+(column\s+)?\S+\s+(set\s+not\s+null|type|set\s+data\s+type)\b",
        "narrows a column",
        Effect::Breaks,
    ),
    (r"(?is)\b(truncate|delete\s+from)\b", "deletes rows", Effect::Breaks),
    (r"(?is)^(cluster|vacuum\s*\(?\s*full)\b", "writes a table anew", Effect::Locks),
    (r"(?is)^create\s+(fulltext|spatial)\s+index\b", "builds a full-text or spatial index", Effect::Locks),
    (r"(?is)^reindex\b", "builds indexes anew", Effect::Locks),
    (r"(?is)^refresh\s+materialized\s+view\b", "fills a view anew", Effect::Locks),
];
/// The pattern of a mandatory column, which a default makes harmless.
const MANDATORY: usize = 4;

static HARMLESS_SET: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new([HARMLESS]).ok());
static PATTERN_SET: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(PATTERNS.iter().map(|(pattern, _, _)| pattern)).ok());

/// What is said of a statement that could not be read, `why` it could not.
pub(super) fn catch(statement: &str, why: &str) -> Vec<Said> {
    if HARMLESS_SET.as_ref().is_some_and(|set| set.is_match(statement)) {
        return Vec::new();
    }
    let lower = statement.to_ascii_lowercase();
    let has_default = lower.contains("default");
    let matched = PATTERN_SET.as_ref().map(|set| set.matches(statement).into_iter().collect::<Vec<_>>());
    let mut said: Vec<Said> = Vec::new();
    for index in matched.unwrap_or_default() {
        let (_, does, effect) = PATTERNS[index];
        let quiet =
            index == MANDATORY && has_default || effect == Effect::Locks && lower.contains("concurrently");
        if !quiet {
            said.push(Said {
                effect,
                does: does.to_owned(),
                why: "its words say so; the statement as a whole could not be read".to_owned(),
                instead: String::new(),
            });
        }
    }
    let is_known = effect_known(&lower);
    if said.is_empty() && !is_known {
        said.push(Said {
            effect: Effect::Unread,
            does: "has a statement that could not be read".to_owned(),
            why: format!(
                "nobody knows whether the running release can live with it; {}",
                super::shortened(why.trim_start_matches("sql parser error: "), 120)
            ),
            instead: "read it yourself before you say yes".to_owned(),
        });
    }
    said
}

/// `REINDEX CONCURRENTLY` and its like are understood without the parser.
fn effect_known(lower: &str) -> bool {
    lower.contains("concurrently")
        && (lower.starts_with("reindex") || lower.starts_with("refresh materialized view"))
}
