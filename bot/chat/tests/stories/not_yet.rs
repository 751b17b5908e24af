//! Understood, and not built yet: nothing happens, and that is said.

use expect_test::expect;

use chat::Inbound;
use chat::intent::Action;
use engine::model::Identity;

use crate::harness::{chat, good};

#[test]
fn what_help_marks_as_not_there_yet_is_answered_so() {
    chat(async |t| {
        t.release("v1.0.0", good());
        let sample = [
            ("{env}", "staging"),
            ("{service}", "api"),
            ("{component}", "redis"),
            ("{job}", "backfillTimezone"),
            ("{provider}", "stripe"),
            ("{project}", "invoice-perfect"),
            ("{column}", "timezone"),
        ];
        for row in Action::all().iter().map(|action| action.row()).filter(|row| !row.action.is_built()) {
            let example = row.examples[0].to_owned();
            let said = sample.iter().fold(example, |said, (hole, name)| said.replace(hole, name));
            let inbound = Inbound {
                identity: Identity { front: "terminal".to_owned(), external_id: "zoe".to_owned() },
                conversation: "elsewhere".to_owned(),
                event: None,
                text: said.clone(),
            };
            let heard = t.desk().hear(&inbound).await;
            let answers: Vec<&str> = heard.outbound.iter().map(|it| it.card().headline.as_str()).collect();
            // What is put together by questions says so at its end.
            if heard.outcome == chat::Outcome::Asked {
                let dropped = Inbound { text: "never mind".to_owned(), ..inbound };
                assert_eq!(t.desk().hear(&dropped).await.outcome, chat::Outcome::Answered, "{said}");
                continue;
            }
            assert!(answers.iter().any(|it| it.contains("can't do that yet")), "{said}: {answers:?}");
        }
    });
}

/// A row that is not marked `later` is carried out: by somebody who may only look, so that nothing happens here either.
#[test]
fn what_help_shows_as_there_is_carried_out() {
    chat(async |t| {
        for row in Action::all().iter().map(|action| action.row()).filter(|row| row.action.is_built()) {
            for said in [row.name, row.verbs[0]] {
                let inbound = Inbound {
                    identity: Identity { front: "terminal".to_owned(), external_id: "vera".to_owned() },
                    conversation: format!("about {}", row.name),
                    event: None,
                    text: said.to_owned(),
                };
                for outbound in t.desk().hear(&inbound).await.outbound {
                    let headline = &outbound.card().headline;
                    assert!(!headline.contains("can't do that yet"), "{said}: {headline}");
                }
            }
        }
        t.effects(expect![[r#""#]]);
    });
}

#[test]
fn orders_for_rooms_that_are_not_built() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for said in ["stop backfill timezone on staging", "readiness production"] {
            t.user("zoe").says(said).await;
        }
        t.bot_says(expect![[r#"
            · I understood «run readiness bundle of production», but I can't do that yet.
              It would run all checks on production and say what is missing.
              Nothing was done. Until then: `status production` and `can I deploy production?`.
              > run readiness bundle of production
        "#]]);
        t.whispers(
            "zoe",
            expect![[r#"
                ✗ The job backfillTimezone is not at work in staging.
                  Next: backfill-status backfillTimezone in staging
                  > stop backfill backfillTimezone in staging
            "#]],
        );
        t.settles().await;
        t.effects(expect![""]);
    });
}

/// Of several, each is answered: what can be done behind them is named as not begun.
#[test]
fn several_that_are_not_there_yet() {
    chat(async |t| {
        t.user("zoe").says("Add timezone column in staging; then do production.").await;
        t.user("zoe").says("provision, then restart api in staging").await;
        t.bot_says(expect![[r#"
            · I understood «add "timezone" column in staging», but I can't do that yet.
              It would write a migration that adds timezone without disturbing what runs, and run it in staging.
              Nothing was done. Until then: put the migration into the repository, and say `migrate staging`.
              > add "timezone" column in staging

            · I understood «add "timezone" column in production», but I can't do that yet.
              It would write a migration that adds timezone without disturbing what runs, and run it in production.
              Nothing was done. Until then: put the migration into the repository, and say `migrate production`.
              > add "timezone" column in production

            · I understood «provision», but I can't do that yet.
              It would create what the project describes and its providers do not have yet.
              Nothing was done.
              > provision

            ✗ The rest was not begun, because what came before did not succeed.
              Not done:
                restart api in staging
              Next: when that is mended, go on with the rest.
              [restart api in staging!]
        "#]]);
        t.effects(expect![[r#""#]]);
    });
}
