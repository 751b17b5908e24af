//! Canaries and migrations: how a deploy is to go.

use std::sync::LazyLock;

use crate::intent::near::{Spelled, nearest};
use crate::intent::words::said_again;

use super::{Action, Canary, Kind, Migrate, Problem, REACH, Scanner, misspelt, values};

impl Scanner<'_, '_> {
    /// "with canary 10/50/100 soak 10m", "10/50/100", "no canary", "straight to 100%".
    pub(super) fn canary(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if matches!(self.word(place), "straight" | "directly" | "immediately")
            && matches!(self.word(place + 1), "to" | "at")
        {
            let to = self.word(place + 2);
            let spelled = values::spelled(self.rest(place + 2)).filter(|(number, _)| *number == 100);
            if matches!(to, "100%" | "100" | "full" | "everyone") || spelled.is_some() {
                let end = 2 + spelled.map_or(1, |(_, len)| len);
                let percent = usize::from(matches!(self.word(place + end), "%" | "percent"));
                return self.set_canary(Canary::Off, end + percent);
            }
        }
        if matches!(self.word(place), "no" | "without" | "skip" | "skipping" | "disable") {
            let mut at = place + 1;
            while matches!(self.word(at), "a" | "the" | "any") {
                at += 1;
            }
            if matches!(self.word(at), "canary" | "canaries" | "canarying") {
                return self.set_canary(Canary::Off, at + 1 - place);
            }
        }
        if matches!(self.word(place), "all-at-once") {
            return self.set_canary(Canary::Off, 1);
        }
        let keyword = matches!(self.word(place), "canary" | "canaries");
        let run_action = crate::intent::grammar::runs::is_run_action(self.scope.action);
        if keyword
            && (run_action
                || !self.scope.action.has(crate::intent::actions::Key::Canary)
                    && !self.scope.action.row().changes)
        {
            return Ok(Some(1));
        }
        let mut at = place + usize::from(keyword);
        if keyword {
            while self.token(at).is_some_and(|token| {
                token.any(&[
                    "of",
                    "at",
                    "to",
                    "with",
                    "steps",
                    "step",
                    "rollout",
                    "release",
                    "deploy",
                    "deployment",
                    "weights",
                    "stages",
                    "strategy",
                    "the",
                    "a",
                    "traffic",
                    "from",
                    "starting",
                    "through",
                    "in",
                    "going",
                ]) || matches!(token.kind, Kind::Colon | Kind::Equals | Kind::Bracket)
            }) {
                at += 1;
            }
            // "with canary, 10/50/100": one canary, and not two deploys.
            if self.token(at).is_some_and(|token| token.kind == Kind::Comma)
                && values::weights(self.rest(at + 1)).is_some()
            {
                at += 1;
            }
            if matches!(self.word(at), "off" | "no" | "none" | "false" | "disabled") {
                return self.set_canary(Canary::Off, at + 1 - place);
            }
        }
        let bare = self.word(place);
        let looks_like_weights = keyword
            || (bare.starts_with(|c: char| c.is_ascii_digit()) && bare.matches('/').count() >= 1)
            || bare.ends_with('%');
        let found = if looks_like_weights { values::weights(self.rest(at)) } else { None };
        let Some(values::Weights { steps: weights, len, soak_s: each_s }) = found else {
            if !keyword {
                return Ok(None);
            }
            self.no_weights(place, at)?;
            let mut canary = Canary::On { weights: Vec::new(), soak_s: None };
            let soak = self.soak(place + 1, &mut canary)?;
            return self.set_canary(canary, if soak > 0 { 1 + soak } else { 1 });
        };
        if !keyword && weights == [100] {
            return self.set_canary(Canary::Off, at + len - place);
        }
        let weights = check_weights(&weights)
            .map_err(|problem| problem.suggest(self.corrected(&weights, at..at + len)))?;
        let each_s = match each_s.as_slice() {
            [] => None,
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(*first),
            _ => {
                return Err(Problem::ambiguous(
                    "Every canary step soaks for the same time; say one, like `soak 10m`.",
                ));
            }
        };
        let mut canary = Canary::On { weights, soak_s: each_s };
        at += len;
        if matches!(self.word(at), "canary") {
            at += 1;
        }
        at += self.soak(at, &mut canary)?;
        self.set_canary(canary, at - place)
    }

