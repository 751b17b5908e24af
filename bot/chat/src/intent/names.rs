//! The names a project has, and the index that finds them in a text.
//!
//! Names match without regard to case, spaces and hyphens. The index knows where a name may go on, so that looking for
//! names takes time linear in the text, however many names there are.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use engine::model::Provider;
use serde::{Deserialize, Serialize};

use super::actions::{Action, TABLE};
use super::help;
use super::manner::Known;
use super::near::{MAX_SLIPS, Spelled};
use super::place;
use super::problem::{A_RULE, ALERTS, MAX_SUGGESTIONS, MAY_DEPLOY};
use super::word_table::{Print, WordTable};
use super::words::Token;

/// A name and what else people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The project's own spelling, which is what a command carries.
    pub name: String,
    /// Other words for it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

impl Named {
    /// A name without aliases.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), aliases: Vec::new() }
    }

    /// An environment, with the aliases everybody uses: `prod`, `prd`, `live`; `stage`, `stg`; `dev`.
    pub fn environment(name: impl Into<String>) -> Self {
        let name = name.into();
        let usual: &[&str] = match name.as_str() {
            "production" => &["prod", "prd", "live"],
            "staging" => &["stage", "stg"],
            "local" => &["dev"],
            _ => &[],
        };
        Self { aliases: usual.iter().map(ToString::to_string).collect(), name }
    }
}

/// All names of one project, and the providers the product knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Names {
    pub project: String,
    pub environments: Vec<Named>,
    pub services: Vec<Named>,
    pub components: Vec<Named>,
    pub jobs: Vec<Named>,
    pub providers: Vec<Named>,
}

impl Names {
    /// Every provider the product knows, as the engine has them.
    pub fn known_providers() -> Vec<Named> {
        Provider::ALL.map(|provider| Named::new(provider.name())).into()
    }

    /// The sample project's names, which `parse` uses when it has no state of its own.
    pub fn sample() -> Self {
        let plain = |names: &[&str]| names.iter().copied().map(Named::new).collect();
        let mut components: Vec<Named> = plain(&["postgres", "redis", "storage"]);
        if let Some(postgres) = components.first_mut() {
            postgres.aliases = vec!["postgresql".to_owned(), "pg".to_owned()];
        }
        Self {
            project: "invoice-perfect".to_owned(),
            environments: ["local", "staging", "production"].map(Named::environment).into(),
            services: plain(&["api", "web", "cron"]),
            components,
            jobs: plain(&["backfillTimezone", "backfillInvoiceTotals"]),
            providers: Self::known_providers(),
        }
    }

    /// The names of one kind, in the project's order.
    pub(super) fn of(&self, kind: NameKind) -> &[Named] {
        match kind {
            NameKind::Environment => &self.environments,
            NameKind::Service => &self.services,
            NameKind::Component => &self.components,
            NameKind::Job | NameKind::JobShort => &self.jobs,
            NameKind::Provider => &self.providers,
            NameKind::Project => &[],
        }
    }
}

/// What a name is the name of. Where one word names two things, the first kind in this order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum NameKind {
    Environment,
    Service,
    Component,
    Job,
    /// A job called by what follows "backfill" in its name; a job only beside the word backfill.
    JobShort,
    Provider,
    Project,
}

impl NameKind {
    /// The word for all of it, at the beginning of a sentence.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Environment => "Environments",
            Self::Service => "Services",
            Self::Component => "Components",
            Self::Job | Self::JobShort => "Jobs",
            Self::Provider => "Providers",
            Self::Project => "Project",
        }
    }

    /// The word for it in a sentence.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Service => "service",
            Self::Component => "component",
            Self::Job | Self::JobShort => "job",
            Self::Provider => "provider",
            Self::Project => "project",
        }
    }
}

/// A name found in a text: `len` words from where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) kind: NameKind,
    /// Both are short: a token carries them.
    index: u32,
    len: u8,
}

impl Hit {
    /// Its place among the names of its kind.
    pub(super) const fn index(self) -> usize {
        self.index as usize
    }

    /// Whether it names an environment.
    pub(super) fn is_place(self) -> bool {
        self.kind == NameKind::Environment
    }

