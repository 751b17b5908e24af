//! Answers as people type them, against the slots that take them.

use super::*;
use crate::intent::{Action, Named};

fn read(slot: Slot, choices: &[&str], said: &str) -> Result<String, String> {
    let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
    let environments = [Named::environment("staging"), Named::environment("production")];
    let row = slot.row();
    take(&Asked { row, choices: &choices, usual: row.usual, environments: &environments }, said, true)
}

#[test]
fn the_table_stands_in_the_order_of_the_variants() {
    for (place, row) in rows::SLOTS.iter().enumerate() {
        assert_eq!(row.slot as usize, place, "{:?} stands in the wrong place", row.slot);
        assert!(!row.called.is_empty() && row.asks.ends_with('?'), "{:?}", row.slot);
    }
}

#[test]
fn answers_are_read() {
    let places = ["staging", "production"];
    for (slot, choices, said, value) in [
        (Slot::Environments, &places[..], "stg", "staging"),
        (Slot::Environments, &places, "Staging.", "staging"),
        (Slot::Environments, &places, "2", "production"),
        (Slot::Environments, &places, "prod", "production"),
        (Slot::Environments, &places, "staging and production", "staging, production"),
        (Slot::Environments, &places, "<@U1> `staging`", "staging"),
        (Slot::Ref, &["v1.0.0"], "feature/login", "feature/login"),
        (Slot::Ref, &["nightly"], "nightly", "nightly"),
        (Slot::Ref, &[], "Master", "Master"),
        (Slot::Ref, &[], "v1.2.0-rc.1", "v1.2.0-rc.1"),
        (Slot::Ref, &[], "4b76448", "4b76448"),
        (Slot::Ref, &[], "branch develop", "develop"),
        (Slot::Ref, &[], "the tag nightly", "nightly"),
        (Slot::Replicas, &[], "3 replicas", "3"),
        (Slot::Replicas, &[], "3 instances", "3"),
        (Slot::BatchSize, &[], "5,000", "5000"),
        (Slot::BatchSize, &[], "500 rows a batch", "500"),
        (Slot::BatchSize, &[], "100 at a time", "100"),
        (Slot::Project, &[], "call it Store", "store"),
        (Slot::Project, &[], "it's called invoice perfect", "invoice-perfect"),
        (Slot::Platform, &["local", "railway"], "embedded", "local"),
        (Slot::Rate, &[], "500", "500/min"),
        (Slot::Rate, &[], "500/min", "500/min"),
        (Slot::Rate, &[], "at most 500 users per minute", "500 users/min"),
        (Slot::Rate, &[], "2k rows a minute", "2000 rows/min"),
        (Slot::Rate, &[], "10/s", "600/min"),
        (Slot::Rate, &[], "30,000 invoices an hour", "500 invoices/min"),
        (Slot::Rate, &[], "default", "500/min"),
        (Slot::Port, &[], "8080", "8080"),
        (Slot::Window, &[], "22-6", "22:00-06:00 UTC"),
        (Slot::Window, &[], "9:30 to 17", "09:30-17:00 UTC"),
        (Slot::Window, &[], "ok", "any time"),
        (Slot::Project, &[], "Invoice Perfect", "invoice-perfect"),
        (Slot::Repository, &[], "git@code.example:shop.git", "git@code.example:shop.git"),
        (Slot::Services, &[], "api, web and api", "api, web"),
        (Slot::Build, &[], "`make release`", "make release"),
        (Slot::Domain, &[], "https://Shop.Example/", "shop.example"),
        (Slot::Components, &["postgres", "redis"], "1, redis", "postgres, redis"),
        (Slot::Components, &["postgres"], "no", "none"),
        (Slot::Texts, &[], "+49 (170) 123-4567", "+491701234567"),
        (Slot::Texts, &[], "+49 (0)170 123.4567, 0044 20 7946 0000", "+491701234567, +442079460000"),
        (Slot::DryRunFirst, &["yes", "no"], "Yep", "yes"),
        (Slot::DryRunFirst, &["yes", "no"], "yes please", "yes"),
        (Slot::Environments, &places, "ok, on production, thanks!", "production"),
        (Slot::Environments, &places, "the second one", "production"),
        (Slot::Replicas, &[], "three, please", "3"),
        (Slot::Rate, &["500"], "1k/min", "1000/min"),
        (Slot::Rate, &["500"], "1", "1/min"),
        (Slot::Ref, &[], "v1.2.0 thx", "v1.2.0"),
        (Slot::Build, &[], "make please", "make please"),
        (Slot::Environments, &places, "staging, s'il te plaît", "staging"),
        (Slot::Environments, &places, "bitte staging, danke!", "staging"),
        (Slot::Replicas, &[], "3 por favor", "3"),
        (Slot::Source, &[], "users.address", "users.address"),
    ] {
        assert_eq!(read(slot, choices, said).as_deref(), Ok(value), "{slot:?}: {said}");
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let places = ["staging", "production"];
    for (slot, choices, said) in [
        (Slot::Environments, &places[..], "3"),
        (Slot::Environments, &places, "0"),
        (Slot::Environments, &places, "p"),
        // Three replicas, three hours, at three: no third place.
        (Slot::Environments, &places, "to 2"),
        (Slot::Environments, &places, "for 2"),
        (Slot::Environments, &places, "at 2"),
        (Slot::Environments, &places, "in 1 and 2"),
        (Slot::Environments, &places, "staging and the moon"),
        (Slot::Environments, &places, ""),
        (Slot::Ref, &[], "not a ref"),
        (Slot::Environments, &places, "bitte nicht"),
        (Slot::DryRunFirst, &["yes", "no"], "nein danke"),
        (Slot::Source, &[], "two words"),
        (Slot::Ref, &[], "develop"),
        (Slot::Ref, &[], "ok"),
        (Slot::Ref, &[], "branch a..b"),
        (Slot::Ref, &[], "-rf"),
        (Slot::Ref, &[], "a..b"),
        (Slot::Replicas, &[], "1001"),
        (Slot::Replicas, &[], "-1"),
        (Slot::Replicas, &[], "500/min"),
        (Slot::Replicas, &[], "2 weeks"),
        (Slot::BatchSize, &[], "500 users/min"),
        (Slot::BatchSize, &[], "5 000"),
        (Slot::BatchSize, &[], "10/s"),
        (Slot::Port, &[], "8080 rows"),
        (Slot::Start, &[], "none"),
        (Slot::Window, &[], "25:00-26:00"),
        (Slot::Window, &[], "8-8"),
        (Slot::Project, &[], "9lives"),
        (Slot::Repository, &[], "https://me:secret@code.example/shop.git"),
        (Slot::Repository, &[], "shop"),
        (Slot::Services, &[], "api web"),
        (Slot::Services, &[], "ok"),
        (Slot::Components, &["postgres"], "yes"),
        (Slot::Texts, &[], "sure"),
        (Slot::Domain, &[], "localhost"),
        (Slot::Texts, &[], "0170 1234567"),
        (Slot::Texts, &[], "+1234567890123456"),
        (Slot::Texts, &[], "+491701234567, ben"),
        (Slot::Rate, &[], "fast"),
        (Slot::Rate, &[], "0"),
        (Slot::Rate, &[], "500 min"),
        (Slot::Rate, &[], "30 an hour"),
        (Slot::Rate, &[], "1000001"),
        (Slot::Rate, &[], "99999999999999999999/s"),
        (Slot::Rate, &[], "500/fortnight"),
        (Slot::DryRunFirst, &["yes", "no"], "maybe"),
        (Slot::DryRunFirst, &["yes", "no"], "ok no"),
        (Slot::Environments, &places, "stagging"),
        (Slot::Environments, &places, "please"),
        (Slot::Start, &[], "./api\u{202e}"),
        (Slot::Start, &[], "a\u{0}b"),
    ] {
        assert!(read(slot, choices, said).is_err(), "{slot:?}: {said}");
    }
}

#[test]
fn every_action_that_asks_has_its_slots_once() {
    for action in crate::intent::Action::all() {
        let slots: Vec<Slot> = slots_of(*action).collect();
        for (place, slot) in slots.iter().enumerate() {
            assert!(!slots[..place].contains(slot), "{} asks twice for {slot:?}", action.name());
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (slot, said, why) in [
        (Slot::BatchSize, "500 users/min", "a rate, and not a number from 1 to 100000"),
        (Slot::Replicas, "500 users", "not a number from 1 to 1000"),
        (Slot::Start, "none", "no command: a service is started by one"),
        (
            Slot::Repository,
            "https://me:secret@code.example/shop.git",
            "no address that I may keep: there is a password in it",
        ),
    ] {
        assert_eq!(read(slot, &[], said), Err(why.to_owned()), "{said}");
    }
}

fn parsed(said: &str) -> Vec<crate::intent::Command> {
    let parsed = crate::intent::parse(said, &crate::intent::Names::sample());
    assert_eq!(parsed.problem, None, "{said}");
    crate::desk::orders::one_by_one(parsed.commands)
}

/// What is shown as one sentence reads back as the orders it stands for, also with rates in words.
#[test]
fn a_change_of_data_reads_back() {
    for said in [
        "Add timezone column and backfill timezone from address in staging; then do production at 500 users/min.",
        "backfill timezone in staging and production at 20 invoices per second",
        "backfill timezone in staging at 500 users/min batch size 200",
        "backfill timezone in staging",
    ] {
        let draft = Draft::of_change(parsed(said), said);
        let orders: Vec<_> = draft.orders().into_iter().map(|(order, _)| order).collect();
        assert_eq!(parsed(&draft.canonical()), orders, "{said}");
    }
}

#[test]
fn orders_that_belong_together() {
    for (said, belonging) in [
        ("add timezone column in staging, then backfill timezone in staging, then deploy staging", 1),
        ("backfill timezone in staging, then backfill timezone in production at 500/min", 1),
        ("backfill timezone in staging, then backfill timezone in staging", 0),
        ("backfill timezone in staging, then backfill invoice totals in staging", 0),
        ("add timezone column in staging, then deploy staging", 0),
        ("deploy staging", 0),
    ] {
        let orders = parsed(said);
        assert_eq!(change_of_data(&orders[0], &orders[1..]), belonging, "{said}");
    }
}

/// What an action that can be done can't start without is asked for: no row of the table is forgotten here.
#[test]
fn every_need_of_what_can_be_done_has_a_slot() {
    for action in Action::all().iter().filter(|action| action.is_built()) {
        for need in action.row().needs {
            assert!(Slot::of(*need).is_some(), "{} can't start without {}", action.name(), need.name());
        }
    }
}