    /// "canary ten/fifty/hundred": what has slashes right behind it is meant for its steps, and is no branch.
    fn no_weights(&self, place: usize, at: usize) -> Result<(), Problem> {
        let Some(steps) = self.token(at).filter(|steps| steps.is_word() && steps.low.contains('/')) else {
            return Ok(());
        };
        let is_name = |part: &str| self.scope.vocabulary.find(std::iter::once(part)).is_some();
        // "deploy canary feature/login to production", "a canary of feature/login": what is deployed, and no number is in it.
        let counted = values::slashed(steps.low).any(|part| {
            part.starts_with(|c: char| c.is_ascii_digit()) || values::number_word(part).is_some()
        });
        let led = |words: &[&str]| (place + 1..at).any(|at| words.contains(&self.word(at)));
        let of_code = led(&["from", "release", "deploy"]) || !counted && (place == 0 || led(&["of"]));
        if of_code
            || steps.low.starts_with('-')
            || steps.class.known()
            || steps.quote > 0
            || !self.scope.action.row().changes
            || values::slashed(steps.low).all(is_name)
        {
            return Ok(());
        }
        Err(Problem::ambiguous(format!(
            "I read `{}` behind the canary, which may be its steps or a branch, so I did nothing. Steps are whole numbers like `10/50/100`.",
            steps.raw
        ))
        .instead(steps.at..steps.end(), spelled(steps.low).or_else(|| (!counted).then(|| format!("ref {}", steps.raw)))))
    }

    /// The order with its canary put right: the same steps, rising, up to 100.
    fn corrected(&self, weights: &[u64], said: std::ops::Range<usize>) -> [String; 1] {
        let mut steps: Vec<u64> = weights.iter().copied().filter(|step| (1..100).contains(step)).collect();
        steps.push(100);
        steps.sort_unstable();
        steps.dedup();
        let steps = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
        let tokens = self.scope.tokens;
        let mut words = vec![self.scope.action.row().verbs[0]];
        words.extend(said_again(&tokens[..said.start]));
        words.push(&steps);
        words.extend(said_again(&tokens[said.end.min(tokens.len())..]));
        [words.join(" ").replace(" ,", ",")]
    }

