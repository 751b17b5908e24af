//! The file and the variables, laid one over the other with figment, which remembers where each value came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Num, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::fault::Collector;
use super::place::{Places, places};
use super::{FILE_NAME, KEYS, Surroundings};

/// What our variables begin with.
const PREFIX: &str = "INFRA_CHAT_";
/// The variable everybody names a database by.
const DATABASE_URL: &str = "DATABASE_URL";
/// Variables that the local platform gives to services: not ours to read when a service calls this program.
const FOR_SERVICES: [&str; 2] = ["INFRA_CHAT_INSTANCE", "INFRA_CHAT_SQL"];
/// Variables of our tests begin like this.
const FOR_TESTS: &str = "INFRA_CHAT_TEST_";
/// Keys whose values are numbers; all others are text.
const NUMBERS: [&str; 1] = ["builds_kept"];
/// A key that is this similar was meant.
const SIMILAR: f64 = 0.7;

/// All values with their places.
pub(super) struct Layers {
    figment: Figment,
    /// The folder of the file: its relative paths start there.
    file_folder: PathBuf,
    /// The folder variables' relative paths start from.
    directory: PathBuf,
    /// Where the file's keys are in it.
    places: BTreeMap<String, Places>,
    /// The variable each key came from.
    variables: BTreeMap<String, String>,
}

/// Variables as figment takes them, always as text: a token of digits stays a token.
struct Variables(Dict);

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variables")
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.0.clone())]))
    }
}

impl Layers {
    /// Reads the file and the variables; what can't be read or isn't known is a fault.
    pub(super) fn read(from: &Surroundings, faults: &Collector) -> Self {
        let mut figment = Figment::new();
        let mut places = BTreeMap::new();
        let asked = from.file.as_ref().map(|file| from.directory.join(file));
        let file = asked.clone().unwrap_or_else(|| from.directory.join(FILE_NAME));
        if asked.is_some() || file.exists() {
            let shown = shown(&file, &from.directory);
            match read_file(&file) {
                Ok((dict, found)) => {
                    unknown_keys(&dict, &shown, &found, faults);
                    places = found;
                    figment = figment.merge(Toml::file_exact(&file));
                }
                Err((what, mend)) => faults.add(&shown, "", what, mend),
            }
        }
        let (mut values, mut names) = (Dict::new(), BTreeMap::new());
        for (name, key, value) in variables(&from.variables, faults) {
            put(&mut values, &key, value);
            names.insert(key, name);
        }
        figment = figment.merge(Variables(values));
        let file_folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Self { figment, file_folder, directory: from.directory.clone(), places, variables: names }
    }

    /// A value as text, checked; absent when it was not given or is wrong.
    pub(super) fn checked<T>(
        &self,
        key: &str,
        faults: &Collector,
        check: impl FnOnce(&str) -> Result<T, (String, String)>,
    ) -> Option<T> {
        let value = self.figment.find_value(key).ok()?;
        let place = self.place(key);
        let text = match &value {
            Value::String(_, text) => text.clone(),
            Value::Num(_, number) if NUMBERS.contains(&key) => number_text(*number),
            _ if NUMBERS.contains(&key) => {
                faults.add(&place, key, "must be a number", "write digits, without quotes");
                return None;
            }
            _ => {
                faults.add(&place, key, "must be text", "put the value in quotes");
                return None;
            }
        };
        if text.trim().is_empty() {
            faults.add(&place, key, "is empty", "give a value, or leave it out");
            return None;
        }
        match check(text.trim()) {
            Ok(value) => Some(value),
            Err((what, mend)) => {
                faults.add(&place, key, what, mend);
                None
            }
        }
    }

    /// A path: a relative one starts at its file's folder, or at the working directory for a variable.
    pub(super) fn path(&self, key: &str, faults: &Collector) -> Option<PathBuf> {
        let base = if self.is_from_file(key) { &self.file_folder } else { &self.directory };
        self.checked(key, faults, |path| Ok(base.join(path)))
    }

    /// A folder that must be there, by a path as above.
    pub(super) fn folder(&self, key: &str, faults: &Collector) -> Option<PathBuf> {
        let path = self.path(key, faults)?;
        let mend = "make that folder, or leave the setting out".to_owned();
        let what = match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Some(path),
            Ok(_) => "is no folder".to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is not there".to_owned(),
            Err(error) => format!("can't be read ({error})"),
        };
        faults.add(&self.place(key), key, format!("`{}` {what}", path.display()), mend);
        None
    }

    /// Whether a value came from the file.
    pub(super) fn is_from_file(&self, key: &str) -> bool {
        self.figment
            .find_metadata(key)
            .and_then(|metadata| metadata.source.as_ref())
            .is_some_and(|source| source.file_path().is_some())
    }

    /// Whether any key of a table was given.
    pub(super) fn has_table(&self, table: &str) -> bool {
        KEYS.iter()
            .any(|key| key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')) && self.has(key))
    }

    /// Whether a key was given, rightly or wrongly.
    pub(super) fn has(&self, key: &str) -> bool {
        self.figment.find_value(key).is_ok()
    }

    /// Where a value came from, for people.
    pub(super) fn place(&self, key: &str) -> String {
        let source = self.figment.find_metadata(key).and_then(|metadata| metadata.source.as_ref());
        if let Some(path) = source.and_then(figment::Source::file_path) {
            let place = self.places.get(key).map_or_else(String::new, |places| places.value.to_string());
            return format!("{}{place}", shown(path, &self.directory));
        }
        let name = self.variables.get(key).cloned().unwrap_or_else(|| variable_name(key));
        format!("environment variable {name}")
    }
}

