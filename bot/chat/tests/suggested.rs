//! What is suggested in the place of what can't be done: about the place that was said, never a click that does more
//! harm than the sentence, and nothing twice. `UPDATE_EXPECT=1` rewrites it.
#![expect(clippy::needless_raw_string_hashes, reason = "snapshots as they are written")]

use chat::intent::{Names, parse};
use expect_test::expect;

#[path = "corpus/suggests.rs"]
mod suggests;

use suggests::check;

#[test]
fn it_is_about_the_place_that_was_said() {
    check(
        "deploy production force majeure",
        expect![[r#"
        I don't know what `force` means here, so I did nothing. Say it without, or in other words.
          try: deploy production
          try: dry run deploy production"#]],
    );
    check(
        "rollback prod two releases",
        expect![[r#"
            I don't know what `two` means here, so I did nothing. Say it without, or in other words.
              try: dry run rollback in production
              try: status production
              try: help"#]],
    );
    check(
        "dry run deploy production with debug logging",
        expect![[r#"
        I don't know what `debug` means here, so I did nothing. Say it without, or in other words.
          try: dry run deploy production"#]],
    );
    check(
        "run migrations on production with approval",
        expect![[r#"
        I don't know what `approval` means here, so I did nothing. Say it without, or in other words.
          try: run migrations on production
          try: dry run migrate production"#]],
    );
}

#[test]
fn a_place_that_was_ruled_out_is_not_suggested() {
    check(
        "deploy not production",
        expect![[r#"
        I know where not to, but not where to. Name the environments.
          try: deploy staging
          try: deploy api main to staging with canary 10/50/100
          try: dry run deploy staging"#]],
    );
    check(
        "deploy anything but production with approval",
        expect![[r#"
            I read this as something told, not as an order, so I did nothing.
              try: status production
              try: help"#]],
    );
    check(
        "deploy staging or production",
        expect![[r#"
            I read "or": which of the two is meant?
              try: deploy staging
              try: deploy production"#]],
    );
}

#[test]
fn a_click_removes_and_resumes_nothing_nobody_meant() {
    check(
        "remove LOG_LEVEL from production",
        expect![[r#"
        I don't know `LOG_LEVEL`. Environments: local, staging, production. Components: postgres, redis, storage.
          try: help remove-component
          try: status"#]],
    );
    check(
        "drop the database on production",
        expect![[r#"
        I don't know `database`. Environments: local, staging, production. Components: postgres, redis, storage.
          try: help remove-component
          try: status"#]],
    );
    check(
        "remove reddis from production",
        expect![[r#"
        I don't know `reddis`. The nearest component I know: redis.
          try: remove redis from production"#]],
    );
    check(
        "refuse r-3f2a",
        expect![[r#"
        I don't know `refuse`; did you mean `reject`?
          try: reject r-3f2a"#]],
    );
}

#[test]
fn it_makes_sense_where_the_sentence_goes_on() {
    check(
        "deploy staging and then check it",
        expect![[r#"
        I don't know `check`. Environments: local, staging, production. Services: api, web, cron.
          try: deploy staging
          try: deploy api main to staging with canary 10/50/100
          try: dry run deploy staging"#]],
    );
    check(
        "deploy staging in eu-west-1",
        expect![[r#"
            I don't know `eu-west-1`. Environments: local, staging, production. Services: api, web, cron.
              try: dry run deploy staging"#]],
    );
    check(
        "staging needs a deploy",
        expect![[r#"
            I read this as something told, not as an order, so I did nothing.
              try: status staging
              try: help"#]],
    );
}

#[test]
fn what_lasts_as_long_as_something_else_is_offered_with_an_end() {
    check(
        "lock production during the deploy",
        expect![[r#"
        I read `during the deploy`, and a lock holds from now on, for a time that is said or until `unlock`, so I did nothing.
          try: lock production for 2h
          try: lock production"#]],
    );
    check(
        "lock during the deploy",
        expect![[r#"
        I read `during the deploy`, and a lock holds from now on, for a time that is said or until `unlock`, so I did nothing.
          try: lock for 2h
          try: lock"#]],
    );
}

#[test]
fn a_lock_is_told_which_ends_it_can_have() {
    check(
        "lock production until monday",
        expect![[r#"
        `until monday` is no end that a lock can have; I expected one like `for 2h` or `until 18:00`.
          try: lock production for 2h
          try: lock production"#]],
    );
    check(
        "freeze prod till tomorrow because of the launch",
        expect![[r#"
            `till tomorrow` is no end that a lock can have; I expected one like `for 2h` or `until 18:00`.
              try: lock production for 2h"#]],
    );
}

#[test]
fn what_is_an_example_or_moves_something_else_is_no_order() {
    check(
        "rollback production for example",
        expect![[r#"
        I am not sure whether `example` means that it is not to be done for real, so I did nothing.
          try: dry run rollback production"#]],
    );
    check(
        "deploy staging as an example",
        expect![[r#"
        I am not sure whether `example` means that it is not to be done for real, so I did nothing.
          try: dry run deploy staging"#]],
    );
    check(
        "migrate the team to staging",
        expect![[r#"
        I read `team` as what is to go there, and `migrate` brings no such thing anywhere, so I did nothing.
          try: run migrations on staging
          try: dry run migrate staging"#]],
    );
    check(
        "migrate data to staging",
        expect![[r#"
        I read `data` as what is to go there, and `migrate` brings no such thing anywhere, so I did nothing.
          try: run migrations on staging
          try: dry run migrate staging"#]],
    );
    check(
        "migrate the data from staging to production",
        expect![[r#"
            I read `data` as what is to go there, and `migrate` brings no such thing anywhere, so I did nothing.
              try: status staging
              try: help"#]],
    );
    check("migrate the database on staging", expect!["no problem"]);
}

#[test]
fn a_polite_question_with_a_perhaps_is_an_order() {
    check("could you maybe deploy staging for me?", expect!["no problem"]);
    check("can you possibly restart the api in staging", expect!["no problem"]);
    check(
        "maybe deploy staging",
        expect![[r#"
            I read this as something told, not as an order, so I did nothing.
              try: status staging
              try: help"#]],
    );
    check(
        "could you maybe not deploy staging",
        expect![[r#"
            Understood: I do nothing.
              try: status staging
              try: help"#]],
    );
}

#[test]
fn a_set_up_loses_nothing_silently() {
    check(
        "set up staging for shop on local, code is in /srv/shop",
        expect![[r#"
        I read `code`, and a set-up asks for its code, services, domains and texts one after the other, so I did nothing. Say where and on what, then answer.
          try: set up staging for shop on local"#]],
    );
    check(
        "set up staging for shop, the code is at https://code.example/shop",
        expect![[r#"
        I read `code`, and a set-up asks for its code, services, domains and texts one after the other, so I did nothing. Say where and on what, then answer.
          try: set up staging for shop"#]],
    );
    check(
        "set up staging with api and web",
        expect![[r#"
            I read `api`, and a set-up asks for its code, services, domains and texts one after the other, so I did nothing. Say where and on what, then answer.
              try: set up staging"#]],
    );
    check(
        "set up staging on local with domain shop.example.com",
        expect![[r#"
        I read `shop.example.com`, and a set-up asks for its code, services, domains and texts one after the other, so I did nothing. Say where and on what, then answer.
          try: set up staging on local"#]],
    );
    check(
        "set up staging on local and text ana",
        expect![[r#"
        I read `text`, and a set-up asks for its code, services, domains and texts one after the other, so I did nothing. Say where and on what, then answer.
          try: set up staging on local"#]],
    );
    check("set up staging on railway, please, we need it today", expect!["no problem"]);
}

/// A word that fills a message is not said back whole: fronts cut what is too long.
/// Either was named, so each is one click.
#[test]
fn of_two_either_is_offered() {
    check(
        "deploy staging or production",
        expect![[r#"
        I read "or": which of the two is meant?
          try: deploy staging
          try: deploy production"#]],
    );
    check(
        "deploy either staging or production with canary 10/50/100",
        expect![[r#"
        I read "or": which of the two is meant?
          try: deploy staging with canary 10/50/100
          try: deploy production with canary 10/50/100"#]],
    );
    check(
        "dry run deploy to staging or to production",
        expect![[r#"
        I read "or": which of the two is meant?
          try: dry run deploy staging
          try: dry run deploy production"#]],
    );
    check(
        "deploy v1.4.2 or v1.4.3 to staging",
        expect![[r#"
            I read "or": which of the two is meant?
              try: deploy v1.4.2 to staging
              try: deploy v1.4.3 to staging"#]],
    );
    check(
        "restart api or web in staging",
        expect![[r#"
        I read "or": which of the two is meant?
          try: restart api in staging
          try: restart web in staging"#]],
    );
    check(
        "deploy prod v1.2 or newer",
        expect![[r#"
        I read "or": which of the two is meant?
          try: deploy v1.2 to production"#]],
    );
    check(
        "deploy local, staging or production",
        expect![[r#"
        I read "or": which of the two is meant?
          try: deploy staging
          try: deploy api main to staging with canary 10/50/100
          try: dry run deploy staging"#]],
    );
    check(
        "deploy production or rollback",
        expect![[r#"
        I read "or": which of the two is meant?
          try: deploy production
          try: dry run deploy production"#]],
    );
    check(
        "deploy production or not",
        expect![[r#"
            Understood: I do nothing.
              try: status production
              try: help"#]],
    );
    check(
        "destroy staging or production",
        expect![[r#"
        I read "or": which of the two is meant?
          try: destroy environment staging"#]],
    );
}

#[test]
fn a_count_next_to_what_is_none_is_offered() {
    check(
        "scale api to many",
        expect![[r#"
        `many` is not a number of replicas; I expected a whole number.
          try: scale api to 2
          try: scale api to 3"#]],
    );
    check(
        "scale api to many in staging",
        expect![[r#"
        `many` is not a number of replicas; I expected a whole number.
          try: scale api to 2 in staging
          try: scale api to 3 in staging"#]],
    );
    check(
        "scale api to 2.5 replicas in prod",
        expect![[r#"
            `2.5` is not a number of replicas; I expected a whole number.
              try: scale api to 2 in production
              try: scale api to 3 in production"#]],
    );
    check(
        "scale api to 2,5 in prod",
        expect![[r#"
        `2,5` is not a number of replicas; I expected a whole number.
          try: scale api to 2 in production
          try: scale api to 3 in production"#]],
    );
    check(
        "scale api to -3 in staging",
        expect![[r#"
        `-3` is not a number of replicas; I expected a whole number.
          try: scale api to 3 in staging"#]],
    );
    check(
        "scale api to 0.5 in staging",
        expect![[r#"
            `0.5` is not a number of replicas; I expected a whole number.
              try: scale api to 1 in staging
              try: scale api to 2 in staging"#]],
    );
    check(
        "scale api to 50% in staging",
        expect![[r#"
        `50%` is not a number of replicas; I expected a whole number.
          try: scale api to 2 in staging
          try: scale api to 3 in staging"#]],
    );
}

#[test]
fn a_time_no_day_has_is_offered_with_one_that_has_a_place_there() {
    check(
        "deploy staging at 25:00",
        expect![[r#"
        `25:00` is no time of any day; I expected one like `22:00` or `tomorrow 9am`.
          try: deploy staging tonight 22:00"#]],
    );
    check(
        "deploy api to prod tonight 25:00 with canary 10/50/100",
        expect![[r#"
        `tonight 25:00` is no time of any day; I expected one like `22:00` or `tomorrow 9am`.
          try: deploy api to production with canary 10/50/100 tonight 22:00"#]],
    );
    check(
        "at 25:00 deploy production",
        expect![[r#"
        `25:00` is no time of any day; I expected one like `22:00` or `tomorrow 9am`.
          try: deploy production tonight 22:00"#]],
    );
    check(
        "lock staging until 25:99",
        expect![[r#"
            `until 25:99` is no time of any day; I expected one like `22:00` or `tomorrow 9am`.
              try: lock staging for 2h"#]],
    );
    check(
        "lock staging at 25:00",
        expect![[r#"
        `25:00` is no time of any day; I expected one like `22:00` or `tomorrow 9am`.
          try: status staging
          try: help"#]],
    );
    check(
        "restart api in staging at 25:00",
        expect![[r#"
        `25:00` is no time of any day; I expected one like `22:00` or `tomorrow 9am`.
          try: status staging
          try: help"#]],
    );
}

#[test]
fn a_very_long_word_is_said_back_in_short() {
    const MOST: usize = 1_300;
    for text in ["deploy staging ", "restart ", "rollback staging to "] {
        let said = format!("{text}{}", "ü".repeat(3_900));
        let message = parse(&said, &Names::sample()).problem.map(|problem| problem.message.clone());
        let chars = message.map_or(0, |message| message.chars().count());
        assert!((20..MOST).contains(&chars), "{text}: {chars}");
    }
}