    /// "soak 10m", "with 10 minutes each", "10 minute soak".
    pub(super) fn soak(&self, from: usize, canary: &mut Canary) -> Result<usize, Problem> {
        let mut at = from;
        let mut said = false;
        while self.token(at).is_some_and(|token| {
            token.any(&[
                "with", "and", "a", "an", "the", "soak", "soaking", "soaks", "of", "for", "wait", "waiting",
                "hold", "holding", "every", "each", "step", "at", "per", "is", "time",
            ]) || matches!(token.kind, Kind::Comma | Kind::Colon | Kind::Equals | Kind::Bracket)
        }) {
            said |= matches!(
                self.word(at),
                "soak" | "soaking" | "soaks" | "wait" | "waiting" | "hold" | "holding" | "every" | "each"
            );
            at += 1;
            if (self.word(at - 1) == "an" || self.word(at - 1) == "a")
                && values::duration(self.rest(at - 1)).is_some()
            {
                at -= 1;
                break;
            }
        }
        let below_zero = |word: &str| {
            word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        if said && below_zero(self.word(at)) {
            let written = self.rest(at).iter().take(2).map(|token| token.raw).collect::<Vec<_>>().join(" ");
            return Err(Problem::bad_value(format!(
                "`{written}` is below zero; I expected how long a step soaks, like `10m`."
            )));
        }
        let Some((seconds, len)) = values::duration(self.rest(at)) else {
            let bare = self.token(at).filter(|token| said && values::whole(token.low).is_some());
            // "hold at 10": a share of the traffic.
            let alone = self.word(at + 1).is_empty() && !(from..at).any(|place| self.word(place) == "at");
            return match bare.filter(|_| alone && self.scope.action == Action::Deploy) {
                Some(number) => Err(Problem::ambiguous(format!(
                    "I read how long a step soaks, and not `{}` of what, so I did nothing.",
                    number.raw
                ))
                .instead(number.at..number.end(), [format!("{}m", number.raw), format!("{}s", number.raw)])),
                None => Ok(0),
            };
        };
        at += len;
        let mut tail = at;
        while matches!(
            self.word(tail),
            "soak"
                | "soaks"
                | "each"
                | "per"
                | "step"
                | "between"
                | "steps"
                | "apart"
                | "at"
                | "every"
                | "time"
                | "stage"
                | "stages"
                | "weights"
                | "a"
                | "of"
                | "the"
                | "soaking"
        ) {
            said |= matches!(
                self.word(tail),
                "soak" | "soaks" | "each" | "per" | "between" | "apart" | "every" | "soaking"
            );
            tail += 1;
        }
        let glued_for = (from..at).any(|place| self.word(place) == "for");
        if !said && !glued_for {
            return Ok(0);
        }
        if let Canary::On { soak_s, .. } = canary {
            *soak_s = Some(seconds);
        }
        Ok(if said { tail - from } else { at - from })
    }

    pub(super) fn set_canary(&mut self, canary: Canary, len: usize) -> Result<Option<usize>, Problem> {
        let merged = match (self.segment.canary.take(), canary) {
            (None, canary) => canary,
            (Some(Canary::On { weights: first, soak_s }), Canary::On { weights, soak_s: more })
                if first.is_empty() || weights.is_empty() || first == weights =>
            {
                let weights = if weights.is_empty() { first } else { weights };
                Canary::On { weights, soak_s: more.or(soak_s) }
            }
            (Some(first), canary) if first == canary => first,
            _ => return Err(Problem::ambiguous("Two canaries were said for one deploy; which is meant?")),
        };
        self.segment.canary = Some(merged);
        Ok(Some(len))
    }

    /// "run migrations first", "with migrations", "migrate first", "skip migrations", "no migrations".
    pub(super) fn migrations(&mut self, place: usize) -> Result<Option<usize>, Problem> {
        if self.scope.action != Action::Deploy {
            return Ok(None);
        }
        let mut at = place;
        let mut skip = false;
        let mut with = false;
        let mut verb = false;
        while at - place < REACH {
            match self.word(at) {
                // "do not skip migrations"
                "skip" | "skipping" if skip => return Err(self.which_migrations(place, at + 1)),
                "no" | "without" | "skip" | "skipping" | "don't" | "dont" | "not" => skip = true,
                "do" if self.word(at + 1) == "not" => {}
                "with" | "including" | "incl" => with = true,
                "run" | "running" | "apply" | "applying" | "do" | "perform" => verb = true,
                "the" | "any" | "all" | "pending" | "db" | "database" | "schema" | "its" => {}
                _ => break,
            }
            at += 1;
        }
        let noun = matches!(self.word(at), "migrations" | "migration" | "migrate" | "migrating");
        if !noun || self.token(at).is_some_and(|token| token.name.is_some()) {
            return Ok(None);
        }
        at += 1;
        let mut first = false;
        while matches!(
            self.word(at),
            "first"
                | "beforehand"
                | "before"
                | "upfront"
                | "too"
                | "as"
                | "well"
                | "run"
                | "skipped"
                | "off"
                | "on"
        ) {
            match self.word(at) {
                // "migrations first before 5pm"
                "before" if values::time(self.rest(at)).is_some() => break,
                "skipped" | "off" => skip = true,
                "first" | "beforehand" | "before" | "upfront" => first = true,
                _ => {}
            }
            at += 1;
        }
        if self.word(at) == "skip" || self.word(at) == "no" && matches!(self.word(at + 1), "" | "and") {
            skip = true;
            at += 1;
        }
        let listed = place > 0
            && self.token(place - 1).is_some_and(|token| {
                token.any(&["and", "plus"]) || matches!(token.kind, Kind::Comma | Kind::Plus)
            });
        // "without canary and migrations" is without both; "… and run migrations first" is not.
        skip |= listed
            && !(verb || first || with)
            && (place.saturating_sub(4)..place).any(|at| matches!(self.word(at), "without" | "no" | "skip"));
        // "deploy prod, migrations tomorrow"
        let apart = listed && !(skip || with || verb || first) && values::time(self.rest(at)).is_some();
        if apart || !(skip || with || verb || first || listed) {
            return Err(self.which_migrations(place, at));
        }
        self.segment.migrate = Some(if skip { Migrate::Skip } else { Migrate::First });
        Ok(Some(at - place))
    }

    /// "migrations" and nothing of when, from here up to there: what stands before may be that, typed wrong.
    fn which_migrations(&self, place: usize, end: usize) -> Problem {
        static SKIPS: LazyLock<[Spelled<&str>; 3]> =
            LazyLock::new(|| ["skip", "skipping", "without"].map(Spelled::new));
        let before = place
            .checked_sub(1)
            .and_then(|at| self.token(at))
            .filter(|before| before.is_word() && before.name.is_none() && !before.class.known());
        if let Some(before) = before
            && let Some(skip) = nearest(before.low, &*SKIPS)
        {
            return misspelt(before, skip);
        }
        let problem = Problem::ambiguous("Migrations with this deploy: run them first, or skip them?");
        let range = self.token(place).zip(self.token(end - 1)).map(|(first, last)| first.at..last.end());
        match range {
            Some(range) => problem.instead(range, ["and run migrations first", "and skip migrations"]),
            None => problem,
        }
    }
}

/// Weights rise and end at 100, or the canary is a mistake.
pub(super) fn check_weights(weights: &[u64]) -> Result<Vec<u8>, Problem> {
    let said = weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/");
    let fault = if weights.iter().any(|weight| *weight > 100) {
        Some("can't pass 100%")
    } else if weights.windows(2).any(|pair| pair[0] >= pair[1]) || weights.first() == Some(&0) {
        Some("must rise")
    } else if weights.last() != Some(&100) {
        Some("must end at 100")
    } else {
        None
    };
    match fault {
        Some(fault) => Err(Problem::bad_value(format!("Canary steps {fault}; I read {said}."))),
        None => Ok(weights.iter().filter_map(|weight| u8::try_from(*weight).ok()).collect()),
    }
}

/// "ten/fifty/hundred": steps as numbers, where each is one.
fn spelled(steps: &str) -> Option<String> {
    let number = |part: &str| match part {
        "hundred" | "full" | "all" => Some(100),
        part => values::number_word(part).or_else(|| part.parse().ok()),
    };
    let steps: Option<Vec<u64>> = values::slashed(steps).map(number).collect();
    let steps = steps.filter(|steps| steps.is_sorted_by(|one, next| one < next))?;
    Some(steps.iter().map(ToString::to_string).collect::<Vec<_>>().join("/"))
}