    /// How many words it takes.
    pub(super) const fn len(self) -> usize {
        self.len as usize
    }
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Entry {
    /// Both are short: a slot of the table carries them.
    name: Option<(NameKind, u32)>,
    /// Some longer name begins like this.
    continues: bool,
}

impl Entry {
    /// The name this word is, when no longer one begins with it.
    pub(super) fn alone(&self) -> Option<Hit> {
        let (kind, index) = self.name.filter(|_| !self.continues)?;
        Some(Hit { kind, index, len: 1 })
    }
}

/// Names made ready for reading. Make it once per project and read many texts with it.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    names: Names,
    index: WordTable<Entry>,
    ways_out: [String; MAX_SUGGESTIONS],
    /// For each action, in table order, how people of this project order it.
    examples: Vec<Vec<String>>,
    /// What is known of those two, and of the other sentences suggested often: each is read when it is first suggested.
    known: WordTable<OnceLock<Box<Known>>>,
    /// The parts of environments' names that have several, and other words for them, each with the environment's place.
    parts: Vec<(Box<str>, usize)>,
    /// All normalised names, for suggestions, the shortest first.
    spellings: Vec<(NameKind, usize, Spelled<Box<str>>)>,
}

/// A name longer than this many words is not looked for.
const MAX_NAME_WORDS: usize = 6;
/// Parts of one word have at least so many letters: "a pi" is not `api`.
const LEAST_PART: usize = 3;
/// Longer normalised names are not looked for.
const MAX_NAME_BYTES: usize = 64;

/// Of so many environments it is kept what is suggested most of them.
const MAX_KEPT: usize = 8;
/// What that is, before and behind an environment's name.
const OFTEN: [(&str, &str); 14] = [
    ("deploy", ""),
    ("deploy", " with canary 10/50/100"),
    ("deploy", " tonight 22:00"),
    ("deploy", " in 30 minutes"),
    ("deploy main to", ""),
    ("dry run deploy", ""),
    ("rollback", ""),
    ("rollback", " to the previous release"),
    ("dry run rollback in", ""),
    ("lock", ""),
    ("unlock", ""),
    ("status", ""),
    ("audit in", ""),
    ("releases", ""),
];
/// And what is suggested of no environment.
const OFTEN_OF_NONE: [&str; 3] = ["status", "help destroy-environment", "help remove-component"];

/// For each action, in table order, its examples that name an environment and nothing else, cut where it stands.
static CUT: LazyLock<Vec<Vec<(&str, &str)>>> = LazyLock::new(|| {
    let bare = |example: &&&str| {
        example.matches('{').count() == 1 && !example.contains(|c: char| c.is_ascii_digit() || c == ':')
    };
    let cut = |examples: &'static [&str]| {
        examples.iter().filter(bare).filter_map(|example| example.split_once("{env}")).collect()
    };
    TABLE.iter().map(|row| cut(row.examples)).collect()
});

impl Vocabulary {
    /// Builds the index over these names.
    pub fn new(names: &Names) -> Self {
        let mut vocabulary = Self {
            names: names.clone(),
            index: WordTable::default(),
            ways_out: ["deploy {env}", "status {env}", "help"].map(|example| help::fill(example, names)),
            examples: TABLE
                .iter()
                .map(|row| row.examples.iter().map(|example| help::fill(example, names)).collect())
                .collect(),
            known: WordTable::default(),
            parts: parts_of(&names.environments),
            spellings: Vec::new(),
        };
        for kind in
            [NameKind::Environment, NameKind::Service, NameKind::Component, NameKind::Job, NameKind::Provider]
        {
            for (index, named) in names.of(kind).iter().enumerate() {
                for spelling in std::iter::once(&named.name).chain(&named.aliases) {
                    vocabulary.add(kind, index, &parts(spelling));
                }
            }
        }
        for (index, job) in names.jobs.iter().enumerate() {
            let parts = parts(&job.name);
            if let Some((first, rest)) = parts.split_first()
                && first == "backfill"
                && !rest.is_empty()
            {
                let mut turned = rest.to_vec();
                turned.push(first.clone());
                vocabulary.add(NameKind::Job, index, &turned);
                vocabulary.add(NameKind::JobShort, index, rest);
            }
        }
        vocabulary.add(NameKind::Project, 0, &parts(&names.project));
        vocabulary.spellings.sort_by_key(|(_, _, spelling)| spelling.len());
        let often = [MAY_DEPLOY, A_RULE].into_iter().chain(ALERTS).chain(OFTEN_OF_NONE);
        let often: Vec<String> = often.map(|sentence| help::fill(sentence, names)).collect();
        let first = names.environments.iter().take(MAX_KEPT);
        let deploys: Vec<String> = first
            .flat_map(|named| OFTEN.map(|(before, behind)| format!("{before} {}{behind}", named.name)))
            .collect();
        let examples = vocabulary.examples.iter().flatten();
        let sentences = vocabulary.ways_out.iter().chain(examples).chain(&often).chain(&deploys);
        let mut known = WordTable::default();
        for sentence in sentences {
            known.entry(sentence);
        }
        vocabulary.known = known;
        vocabulary
    }