/// Puts a value where its key belongs: into its table, when it has one.
fn put(values: &mut Dict, key: &str, value: String) {
    match key.split_once('.') {
        None => {
            values.insert(key.to_owned(), Value::from(value));
        }
        Some((table, key)) => {
            let entry = values.entry(table.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = entry {
                inner.insert(key.to_owned(), Value::from(value));
            }
        }
    }
}

fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "_"))
}

/// The key a variable sets, as far as its name goes: `SLACK_MODE` is `slack.mode`.
fn key_of_variable(name: &str) -> String {
    let key = name.to_lowercase();
    let known = KEYS.iter().find(|known| known.replace('.', "_") == key);
    known.map_or(key, |known| (*known).to_owned())
}

fn number_text(number: Num) -> String {
    match (number.to_i128(), number.to_u128(), number.to_f64()) {
        (Some(whole), _, _) => whole.to_string(),
        (_, Some(whole), _) => whole.to_string(),
        (_, _, Some(real)) => real.to_string(),
        _ => String::new(),
    }
}

fn read_file(file: &Path) -> Result<(Dict, BTreeMap<String, Places>), (String, String)> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        (format!("can't be read ({error})"), "check the path and its permissions".to_owned())
    })?;
    let dict = Toml::from_str::<Dict>(&text).map_err(|error| {
        // The first line says where, the last one what; between them stands the line itself, drawn.
        let told = error.to_string();
        let place = told.lines().next().unwrap_or_default();
        let place = place.strip_prefix("TOML parse error at ").unwrap_or(place);
        let what = told.lines().last().unwrap_or_default();
        (format!("is no TOML at {place} ({what})"), "mend that line; text stands in quotes".to_owned())
    })?;
    Ok((dict, places(&text)))
}

fn unknown_keys(dict: &Dict, file: &str, places: &BTreeMap<String, Places>, faults: &Collector) {
    let tables = KEYS.iter().filter_map(|key| Some(key.split_once('.')?.0));
    let mut unknown = Vec::new();
    for (key, value) in dict {
        match value {
            Value::Dict(_, inner) if tables.clone().any(|table| table == key) => {
                unknown.extend(inner.keys().map(|inner| format!("{key}.{inner}")));
            }
            _ => unknown.push(key.clone()),
        }
    }
    for key in unknown.iter().filter(|key| !KEYS.contains(&key.as_str())) {
        let place = places.get(key).map_or_else(String::new, |places| places.key.to_string());
        faults.add(&format!("{file}{place}"), key, "is no key", suggestion(key));
    }
}

/// The key that was meant, or all there are.
fn suggestion(key: &str) -> String {
    let key = key.to_lowercase();
    let nearest = KEYS
        .iter()
        .map(|known| (strsim::jaro_winkler(&key, known), *known))
        .filter(|(similar, _)| *similar >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => format!("the keys are {}", KEYS.join(", ")),
    }
}

/// Our variables as (name, key, value), `DATABASE_URL` before ours, so that ours wins.
fn variables(all: &[(String, String)], faults: &Collector) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    if let Some((name, value)) = all.iter().find(|(name, value)| name == DATABASE_URL && !value.is_empty()) {
        found.push((name.clone(), "database_url".to_owned(), value.clone()));
    }
    for (name, value) in all {
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        let key = key_of_variable(key);
        if FOR_SERVICES.contains(&name.as_str()) || name.starts_with(FOR_TESTS) {
            continue;
        }
        if KEYS.contains(&key.as_str()) {
            found.push((name.clone(), key, value.clone()));
        } else {
            let place = format!("environment variable {name}");
            let meant = suggestion(&key);
            let meant = KEYS
                .iter()
                .find(|known| meant.contains(&format!("`{known}`")))
                .map_or(meant.clone(), |known| format!("did you mean {}?", variable_name(known)));
            faults.add(&place, "", "is no setting", meant);
        }
    }
    found
}

fn shown(file: &Path, directory: &Path) -> String {
    file.strip_prefix(directory).unwrap_or(file).display().to_string()
}
