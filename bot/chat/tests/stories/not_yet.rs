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
                identity: Identity { front: "test".to_owned(), external_id: "zoe".to_owned() },
                conversation: "elsewhere".to_owned(),
                event: None,
                text: said.clone(),
            };
            let heard = t.desk().hear(&inbound).await;
            let answers: Vec<&str> = heard.outbound.iter().map(|it| it.card().headline.as_str()).collect();
            assert!(answers.iter().any(|it| it.contains("can't do that yet")), "{said}: {answers:?}");
        }
    });
}

#[test]
fn orders_for_rooms_that_are_not_built() {
    chat(async |t| {
        t.release("v1.0.0", good());
        for said in [
            "deploy v1.0.0 to staging with canary 10/50/100",
            "rehearse deploy staging ref v1.0.0",
            "set LOG_LEVEL=debug for api in staging",
            "promote",
            "backfill backfillTimezone on staging at 500/min",
            "rotate STRIPE_SECRET_KEY in staging",
            "destroy environment staging",
            "add redis to staging",
            "reconcile staging",
            "readiness production",
        ] {
            t.user("zoe").says(said).await;
        }
        t.bot_says(expect![[r#"
            ✗ I understood «deploy v1.0.0 to staging with canary 10/50/100», but I can't do canaries in stages yet.
              Nothing was done. What I can do:
              [deploy v1.0.0 to staging without canary!]

            ✗ I understood «rehearse deploy v1.0.0 to staging», but I can't do rehearsals yet.
              Nothing was done. What I can do:
              [dry run deploy v1.0.0 to staging]

            ✗ I understood «set LOG_LEVEL=debug for api in staging», but I can't do that yet.
              It would: Set a configuration variable.
              Nothing was done.
              > set LOG_LEVEL=debug for api in staging

            ✗ I understood «promote», but I can't do that yet.
              It would: Move a waiting canary on to its next step.
              Nothing was done.
              > promote

            ✗ I understood «backfill backfillTimezone in staging at 500/min», but I can't do that yet.
              It would: Run a data job in batches, at a rate, and resumable.
              Nothing was done.
              > backfill backfillTimezone in staging at 500/min

            ✗ I understood «rotate STRIPE_SECRET_KEY in staging», but I can't do that yet.
              It would: Replace a secret by a new one.
              Nothing was done.
              > rotate STRIPE_SECRET_KEY in staging

            ✗ I understood «destroy environment staging», but I can't do that yet.
              It would: Remove an environment and all that is in it.
              Nothing was done.
              > destroy environment staging

            ✗ I understood «add redis to staging», but I can't do that yet.
              It would: Add a database, cache or store to environments.
              Nothing was done.
              > add redis to staging

            ✗ I understood «reconcile in staging», but I can't do that yet.
              It would: Bring what runs back to what should run; a dry run only shows the drift.
              Nothing was done.
              > reconcile in staging

            ✗ I understood «run readiness bundle of production», but I can't do that yet.
              It would: Check that an environment is ready, by a bundle of checks: health, security, backup or deploy.
              Nothing was done.
              > run readiness bundle of production
        "#]]);
        t.whispers("zoe", expect![[r#""#]]);
        t.settles().await;
        t.effects(expect![[r#""#]]);
    });
}
