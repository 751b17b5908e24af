//! What of a text every sentence suggested in its place must hold, since a button is pressed and not read: the places, the
//! other names and the numbers. What may not be lost of how it is to go is in `manner.rs`.

use super::command::Command;
use super::lexicon::{Class, near_time};
use super::names::{NameKind, Vocabulary};
use super::near::Spelled;
use super::scan::is_ticket;
use super::values::number_word;
use super::words::{Kind, Token, Words};
use super::{Action, Key};

/// Behind these stands what is left out.
const LEAVES_OUT: Words = Words::of(&[
    "not",
    "don't",
    "dont",
    "never",
    "but",
    "except",
    "excluding",
    "minus",
    "apart",
    "aside",
    "besides",
    "than",
    "unlike",
    "anywhere",
    "outside",
    "save",
    "leave",
    "omit",
    "sans",
]);
/// Before these stands what is left out: "prod excluded".
const LEFT_OUT: &[&str] = &["excluded", "omitted", "excepted", "exempt"];
/// Beside these, too, not all that is said is meant: of two things one, or what is put right.
const NOT_ALL: Words = Words::of(&[
    "or",
    "either",
    "no",
    "nope",
    "nah",
    "instead",
    "rather",
    "actually",
    "sorry",
    "wait",
    "oops",
    "mean",
    "meant",
    "make",
    "correction",
    "typo",
    "edit",
    "scratch",
    "strike",
    "forget",
    "ignore",
    "nvm",
    "vs",
    "versus",
    "otherwise",
    "else",
]);

/// What a text names and counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The environments it names, in the project's own spelling.
    places: Vec<String>,
    /// Those it names to leave them out.
    left_out: Vec<String>,
    /// The services it names to leave them out.
    services_left_out: Vec<String>,
    /// Its other names, in lower case, each as written and in the project's own spelling.
    names: Vec<[String; 2]>,
    numbers: Vec<String>,
    /// The one environment it speaks of, if only to leave it out.
    about: Option<String>,
    /// One of several is meant, or something is left out, or waited for.
    not_all: bool,
}

impl Said {
    /// What these tokens say.
    pub(super) fn of(tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Self {
        let mut said = Self::default();
        let mut at = 0;
        let mut left_out = false;
        let mut several = false;
        while let Some(token) = tokens.get(at) {
            let Some(hit) = token.name else {
                said.not_all |= token.is(Class::CONDITION) || token.among(&NOT_ALL);
                left_out =
                    token.among(&LEAVES_OUT) || left_out && token.is(Class::PREPOSITION.and(Class::FILLER));
                said.not_all |= left_out;
                if token.kind == Kind::Word && !is_ticket(token.raw) {
                    said.count(token);
                }
                at += 1;
                continue;
            };
            let own = vocabulary.spelling(hit.kind, hit.index());
            let end = tokens.len().min(at + hit.len());
            if hit.kind == NameKind::Environment {
                several |= said.about.as_ref().is_some_and(|other| other != own);
                said.about = Some(own.to_owned());
            }
            let left_out_behind = tokens.get(end).is_some_and(|next| next.any(LEFT_OUT));
            said.not_all |= left_out_behind;
            let leaves = left_out || left_out_behind;
            match hit.kind {
                NameKind::Project => {}
                // "anything but production": no place is said.
                NameKind::Environment if leaves => said.left_out.push(own.to_owned()),
                NameKind::Environment => said.places.push(own.to_owned()),
                _ => {
                    if leaves && hit.kind == NameKind::Service {
                        said.services_left_out.push(own.to_owned());
                    }
                    left_out = false;
                    let words: Vec<&str> = tokens[at..end].iter().map(|token| token.low).collect();
                    said.names.push([own.to_lowercase(), words.join(" ")]);
                }
            }
            at = end.max(at + 1);
        }
        said.about = said.about.filter(|_| !several);
        said
    }

    /// Keeps in mind the numbers of a word.
    fn count(&mut self, token: &Token<'_>) {
        let few = token.any(&["a", "an", "one"]);
        match number_word(token.low).filter(|_| !few) {
            Some(number) => self.numbers.push(number.to_string()),
            None => self.numbers.extend(numbers(token.low).map(ToOwned::to_owned)),
        }
    }

    /// Whether it names a place.
    pub(super) const fn is_placed(&self) -> bool {
        !self.places.is_empty()
    }

    /// A look at some place as a look at the one this speaks of; none where it changes anything, or this speaks of none.
    pub(super) fn look(&self, sentence: &str, effect: &Effect) -> Option<String> {
        let about = self.about.as_ref().filter(|_| !effect.changes)?;
        let [place] = &effect.places[..] else { return None };
        (place != about).then(|| sentence.replacen(place.as_str(), about, 1))
    }

    /// Whether a sentence with these effects names all the names of this.
    pub(super) fn is_named_by(&self, sentence: &str, effect: &Effect) -> bool {
        let low = sentence.to_lowercase();
        // A platform may be called like a place.
        let placed =
            |place: &String| effect.places.contains(place) || low.split(' ').any(|word| word == place);
        let placed = !effect.placed || self.places.iter().all(placed);
        placed && self.names.iter().all(|[own, said]| low.contains(own) || low.contains(said))
    }

    /// Whether a sentence with these effects is about no other place.
    pub(super) fn is_place_of(&self, effect: &Effect) -> bool {
        self.places.is_empty() || effect.places.iter().all(|place| self.places.contains(place))
    }

    /// Whether a sentence with these effects does something to what was left out.
    pub(super) fn is_brought_back_by(&self, effect: &Effect) -> bool {
        let of = |services: &Vec<String>, service: &String| services.is_empty() || services.contains(service);
        let services = |service: &String| effect.services.iter().any(|named| of(named, service));
        effect.changes
            && (effect.places.iter().any(|place| self.left_out.contains(place))
                || self.services_left_out.iter().any(services))
    }

    /// Whether a sentence with these effects holds all this, as far as it changes the world. In a person's own order put
    /// right, other numbers may stand in the place of those said; in an example, most are those that were said.
    pub(super) fn is_kept_by(&self, sentence: &str, effect: &Effect, example: bool) -> bool {
        if !effect.changes {
            return true;
        }
        if self.not_all {
            return true;
        }
        if effect.only_tries {
            return !effect.placed || self.places.iter().all(|place| effect.places.contains(place));
        }
        let low = sentence.to_lowercase();
        let held: Vec<&str> = numbers(&low).collect();
        let spelled = |number: &String| {
            low.split(' ').any(|word| number_word(word).is_some_and(|it| it.to_string() == *number))
        };
        let kept =
            self.numbers.iter().filter(|number| held.contains(&number.as_str()) || spelled(number)).count();
        let put_right = held.len() >= self.numbers.len() && (!example || 2 * kept > self.numbers.len());
        let counted = kept == self.numbers.len() || put_right;
        counted && self.is_named_by(sentence, effect)
    }
}

/// What a sentence does, and where.
#[derive(Debug, Clone, Default)]
pub(super) struct Effect {
    changes: bool,
    only_tries: bool,
    /// All it does is done in some place.
    placed: bool,
    places: Vec<String>,
    /// Of each order that may name services, those it names; all where it names none.
    services: Vec<Vec<String>>,
}

impl Effect {
    /// Whether it changes the world.
    pub(super) fn changes(&self) -> bool {
        self.changes
    }

