//! Who is texted about an environment: `people` in order, how long each has to answer, and hours in which only what matters
//! enough is texted.

use super::describe::{Defaults, Keys, Yaml, text};
use super::freeze::{ZONE_DEFAULT, zone_of};
use super::limits::{TEXTS_PEOPLE_MAX, TEXTS_WAIT_MINUTES};
use super::spot::{Spot, shown};
use crate::model::{QuietHours, Texts, Urgency, UserName};

/// How long each has to answer when nothing is said, in minutes.
const WAIT_MINUTES_DEFAULT: u32 = 5;
const HOUR_MINUTES: u32 = 60;

/// Reads them.
pub(super) fn read(spot: &Spot<'_>) -> Option<Texts> {
    let keys = spot.keys(&["people", "wait_minutes", "quiet", "zone", "passes", "weekly_test", "approve"])?;
    let people = keys.need("people", "[ana, ben]").and_then(|spot| people(&spot));
    let wait_minutes = keys.or("wait_minutes", WAIT_MINUTES_DEFAULT, |spot| spot.number(&TEXTS_WAIT_MINUTES));
    let zone = keys.or("zone", Some(ZONE_DEFAULT.to_owned()), |spot| Some(zone_of(&spot)));
    let passes = keys.or("passes", Urgency::Critical, |spot| spot.one_of(&Urgency::WORDS));
    let hours = keys.maybe("quiet", |spot| hours(&spot));
    if keys.get("quiet").is_none() {
        for extra in ["zone", "passes"].iter().filter_map(|key| keys.get(key)) {
            extra.fault_at_key("is about quiet hours, and there are none; add `quiet: \"22:00 - 07:00\"`");
        }
    }
    let quiet = match (hours, zone) {
        (Some((from_minute, until_minute)), Some(zone)) => {
            Some(QuietHours { from_minute, until_minute, zone, passes })
        }
        _ => None,
    };
    let weekly_test = keys.or("weekly_test", true, |spot| spot.flag());
    let approve = keys.or("approve", false, |spot| spot.flag());
    Some(Texts { people: people?, wait_minutes, quiet, weekly_test, approve })
}

fn people(spot: &Spot<'_>) -> Option<Vec<UserName>> {
    let mut people: Vec<UserName> = Vec::new();
    let items = spot.items()?;
    if items.is_empty() || items.len() > TEXTS_PEOPLE_MAX {
        spot.fault(format!("must name 1 to {TEXTS_PEOPLE_MAX} people, in the order they are texted"));
        return None;
    }
    for item in items {
        let Some(name) = item.parsed::<UserName>() else { continue };
        if people.contains(&name) {
            item.fault(format!("`{name}` is named a second time; keep one"));
        }
        people.push(name);
    }
    Some(people)
}

/// `22:00 - 07:00` as minutes of the day.
fn hours(spot: &Spot<'_>) -> Option<(u32, u32)> {
    let given = spot.scalar()?;
    let parsed = given.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
    match parsed {
        Some((from, until)) if from != until => Some((from, until)),
        _ => {
            spot.fault(format!("must be two times of the day, as in `22:00 - 07:00`, not {}", shown(given)));
            None
        }
    }
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two_digits =
        |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok());
    let (hour, minute): (u32, u32) = (two_digits(hour)??, two_digits(minute)??);
    (hour < 24 && minute < HOUR_MINUTES).then_some(hour * HOUR_MINUTES + minute)
}

/// Writes them.
pub(super) fn describe(texts: &Texts, defaults: Defaults) -> Yaml {
    let mut keys = Keys::new(defaults);
    keys.filled("people", Yaml::List(texts.people.iter().map(text).collect()));
    keys.word("wait_minutes", texts.wait_minutes, WAIT_MINUTES_DEFAULT);
    if let Some(quiet) = &texts.quiet {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / HOUR_MINUTES, minute % HOUR_MINUTES);
        keys.put("quiet", text(format!("{} - {}", clock(quiet.from_minute), clock(quiet.until_minute))));
        keys.text("zone", &quiet.zone, ZONE_DEFAULT);
        keys.text("passes", quiet.passes.as_str(), Urgency::Critical.as_str());
    }
    keys.word("weekly_test", texts.weekly_test, true);
    keys.word("approve", texts.approve, false);
    Yaml::Map(keys.entries)
}
