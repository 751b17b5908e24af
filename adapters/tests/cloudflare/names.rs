//! Zones and records.

use adapters::cloudflare::sim::Sim;
use adapters::cloudflare::{Record, RecordKind};
use serde_json::json;

use super::{TOKEN, World, failed, permit, permit_of, zone};

#[tokio::test]
async fn a_new_zone_says_which_name_servers_its_registrar_has_to_name() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let made = cloudflare.ensure_zone(&permit(), "New.example.").await.unwrap();
    assert!(made.is_changed);
    let to_do = made.thing.to_do().unwrap();
    assert!(to_do.contains("ada.ns.cloudflare.com and bob.ns.cloudflare.com"), "{to_do}");
    assert_eq!(made.receipt.summary, "added the zone new.example");
    let again = cloudflare.ensure_zone(&permit(), "new.example").await.unwrap();
    assert!(!again.is_changed);
    assert_eq!(again.thing, made.thing);
    assert_eq!(world.writes(), 1);
    let active = cloudflare.ensure_zone(&permit(), "acme.example").await.unwrap();
    assert_eq!(active.thing.to_do(), None);
    world.checked();
}

#[tokio::test]
async fn a_zone_that_somebody_else_holds_fails_with_cloudflares_words() {
    let mut sim = Sim::new(TOKEN);
    sim.taken.insert("taken.example".to_owned());
    let world = World::of(sim).await;
    let (what, _) = failed(world.cloudflare().ensure_zone(&permit(), "taken.example").await);
    assert!(what.contains("taken.example already exists"), "{what}");
    assert_eq!(world.writes(), 1);
    world.checked();
}

#[tokio::test]
async fn a_host_is_in_the_zone_of_its_longest_ending() {
    let mut sim = Sim::new(TOKEN);
    let inner = sim.zone_made("eu.acme.example", true);
    sim.zones.push(inner);
    let world = World::of(sim).await;
    let cloudflare = world.cloudflare();
    assert_eq!(cloudflare.zone_of("api.eu.acme.example").await.unwrap().name, "eu.acme.example");
    assert_eq!(cloudflare.zone_of("api.acme.example").await.unwrap().name, "acme.example");
    assert!(
        failed(cloudflare.zone_of("api.nobody.example").await).0.contains("no zone for api.nobody.example")
    );
    world.checked();
}

#[tokio::test]
async fn each_kind_of_record_is_made_once_changed_where_it_differs_and_taken_back() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    let name = |name: &str| format!("{name}.acme.example");
    let records = [
        (Record::new(RecordKind::A, name("a"), "192.0.2.1").proxied(), "192.0.2.2"),
        (Record::new(RecordKind::Aaaa, name("b"), "2001:db8::1"), "2001:db8::2"),
        (Record::new(RecordKind::Cname, name("c"), "acme.up.example"), "acme2.up.example"),
        (Record::new(RecordKind::Txt, name("d"), "v=spf1 include:one.example -all"), "v=spf1 -all"),
    ];
    for (mut record, changed) in records {
        let made = cloudflare.ensure_record(&permit(), &zone, &record).await.unwrap();
        assert!(made.is_changed);
        assert_eq!(made.thing.comment.as_deref(), Some("infra-chat:acme/production"));
        assert!(!cloudflare.ensure_record(&permit(), &zone, &record).await.unwrap().is_changed);
        changed.clone_into(&mut record.content);
        let again = cloudflare.ensure_record(&permit(), &zone, &record).await.unwrap();
        assert!(again.is_changed);
        assert_eq!(again.thing.id, made.thing.id);
        assert!(cloudflare.remove_record(&permit(), &zone, &record).await.unwrap().is_changed);
        assert!(!cloudflare.remove_record(&permit(), &zone, &record).await.unwrap().is_changed);
    }
    assert!(world.sim(|sim| sim.records.is_empty()));
    // Of text and mail there are as many as there are contents.
    for (content, priority) in [("mx1.mail.example", 10), ("mx2.mail.example", 20)] {
        let record = Record::new(RecordKind::Mx, "acme.example", content).priority(priority);
        assert!(cloudflare.ensure_record(&permit(), &zone, &record).await.unwrap().is_changed);
        assert!(!cloudflare.ensure_record(&permit(), &zone, &record).await.unwrap().is_changed);
    }
    assert_eq!(world.sim(|sim| sim.records.len()), 2);
    world.checked();
}