    /// What these commands do.
    pub(super) fn of(commands: &[Command]) -> Self {
        // A set-up asks for all it needs, and to be told of something changes nothing that runs.
        let changing = |command: &&Command| {
            command.action.row().changes && !matches!(command.action, Action::Alert | Action::Setup)
        };
        let placed =
            |command: &Command| command.action.has(Key::Environments) || command.action.has(Key::Environment);
        Self {
            changes: commands.iter().any(|command| changing(&command)),
            only_tries: commands.iter().filter(changing).all(|command| command.dry_run || command.rehearse),
            placed: commands.iter().all(placed),
            services: commands
                .iter()
                .filter(|command| changing(command) && command.action.has(Key::Services))
                .map(|command| command.services.clone())
                .collect(),
            places: commands
                .iter()
                .flat_map(|command| command.environments.iter().chain(&command.environment).cloned())
                .collect(),
        }
    }
}

/// The order these commands are, only tried, where it can be.
pub(super) fn tried(commands: &[Command]) -> Option<String> {
    let [command] = commands else { return None };
    let can = command.action.row().changes && command.action.has(Key::DryRun) && !command.rehearse;
    can.then(|| Command { dry_run: true, at: None, ..command.clone() }.canonical())
}

/// Whether something is lost of a word when a sentence has this in its place: a number, or a time typed wrong.
pub(super) fn is_lost(word: &str, name: &str) -> bool {
    let low = word.to_lowercase();
    let counted = !is_ticket(word) && (numbers(&low).next().is_some() || number_word(&low).is_some());
    if name.is_empty() {
        return counted || near_time(&low).is_some();
    }
    let near = Spelled::new(low.as_str()).distance(&Spelled::new(name.to_lowercase())).is_some();
    counted && numbers(name).next().is_none() && !near
}

/// The numbers in a text; "1.5" and "1,000" are one each.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let digit = |byte: u8| byte.is_ascii_digit();
    let within = move |c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','));
    text.split(within).map(|run| run.trim_matches(['.', ','])).filter(move |run| run.bytes().any(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_wherever_they_stand() {
        let found: Vec<&str> = numbers("canary1 10/50,5/100% at 22:00, r-3f2a.").collect();
        assert_eq!(found, ["1", "10", "50,5", "100", "22", "00", "3", "2"]);
    }
}