    /// How people order this action, in the words of their own project.
    pub(super) fn examples(&self, action: Action) -> &[String] {
        self.examples.get(action as usize).map_or(&[], Vec::as_slice)
    }

    /// How people order it in the place these words are about, as far as one is; nothing else is made up then.
    pub(super) fn examples_for(&self, action: Action, tokens: &[Token<'_>]) -> Cow<'_, [String]> {
        /// A click takes away nothing that nobody named.
        const ONLY_HELP: [&str; 2] = ["help remove-component", "status"];
        if action == Action::RemoveComponent {
            return Cow::Owned(ONLY_HELP.map(ToOwned::to_owned).into());
        }
        let usual = Cow::Borrowed(self.examples(action));
        let Some(place) = place::said(tokens) else { return usual };
        let place = self.spelling(NameKind::Environment, place);
        let cut = CUT.get(action as usize).map_or(&[][..], Vec::as_slice);
        let filled: Vec<String> =
            cut.iter().map(|(before, behind)| [*before, place, *behind].concat()).collect();
        if filled.is_empty() { usual } else { Cow::Owned(filled) }
    }

    /// What is known of a sentence that is suggested often, without reading it each time.
    pub(super) fn known(&self, sentence: &str) -> Option<&Known> {
        self.known.get(sentence).map(|known| &**known.get_or_init(|| Box::new(Known::of(sentence, self))))
    }

    /// The names this was made from.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What to type when nothing was understood: sentences that work in this project.
    pub(super) fn ways_out(&self) -> &[String] {
        &self.ways_out
    }

    fn add(&mut self, kind: NameKind, index: usize, parts: &[String]) {
        let whole = parts.concat();
        if whole.is_empty() {
            return;
        }
        let mut prefix = String::new();
        for part in parts.iter().take(parts.len().saturating_sub(1)) {
            prefix.push_str(part);
            self.index.entry(&prefix).continues = true;
        }
        // "time zone", "send grid": people part names where they please.
        let cuts = LEAST_PART..whole.len().saturating_sub(LEAST_PART - 1);
        for part in cuts.filter_map(|cut| whole.get(..cut)) {
            self.index.entry(part).continues = true;
        }
        let entry = self.index.entry(&whole);
        if entry.name.is_none_or(|(other, _)| kind < other) {
            entry.name = Some((kind, index as u32));
        }
        self.spellings.push((kind, index, Spelled::new(whole.into())));
    }

    /// Whether a name is `us`, which people call themselves as well.
    pub(super) fn has_us(&self) -> bool {
        self.index.get("us").is_some_and(|entry| entry.name.is_some())
    }

    /// What begins with this word of letters and digits.
    #[inline]
    pub(super) fn begins(&self, print: Print, word: &str) -> Option<&Entry> {
        self.index.find(print, word)
    }

    /// Whether a name may begin with this word, which may hold a hyphen or the like.
    pub(super) fn may_begin(&self, print: Print, word: &str) -> bool {
        word.contains(['-', '_']) || self.index.find(print, word).is_some()
    }

    /// The longest name that begins at the first of these words.
    pub(super) fn find<'w>(&self, words: impl Iterator<Item = &'w str>) -> Option<Hit> {
        let mut words = words.peekable();
        let first = *words.peek()?;
        if !first.contains(['-', '_']) {
            // Most words begin no name, and most names are one word.
            let entry = self.index.get(first)?;
            if !entry.continues {
                return entry.alone();
            }
        }
        let mut buffer = [0_u8; MAX_NAME_BYTES];
        let mut filled = 0;
        let mut best = None;
        for (count, word) in words.take(MAX_NAME_WORDS).enumerate() {
            for byte in word.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
                *buffer.get_mut(filled)? = byte;
                filled += 1;
            }
            let Some(entry) = std::str::from_utf8(&buffer[..filled]).ok().and_then(|key| self.index.get(key))
            else {
                break;
            };
            if let Some((kind, index)) = entry.name {
                best = Some(Hit { kind, index, len: count as u8 + 1 });
            }
            if !entry.continues {
                break;
            }
        }
        best
    }

