//! People change people in the same moment: what was looked at is what is written, or the later is told who was faster.

use engine::control::Refusal;
use engine::model::{Identity, Role, User};

use crate::world::on_both;

fn user(name: &str, role: Role) -> User {
    User { name: name.parse().unwrap(), role }
}

fn slack(id: &str) -> Identity {
    Identity { front: "slack".to_owned(), external_id: id.to_owned() }
}

/// The one that won, as 0 or 1, and what the other was told.
fn one_wins(results: [Result<(), Refusal>; 2]) -> (usize, Refusal) {
    match results {
        [Ok(()), Err(refused)] => (0, refused),
        [Err(refused), Ok(())] => (1, refused),
        other => panic!("one of them wins: {other:?}"),
    }
}

#[test]
fn an_identity_is_given_once() {
    on_both(async |t| {
        let (engine, zoe) = (t.engine(), t.person("zoe").await);
        let people = ["kim", "lee"].map(|name| user(name, Role::Viewer));
        let wanted = [slack("U1"), slack("U2")];
        let (kim, lee) = tokio::join!(
            engine.user_put(&people[0], &wanted, &zoe),
            engine.user_put(&people[1], &wanted, &zoe)
        );
        let (winner, refused) = one_wins([kim, lee]);
        let (winner, loser) = (&people[winner].name, &people[1 - winner].name);
        assert_eq!(refused.code(), "identity-taken");
        // Which of the two is met first depends on when the winner was done.
        let is_said =
            |id: &str| refused.to_string().contains(&format!("slack:{id} is {winner}; nothing was changed"));
        assert!(is_said("U1") || is_said("U2"), "{refused}");
        assert_eq!(engine.store().user_get(loser.as_str()).await.unwrap(), None);
        for identity in &wanted {
            assert_eq!(engine.store().identity_get(identity).await.unwrap().as_ref(), Some(winner));
        }
        // On purpose it moves, from whoever has it by then.
        engine.user_put_moving(&user(loser.as_str(), Role::Viewer), &wanted, &zoe).await.unwrap();
        assert_eq!(engine.store().identity_get(&wanted[0]).await.unwrap().as_ref(), Some(loser));
        engine.user_put(&user(loser.as_str(), Role::Deployer), &wanted, &zoe).await.unwrap();
    });
}

#[test]
fn two_admins_can_not_put_each_other_out() {
    on_both(async |t| {
        let (engine, zoe) = (t.engine(), t.person("zoe").await);
        engine.user_put(&user("kim", Role::Admin), &[], &zoe).await.unwrap();
        let (kim_name, zoe_name) = ("kim".parse().unwrap(), "zoe".parse().unwrap());
        let (one, other) =
            tokio::join!(engine.user_remove(&kim_name, &zoe), engine.user_remove(&zoe_name, &zoe));
        let (_, refused) = one_wins([one, other]);
        assert_eq!(refused.code(), "last-admin");
        let admins = engine.store().user_list().await.unwrap();
        assert_eq!(admins.iter().filter(|user| user.role == Role::Admin).count(), 1);
    });
}
