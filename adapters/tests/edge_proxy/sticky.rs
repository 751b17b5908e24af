//! A service whose clients are known by a cookie.

use std::collections::BTreeMap;

use engine::model::Sticky;
use engine::ports::Edge;

use crate::client::Client;
use crate::instance::Instance;
use crate::world::World;

/// The cookie a browser was given, as it sends it back.
fn given(answer: &crate::client::Answer) -> Option<String> {
    let set = answer.headers.get("set-cookie")?.to_str().unwrap();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    Some(set.split(';').next().unwrap().to_owned())
}

#[tokio::test]
async fn new_browsers_are_split_exactly_and_each_stays_with_its_version_through_all_stages() {
    let (stable, canary) = (Instance::start(12).await, Instance::start(13).await);
    let world = World::new().await;
    world.has(12, &[&stable]);
    world.has(13, &[&canary]);
    let sticky = Sticky { cookie: "shop_lane".to_owned() };
    world.edge.sticky_set(&world.environment, &world.api, Some(&sticky));
    assert_eq!(Edge::sticky(&*world.edge, &world.environment, &world.api).await, Some(sticky));
    world.weights(&[(12, 90), (13, 10)]).await;

    let mut client = world.client().await;
    let mut browsers = Vec::new();
    for _ in 0..200 {
        let first = client.get("/").await;
        browsers.push((given(&first).unwrap(), first.release()));
    }
    let of = |browsers: &[(String, u32)]| {
        browsers.iter().fold(BTreeMap::new(), |mut all: BTreeMap<u32, usize>, (_, release)| {
            *all.entry(*release).or_default() += 1;
            all
        })
    };
    assert_eq!(of(&browsers), BTreeMap::from([(12, 180), (13, 20)]), "exact, as without the cookie");

    for weight in [10, 50, 100] {
        world.weights(&[(12, 100 - weight), (13, weight)]).await;
        for (cookie, release) in &mut browsers {
            for _ in 0..2 {
                let answer = ask(&mut client, &format!("theme=dark; {cookie}")).await;
                assert_eq!(given(&answer), None, "who has it is not given it again");
                assert!(answer.release() == *release || answer.release() == 13, "nobody goes back");
                *release = answer.release();
            }
        }
        let share = of(&browsers).get(&13).copied().unwrap_or_default();
        assert!(share.abs_diff(usize::from(weight) * 2) <= 12, "{share} of 200 at {weight}%");
    }
}

#[tokio::test]
async fn a_session_of_the_services_own_is_the_lane_and_another_service_is_left_alone() {
    let (stable, canary) = (Instance::start(12).await, Instance::start(13).await);
    let world = World::new().await;
    world.has(12, &[&stable]);
    world.has(13, &[&canary]);
    world.weights(&[(12, 50), (13, 50)]).await;
    let mut client = world.client().await;
    assert_eq!(given(&client.get("/").await), None, "no cookie where none is asked for");
    world.edge.sticky_set(&world.environment, &world.api, Some(&Sticky { cookie: "sid".to_owned() }));
    let mut canaries = 0;
    for session in 0..60 {
        let cookie = format!("sid=session-{session}");
        let release = ask(&mut client, &cookie).await.release();
        for _ in 0..5 {
            assert_eq!(ask(&mut client, &cookie).await.release(), release);
        }
        canaries += u32::from(release == 13);
    }
    assert!((15..=45).contains(&canaries), "{canaries} of 60 sessions");
}

async fn ask(client: &mut Client, cookie: &str) -> crate::client::Answer {
    client.get_with("/", &[("cookie", cookie)]).await
}
