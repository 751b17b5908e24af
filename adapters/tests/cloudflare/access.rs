//! Whose the token is, what it may do, and that nobody reads it.

use adapters::cloudflare::Owner;
use adapters::cloudflare::sim::{Scope, Sim, Token};
use adapters::http::sim::{Fault, When};
use engine::ports::PortError;

use super::{TOKEN, World, failed, permit, zone};

#[tokio::test]
async fn a_token_that_fits_is_told_with_what_it_sees() {
    let world = World::start().await;
    let found = world.cloudflare().verify(&["acme.example"]).await.unwrap();
    assert_eq!(found.account, "Acme");
    assert_eq!(found.missing, Vec::<String>::new());
    assert_eq!(found.warnings, Vec::<String>::new());
    assert!(found.says.contains(&"it sees the domain acme.example".to_owned()), "{:?}", found.says);
    assert!(found.says[0].contains("until 2027-06-01"), "{:?}", found.says);
    assert_eq!(world.writes(), 0);
    world.checked();
}

#[tokio::test]
async fn missing_permissions_are_named_by_what_needs_them_and_too_many_are_a_warning() {
    let mut sim = Sim::new(TOKEN);
    let mut token =
        Token::editing(&[Scope::AccountSettings, Scope::Zone, Scope::Dns, Scope::Ssl, Scope::Firewall]);
    token.expires_on = None;
    sim.tokens.insert(TOKEN.to_owned(), token);
    let other = sim.zone_made("other.example", false);
    sim.zones.push(other);
    sim.accounts.push(("0".repeat(32), "Other".to_owned()));
    let world = World::of(sim).await;
    let owner = Owner::new("acme/production").unwrap();
    let settings = world.settings(TOKEN);
    let cloudflare =
        adapters::cloudflare::Cloudflare::new(&settings, &world.budgets, owner, Some("Acme")).unwrap();
    let found = cloudflare.verify(&["acme.example", "gone.example"]).await.unwrap();
    let missing = found.missing.join("\n");
    for words in
        ["gone.example", "Load Balancers: Edit", "Monitors And Pools: Edit", "Tunnel: Edit", "WAF: Edit"]
    {
        assert!(missing.contains(words), "{words}: {missing}");
    }
    assert!(!missing.contains("DNS"), "{missing}");
    let warnings = found.warnings.join("\n");
    for words in [
        "never ends",
        "2 accounts: Acme, Other",
        "other.example",
        "SSL and Certificates",
        "Firewall Services",
    ] {
        assert!(warnings.contains(words), "{words}: {warnings}");
    }
    assert!(!warnings.contains("Rulesets"), "{warnings}");
    world.checked();
}

#[tokio::test]
async fn tokens_that_are_none_or_ended_or_of_an_account_are_told_apart() {
    let mut sim = Sim::new(TOKEN);
    let mut ended = Token::editing(&Scope::NEEDED);
    ended.status = "expired";
    let mut of_account = Token::editing(&Scope::NEEDED);
    of_account.is_persons = false;
    sim.tokens.insert("cf_ended_0000000000000".to_owned(), ended);
    sim.tokens.insert("cf_account_00000000000".to_owned(), of_account);
    let world = World::of(sim).await;
    let (what, hint) = failed(world.with_token("cf_nobodys_0000000000000").verify(&[]).await);
    assert!(what.contains("Invalid API Token"), "{what}");
    assert!(hint.contains("API Tokens"), "{hint}");
    assert!(
        failed(world.with_token("cf_ended_0000000000000").verify(&[]).await).0.contains("token is expired")
    );
    let found = world.with_token("cf_account_00000000000").verify(&["acme.example"]).await.unwrap();
    assert!(found.says[0].contains("belongs to the account"), "{:?}", found.says);
    assert_eq!(found.missing, Vec::<String>::new());
    world.checked();
}