    /// The project's own spelling of a name.
    pub(super) fn spelling(&self, kind: NameKind, index: usize) -> &str {
        match kind {
            NameKind::Project => &self.names.project,
            _ => self.names.of(kind).get(index).map_or("", |named| &named.name),
        }
    }

    /// The environments of which this word is a part of the name, or another word for one: `prod` of `prod-eu` and `prod-us`.
    pub(super) fn parted(&self, word: &str) -> Vec<(NameKind, usize)> {
        let hits = self.parts.iter().filter(|(part, _)| &**part == word);
        hits.map(|(_, index)| (NameKind::Environment, *index)).take(MAX_SUGGESTIONS).collect()
    }

    /// The nearest real names to a word typed wrong, nearest first; empty when none is near.
    pub(super) fn near(&self, word: &str, kinds: &[NameKind]) -> Vec<(NameKind, usize)> {
        if word.len() > MAX_NAME_BYTES {
            return Vec::new();
        }
        let word: String = word.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        let word = Spelled::new(word);
        // Of a thousand names most are too long or too short to be meant.
        let begin =
            self.spellings.partition_point(|(_, _, spelling)| spelling.len() + MAX_SLIPS < word.len());
        let mut found: Vec<(usize, NameKind, usize)> = self.spellings[begin..]
            .iter()
            .take_while(|(_, _, spelling)| spelling.len() <= word.len() + MAX_SLIPS)
            .filter_map(|(kind, index, spelling)| Some((spelling.distance(&word)?, *kind, *index)))
            .filter(|(_, kind, _)| kinds.contains(kind))
            .collect();
        found.sort_unstable();
        found.dedup_by_key(|(_, kind, index)| (*kind, *index));
        found.into_iter().map(|(_, kind, index)| (kind, index)).collect()
    }
}

/// The parts of names that have several, and what else people call an environment that is called so.
fn parts_of(environments: &[Named]) -> Vec<(Box<str>, usize)> {
    let usual = ["production", "staging", "local"].map(Named::environment);
    let mut all = Vec::new();
    for (index, named) in environments.iter().enumerate() {
        let own = parts(&named.name);
        for part in own.iter().filter(|_| own.len() > 1) {
            let alike = usual.iter().find(|it| it.name == *part || it.aliases.contains(part));
            let others = alike.into_iter().flat_map(|it| std::iter::once(&it.name).chain(&it.aliases));
            all.extend(
                std::iter::once(part)
                    .chain(others.filter(|it| *it != part))
                    .map(|it| (it.as_str().into(), index)),
            );
        }
    }
    all
}

/// A name's words, in lower case: at capitals, hyphens, underscores and spaces.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        let breaks = matches!(c, '-' | '_' | ' ') || (c.is_uppercase() && after_lower);
        if breaks && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
        }
        if !matches!(c, '-' | '_' | ' ')
            && let Some(part) = parts.last_mut()
        {
            part.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_without_case_spaces_and_hyphens() {
        let vocabulary = Vocabulary::new(&Names::sample());
        for said in ["backfill timezone", "backfilltimezone", "backfill-timezone", "timezone backfill"] {
            let hit = vocabulary.find(said.split(' '));
            assert_eq!(hit.map(|hit| (hit.kind, hit.index())), Some((NameKind::Job, 0)), "{said}");
        }
        let hit = vocabulary.find(["invoice", "perfect", "on"].into_iter());
        assert_eq!(hit, Some(Hit { kind: NameKind::Project, index: 0, len: 2 }));
        assert_eq!(vocabulary.find(["prd"].into_iter()).map(Hit::index), Some(2));
    }

    #[test]
    fn a_name_typed_wrong_finds_the_nearest() {
        let vocabulary = Vocabulary::new(&Names::sample());
        assert_eq!(vocabulary.near("stagign", &[NameKind::Environment]), [(NameKind::Environment, 1)]);
        assert_eq!(vocabulary.near("banana", &[NameKind::Environment]), []);
    }
}