#[tokio::test]
async fn what_somebody_else_put_there_stays_and_is_an_error() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    world.sim(|sim| {
        for (number, (kind, name, content)) in [
            ("A", "api.acme.example", "198.51.100.7"),
            ("A", "www.acme.example", "198.51.100.7"),
            ("TXT", "acme.example", "\"v=spf1 include:theirs.example -all\""),
        ]
        .into_iter()
        .enumerate()
        {
            sim.records.push(
                json!({ "id": format!("{number:032x}"), "type": kind, "name": name, "content": content,
                "ttl": 1, "proxied": false, "proxiable": true, "zone_id": zone.id,
                "created_on": "2025-01-01T00:00:00Z", "modified_on": "2025-01-01T00:00:00Z" }),
            );
        }
    });
    let before = world.sim(|sim| sim.records.clone());
    let a = |name: &str, content: &str| Record::new(RecordKind::A, name, content);
    let (what, hint) =
        failed(cloudflare.ensure_record(&permit(), &zone, &a("api.acme.example", "192.0.2.1")).await);
    assert!(what.contains("api.acme.example") && what.contains("was not made for acme/production"), "{what}");
    assert!(hint.contains("infra-chat:acme/production"), "{hint}");
    // A name in place of an address, or a second policy for mail, would take theirs out of use.
    let cname = Record::new(RecordKind::Cname, "www.acme.example", "acme.up.example");
    assert!(failed(cloudflare.ensure_record(&permit(), &zone, &cname).await).0.contains("www.acme.example"));
    let spf = Record::new(RecordKind::Txt, "acme.example", "v=spf1 -all");
    assert!(
        failed(cloudflare.ensure_record(&permit(), &zone, &spf).await).0.contains("TXT record acme.example")
    );
    let (what, _) =
        failed(cloudflare.remove_record(&permit(), &zone, &a("api.acme.example", "198.51.100.7")).await);
    assert!(what.contains("does not carry our mark"), "{what}");
    // What is the same is as wanted, whoever made it; other text at the name is none of theirs.
    assert!(
        !cloudflare
            .ensure_record(&permit(), &zone, &a("www.acme.example", "198.51.100.7"))
            .await
            .unwrap()
            .is_changed
    );
    assert_eq!(world.sim(|sim| sim.records.clone()), before);
    let proof = Record::new(RecordKind::Txt, "acme.example", "mail-proof=1");
    assert!(cloudflare.ensure_record(&permit(), &zone, &proof).await.unwrap().is_changed);
    // Another environment's is somebody else's, too.
    let staging = world.of_owner("acme/staging");
    cloudflare.ensure_record(&permit(), &zone, &a("both.acme.example", "192.0.2.1")).await.unwrap();
    let (what, _) =
        failed(staging.ensure_record(&permit_of(2, 1), &zone, &a("both.acme.example", "192.0.2.2")).await);
    assert!(what.contains("belongs to acme/production"), "{what}");
    world.checked();
}

#[tokio::test]
async fn records_that_can_not_be_are_refused_before_they_are_sent() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let zone = zone(&cloudflare).await;
    let mut short = Record::new(RecordKind::A, "a.acme.example", "192.0.2.1");
    short.ttl = 5;
    for (record, words) in [
        (Record::new(RecordKind::A, "a.other.example", "192.0.2.1"), "no name in the zone"),
        (Record::new(RecordKind::A, "a.notacme.example", "192.0.2.1"), "no name in the zone"),
        (Record::new(RecordKind::A, "a.acme.example", " "), "no content"),
        (Record::new(RecordKind::Txt, "a.acme.example", "x").proxied(), "can't be proxied"),
        (short, "60 to 86400"),
    ] {
        assert!(
            failed(cloudflare.ensure_record(&permit(), &zone, &record).await).0.contains(words),
            "{words}"
        );
    }
    let wrong = Record::new(RecordKind::A, "a.acme.example", "nowhere");
    assert!(
        failed(cloudflare.ensure_record(&permit(), &zone, &wrong).await).0.contains("Content for the record")
    );
    assert_eq!(world.writes(), 1);
}
