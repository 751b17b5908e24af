//! Environments that two people make at once, that have names which mislead, or that are one of several projects'.

use engine::model::{Actor, Role, User};
use expect_test::expect;

use crate::harness::chat;
use crate::projects::shop;

/// Two people make the same one: the second is told, and nothing is made twice.
#[test]
fn one_of_two_makes_it() {
    chat(async |t| {
        let ben = User { name: "ben".parse().unwrap(), role: Role::Admin };
        t.engine().user_put(&ben, &[], &Actor::system()).await.unwrap();
        t.user("zoe").says("create environment qa").await;
        t.user("ben").says("create environment qa from production").await;
        t.user("ben").says("no").await;
        t.never_mind_the_rest();
        t.user("ben").says("yes").await;
        t.bot_says(expect![[r#"
            ✓ qa is there, like production.
              Nothing runs there yet.
              Next: deploy qa
              [dry run deploy qa]
        "#]]);
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: qa
              from: staging
              production: no
              It can't be taken in like that: qa is there already.
              Correct anything by the name it has here: `no, NAME is VALUE`.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment qa
        "#]]);
        t.user("zoe").says("no, environment is qa-2").await;
        t.user("zoe").says("yes").await;
        t.bot_says(expect![[r#"
            · Corrected: environment is qa-2.

            ? Is that right?
              environment: qa-2
              from: staging
              production: no
              | qa-2:
              |   edge: { api: "127.0.0.1:8300", web: "127.0.0.1:8301" }
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment qa-2

            ✓ qa-2 is there, like staging.
              Nothing runs there yet.
              Next: deploy qa-2
              [dry run deploy qa-2]
        "#]]);
    });
}

/// Names that are none, or that people would take for another: said at once, whether ordered, answered or corrected.
#[test]
fn names_that_mislead_are_refused() {
    chat(async |t| {
        let long = "a".repeat(41);
        for said in ["create environment 9lives from staging", &format!("create environment {long}")] {
            t.user("zoe").says(said).await;
        }
        t.whispers("zoe", expect![[r#"
            ✗ `9lives` is no name for an environment here, or means something else.
              Next: create environment qa
              > create environment 9lives from staging

            ✗ `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is no name for an environment here, or means something else.
              Next: create environment qa
              > create environment aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        "#]]);
        t.user("zoe").says("create environment stg").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Staging is there already.
              Next: status staging
              > create environment staging
        "#]],
        );
        t.user("zoe").says("create environment qa2").await;
        t.user("zoe").says("yes").await;
        t.never_mind_the_rest();
        t.user("zoe").says("create environment qa-2").await;
        t.whispers(
            "zoe",
            expect![[r#"
            ✗ Qa2 is there already.
              Next: status qa2
              > create environment qa2
        "#]],
        );
        t.user("zoe").says("create environment uat").await;
        for said in ["no, environment is QA-2", "no, environment is api", "no, platform is railway"] {
            t.user("zoe").says(said).await;
        }
        t.bot_begins(expect![[r#"
            ? Is that right?
            ? Not corrected: for environment, «QA-2» is there already. Is that right?
            ? Not corrected: for environment, «api» is no name: that word means something else here. Is that right?
            ? «no, platform is railway» is neither yes nor no. Is that right?
        "#]]);
        t.user("zoe").says("yes").await;
        t.bot_begins(expect![[r#"
            ✓ uat is there, like staging.
        "#]]);
    });
}

/// What is called production is; what is like it and is not called so is asked.
#[test]
fn production_is_never_taken_for_less() {
    chat(async |t| {
        for name in ["prod2", "eu-prod", "production_eu"] {
            t.user("zoe").says(&format!("create environment {name}")).await;
            t.never_mind_the_rest();
            t.user("zoe").says("yes").await;
            t.never_mind_the_rest();
            let project = t.engine().project_get(None).await.unwrap().value;
            assert!(project.environments[name].production, "{name}");
        }
        t.user("zoe").says("create environment mirror from production").await;
        t.bot_says(expect![[r#"
            ? Is it production?
              environment: mirror
              from: production
                1. yes
                2. no
              Last question; then I show the whole before anything is done.
              [yes] [no] [Never mind]
              > create environment mirror from production
        "#]]);
        t.user("zoe").says("yes").await;
        t.user("zoe").says("never mind").await;
        t.never_mind_the_rest();
        // Said once more, what was corrected stays; another one is another order.
        t.user("zoe").says("create environment eu from staging").await;
        t.user("zoe").says("no, production is yes").await;
        t.never_mind_the_rest();
        t.user("zoe").says("create environment eu from staging").await;
        t.bot_says(expect![[r#"
            ? Is that right?
              environment: eu
              from: staging
              production: yes
              | eu:
              |   production: true
              |   edge: { api: "127.0.0.1:8500", web: "127.0.0.1:8501" }
              Does not come along:
                staging's addresses
                other words for staging: stg
                the values of staging's secrets, its data and its releases
              `yes` makes it, to run on this machine. Nothing runs there before its first deploy.
              Correct anything with `no, NAME is VALUE`. Names: environment, from, production.
                1. yes (default)
                2. no
              [yes] [no] [Never mind]
              > create environment eu from staging
        "#]]);
        t.user("zoe").says("yes").await;
        t.bot_begins(expect![[r#"
            ✓ eu is there, like staging.
        "#]]);
    });
}

/// Of several projects, the one that was named is meant by what stands behind the order, too.
#[test]
fn in_one_of_several_projects() {
    chat(async |t| {
        t.imports(&shop()).await;
        t.user("zoe").says("shop: create environments demo1 and demo2 from staging").await;
        t.user("zoe").says("yes").await;
        t.user("zoe").says("yes").await;
        t.bot_begins(expect![[r#"
            ? Is that right?
            ✓ demo1 is there, like staging.
            ? Is that right?
            ✓ demo2 is there, like staging.
        "#]]);
        let name = "shop".parse().unwrap();
        let shop = t.engine().project_get(Some(&name)).await.unwrap().value;
        assert!(shop.environments.contains_key("demo1") && shop.environments.contains_key("demo2"));
    });
}

/// What somebody else changes in the same moment is not lost.
#[test]
fn two_at_once_lose_nothing() {
    chat(async |t| {
        let ben = User { name: "ben".parse().unwrap(), role: Role::Admin };
        t.engine().user_put(&ben, &[], &Actor::system()).await.unwrap();
        t.user("zoe").says("create environment qa").await;
        t.user("ben").says("create environment uat").await;
        t.never_mind_the_rest();
        t.at_once(&[("zoe", "yes".to_owned()), ("ben", "yes".to_owned())]).await;
        // Whoever was slower is shown it once more, as it would be now.
        for who in ["zoe", "ben", "zoe", "ben"] {
            t.user(who).says("yes").await;
        }
        t.never_mind_the_rest();
        let project = t.engine().project_get(None).await.unwrap().value;
        assert!(project.environments.contains_key("qa") && project.environments.contains_key("uat"));
    });
}
