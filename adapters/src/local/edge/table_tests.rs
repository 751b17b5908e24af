#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn addresses(ports: &[u16]) -> Vec<SocketAddr> {
    ports.iter().copied().map(address).collect()
}

fn healthy(ports: &[u16]) -> Instances {
    Instances { healthy: addresses(ports), ..Instances::default() }
}

fn failing(ports: &[u16]) -> Instances {
    Instances { failing: addresses(ports), ..Instances::default() }
}

fn weights(shares: &[(u32, u8)]) -> Vec<Weight> {
    shares.iter().map(|&(release, percent)| Weight { release, percent }).collect()
}

/// A table with these weights and, for each release, instances on these ports.
fn table(shares: &[(u32, u8)], instances: &[(u32, &[u16])]) -> Table {
    let mut table = Table::default();
    table.weights_set(&weights(shares));
    for (release, ports) in instances {
        table.backends_set(*release, &healthy(ports), Instant::now());
    }
    table
}

fn chosen(table: &Table) -> Lease {
    match table.choose(None, Instant::now()) {
        Choice::Instance(lease, _, _) => lease,
        other => panic!("nobody was chosen: {other:?}"),
    }
}

/// Requests that end at once, by release.
fn split(table: &Table, many: usize) -> BTreeMap<u32, usize> {
    let mut so_far = BTreeMap::new();
    for _ in 0..many {
        *so_far.entry(chosen(table).backend().release).or_default() += 1;
    }
    so_far
}

#[test]
fn weights_split_requests_exactly_whatever_the_number_of_instances() {
    let table = table(&[(1, 85), (2, 15)], &[(1, &[10]), (2, &[20, 21, 22])]);
    for _ in 0..7 {
        assert_eq!(split(&table, 100), BTreeMap::from([(1, 85), (2, 15)]));
    }
}

#[test]
fn new_instances_do_not_disturb_a_split_half_way_through() {
    let mut table = table(&[(1, 99), (2, 1)], &[(1, &[10]), (2, &[20])]);
    let mut total = split(&table, 60);
    table.backends_set(1, &healthy(&[11, 12]), Instant::now());
    for (release, more) in split(&table, 40) {
        *total.entry(release).or_default() += more;
    }
    assert_eq!(total, BTreeMap::from([(1, 99), (2, 1)]));
}

#[test]
fn a_release_without_instances_leaves_its_turns_to_the_others_until_it_has_some() {
    let mut table = table(&[(1, 50), (2, 50)], &[(1, &[10])]);
    assert_eq!(split(&table, 10), BTreeMap::from([(1, 10)]));
    table.backends_set(2, &healthy(&[20]), Instant::now());
    assert_eq!(split(&table, 10), BTreeMap::from([(1, 5), (2, 5)]));
    table.backends_set(1, &Instances::default(), Instant::now());
    assert_eq!(split(&table, 10), BTreeMap::from([(2, 10)]));
}

#[test]
fn instances_that_fail_their_checks_are_a_last_resort() {
    let mut table = table(&[(1, 50), (2, 50)], &[(1, &[10, 11])]);
    // One healthy instance is enough: its failing sisters, and a failing release, are left alone.
    let one = Instances { healthy: addresses(&[10]), failing: addresses(&[11]) };
    table.backends_set(1, &one, Instant::now());
    table.backends_set(2, &failing(&[20]), Instant::now());
    assert_eq!(split(&table, 10), BTreeMap::from([(1, 10)]));
    assert!((0..10).all(|_| chosen(&table).backend().address == address(10)));
    // Nobody is healthy: each release is tried at its weight, rather than everybody turned away.
    table.backends_set(1, &failing(&[10, 11]), Instant::now());
    assert_eq!(split(&table, 10), BTreeMap::from([(1, 5), (2, 5)]));
    table.backends_set(2, &healthy(&[20]), Instant::now());
    assert_eq!(split(&table, 10), BTreeMap::from([(2, 10)]));
}

#[test]
fn nobody_to_choose_says_which_release_is_missing() {
    let named = table(&[(1, 10), (2, 90)], &[(3, &[30])]);
    assert!(matches!(named.choose(None, Instant::now()), Choice::NoInstance(2, _)));
    assert!(matches!(table(&[], &[(3, &[30])]).choose(None, Instant::now()), Choice::NoTraffic));
    assert!(matches!(table(&[(3, 0)], &[(3, &[30])]).choose(None, Instant::now()), Choice::NoTraffic));
}

#[test]
fn the_instance_with_the_fewest_open_requests_is_next_and_equals_take_turns() {
    let table = table(&[(1, 100)], &[(1, &[10, 11, 12])]);
    let open: Vec<Lease> = (0..3).map(|_| chosen(&table)).collect();
    let ports: BTreeSet<u16> = open.iter().map(|lease| lease.backend().address.port()).collect();
    assert_eq!(ports, BTreeSet::from([10, 11, 12]));

    let mut open = open;
    let free = open.remove(1).backend().address;
    for _ in 0..5 {
        assert_eq!(chosen(&table).backend().address, free);
    }
}

#[test]
fn an_instance_that_refused_is_asked_last_for_a_while() {
    let table = table(&[(1, 100)], &[(1, &[10, 11])]);
    let now = Instant::now();
    let refused = chosen(&table).backend().clone();
    refused.rest(now);
    let others: Vec<Lease> = (0..4).map(|_| table.instance(1, None, now).unwrap()).collect();
    assert!(others.iter().all(|lease| lease.backend().address != refused.address));
    let later = now + std::time::Duration::from_secs(2);
    assert_eq!(table.instance(1, None, later).unwrap().backend().address, refused.address);
    // When nobody else is there, it is still better than nothing.
    refused.rest(now);
    let avoided = others[0].backend().address;
    assert_eq!(table.instance(1, Some(avoided), now).unwrap().backend().address, refused.address);
}

#[test]
fn an_instance_that_stays_is_the_same_and_one_that_goes_is_remembered_while_open() {
    let mut table = table(&[(1, 100)], &[(1, &[10])]);
    let lease = chosen(&table);
    table.backends_set(1, &healthy(&[10, 11]), Instant::now());
    assert!(table.all_backends().any(|backend| Arc::ptr_eq(backend, lease.backend())));

    table.backends_set(1, &healthy(&[11]), Instant::now());
    assert_eq!(chosen(&table).backend().address, address(11));
    assert_eq!(table.drain_begin(1, &addresses(&[10])).len(), 1);
    drop(lease);
    table.drain_end(1, &addresses(&[10]));
    assert_eq!(table.all_backends().count(), 1);
}

#[test]
fn what_is_being_drained_stays_out_even_when_named_again() {
    let mut table = table(&[(1, 100)], &[(1, &[10, 11])]);
    table.drain_begin(1, &addresses(&[10]));
    table.backends_set(1, &healthy(&[10, 11]), Instant::now());
    for _ in 0..4 {
        assert_eq!(chosen(&table).backend().address, address(11));
    }
    table.drain_end(1, &addresses(&[10]));
    table.backends_set(1, &healthy(&[10]), Instant::now());
    assert_eq!(chosen(&table).backend().address, address(10));
}

#[test]
fn counts_of_very_old_releases_are_let_go() {
    let mut table = Table::default();
    for release in 1..200 {
        table.weights_set(&weights(&[(release, 100)]));
    }
    let counts = table.counts();
    assert_eq!(counts.len(), COUNTS_KEPT);
    assert_eq!(counts.last_key_value().unwrap().0, &199);
}
