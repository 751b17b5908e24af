//! What a name means, and what lies between two commits.

use adapters::github::sim::Tag;
use adapters::github::{Relation, Repository};

use crate::stage::{Place, fails};

#[tokio::test]
async fn a_name_leads_to_one_commit() {
    let place = Place::start().await;
    let (first, second, third) = place.shop(|shop| {
        let first = shop.commit_add("Sell things\n\nAt last.");
        let second = shop.commit_add("Sell more");
        let third = shop.commit_add("Sell all");
        shop.branches.insert("feature/a b".to_owned(), second.clone());
        shop.tags.insert("v1".to_owned(), Tag::Light(first.clone()));
        shop.tags.insert("v2".to_owned(), Tag::Annotated { object: "f".repeat(40), commit: second.clone() });
        (first, second, third)
    });
    let of = async |name: &str| place.github.commit(&place.shop, name).await;
    for (name, sha) in [
        ("main", &third),
        ("heads/main", &third),
        ("refs/heads/main", &third),
        ("feature/a b", &second),
        ("v1", &first),
        ("v2", &second),
        ("tags/v2", &second),
        (first.as_str(), &first),
        (&second[..8], &second),
    ] {
        assert_eq!(of(name).await.unwrap().sha, *sha, "{name}");
    }
    let commit = of("v1").await.unwrap();
    assert_eq!((commit.subject.as_str(), commit.author.as_str()), ("Sell things", "Kim"));
    let (what, _) = fails(of("nothing").await);
    assert_eq!(what, "acme/shop has no branch, tag or commit `nothing`");
    fails(of("0000000").await);
    fails(of("../../user").await);
    place.end();
}

#[tokio::test]
async fn a_name_that_means_two_things_is_asked_about() {
    let place = Place::start().await;
    let (first, second) = place.shop(|shop| {
        let first = shop.commit_add("one");
        let second = shop.commit_add("two");
        shop.tags.insert("main".to_owned(), Tag::Light(first.clone()));
        shop.branches.insert("deadbee".to_owned(), first.clone());
        (first, second)
    });
    let (what, hint) = fails(place.github.commit(&place.shop, "main").await);
    assert!(what.contains("tag main") && what.contains("branch main"), "{what}");
    assert_eq!(hint, "Say which: heads/main, tags/main or the whole hash.");
    assert_eq!(place.github.commit(&place.shop, "tags/main").await.unwrap().sha, first);
    // A branch whose name looks like a hash is a branch.
    assert_eq!(place.github.commit(&place.shop, "deadbee").await.unwrap().sha, first);
    // The same commit twice is one.
    place.shop(|shop| shop.tags.insert("main".to_owned(), Tag::Light(second.clone())));
    assert_eq!(place.github.commit(&place.shop, "main").await.unwrap().sha, second);
    place.end();
}

#[tokio::test]
async fn what_changes_is_told_up_to_a_bound() {
    let place = Place::start().await;
    let shas: Vec<String> =
        place.shop(|shop| (0..621).map(|n| shop.commit_add(&format!("change {n}"))).collect());
    let between = async |from: usize, to: usize| {
        place.github.compare(&place.shop, &shas[from], &shas[to]).await.unwrap()
    };
    let some = between(0, 250).await;
    assert_eq!((some.relation, some.ahead_by, some.behind_by, some.is_cut), (Relation::Ahead, 250, 0, false));
    assert_eq!(some.commits.len(), 250);
    assert_eq!(
        (some.commits[0].subject.as_str(), some.commits[249].subject.as_str()),
        ("change 1", "change 250")
    );
    assert_eq!(some.files, ["src/app.rs"]);
    let many = between(0, 620).await;
    assert_eq!((many.commits.len(), many.ahead_by, many.is_cut), (500, 620, true));
    let back = between(5, 2).await;
    assert_eq!((back.relation, back.behind_by, back.commits.len()), (Relation::Behind, 3, 0));
    assert_eq!(between(3, 3).await.relation, Relation::Identical);
    fails(place.github.compare(&place.shop, "main", &shas[0]).await);
    let gone = place.github.compare(&place.shop, &"e".repeat(40), &shas[0]).await;
    assert!(fails(gone).0.contains("Not Found"));
    place.end();
}

#[tokio::test]
async fn a_repository_that_moved_is_not_followed() {
    let place = Place::start().await;
    place.shop(|shop| shop.is_moved = true);
    let (what, _) = fails(place.github.commit(&place.shop, "main").await);
    assert!(what.contains("renamed or moved"), "{what}");
    for bad in ["shop", "acme/", "acme/shop/x", "acme/..", "a b/c", "/shop"] {
        assert!(bad.parse::<Repository>().is_err(), "{bad}");
    }
    place.end();
}