#[tokio::test]
async fn with_several_accounts_one_has_to_be_said() {
    let mut sim = Sim::new(TOKEN);
    sim.accounts.push(("0".repeat(32), "Other".to_owned()));
    let world = World::of(sim).await;
    let (what, hint) = failed(world.cloudflare().account().await.cloned());
    assert!(what.contains("Acme, Other"), "{what}");
    assert!(hint.contains("cloudflare.account"), "{hint}");
    world.checked();
}

#[tokio::test]
async fn what_cloudflare_says_of_its_limits_is_kept_to_by_all_who_share_the_token() {
    let mut sim = Sim::new(TOKEN);
    sim.calls_left = Some(1);
    let world = World::of(sim).await;
    let zone_seen = zone(&world.cloudflare()).await;
    assert_eq!(zone_seen.name, "acme.example");
    // Nothing is left: the next one is not even sent.
    let before = world.server.calls().len();
    match world.cloudflare().accounts().await {
        Err(PortError::Retry { after_ms: Some(after_ms), .. }) => assert!(after_ms <= 120_000, "{after_ms}"),
        other => panic!("it waits: {other:?}"),
    }
    assert_eq!(world.server.calls().len(), before);
    // A window later it asks again, and Cloudflare still refuses: five minutes.
    world.clock.advance(120_001);
    world.sim(|sim| sim.calls_left = Some(0));
    match world.cloudflare().accounts().await {
        Err(PortError::Retry { after_ms: Some(after_ms), .. }) => assert_eq!(after_ms, 300_000),
        other => panic!("it waits: {other:?}"),
    }
    world.checked();
}

#[tokio::test]
async fn lists_are_read_to_their_last_page() {
    let mut sim = Sim::new(TOKEN);
    for number in 0..70 {
        let zone = sim.zone_made(&format!("acme{number}.example"), true);
        sim.zones.push(zone);
    }
    let world = World::of(sim).await;
    let zones = world.cloudflare().zones().await.unwrap();
    assert_eq!(zones.len(), 71);
    assert_eq!(world.server.calls().len(), 2);
    world.checked();
}

#[tokio::test]
async fn a_list_that_is_cut_makes_nothing_twice() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    cloudflare.account().await.unwrap();
    let cut = adapters::http::sim::Said::ok(serde_json::json!({
        "success": true, "errors": [], "messages": [], "result": [],
        "result_info": { "page": 1, "per_page": 25, "count": 0, "total_count": 3 },
    }));
    world.server.fault(When::Like("GET", "pools".to_owned()), Fault::Instead(cut));
    let (what, _) = failed(cloudflare.ensure_pool(&permit(), &super::pool()).await);
    assert!(what.contains("0 of 3"), "{what}");
    assert_eq!(world.writes(), 0);
    world.checked();
}

#[tokio::test]
async fn a_refusal_in_an_answer_of_success_is_one() {
    let world = World::start().await;
    let no = adapters::http::sim::Said::ok(serde_json::json!({
        "success": false, "errors": [{ "code": 1234, "message": "not today" }], "messages": [], "result": null,
    }));
    world.server.fault(When::Next, Fault::Instead(no));
    let (what, _) = failed(world.cloudflare().zones().await);
    assert!(what.contains("not today") && what.contains("1234"), "{what}");
}

#[tokio::test]
async fn the_token_stands_in_no_error_no_receipt_and_no_debug() {
    let world = World::start().await;
    let cloudflare = world.cloudflare();
    let leak = adapters::http::sim::Said::with(
        400,
        serde_json::json!({ "success": false, "errors": [{ "code": 6003, "message": format!("bad {TOKEN}") }],
            "messages": [], "result": null }),
    );
    world.server.fault(When::Next, Fault::Instead(leak));
    let error = format!("{:?}", cloudflare.zones().await.unwrap_err());
    let made = cloudflare.ensure_pool(&permit(), &super::pool()).await.unwrap();
    let all = format!("{error} {cloudflare:?} {made:?} {:?}", world.settings(TOKEN));
    assert!(error.contains("bad "), "{error}");
    assert!(!all.contains(TOKEN), "{all}");
}
