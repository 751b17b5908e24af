//! The cells of the grid.

use crate::world::{Clumps, World};

/// Canary requests per second in the first stage.
const RATES: [f64; 4] = [0.02, 1.0, 10.0, 100.0];
const ERRORS: [f64; 3] = [0.001, 0.005, 0.02];

/// All of them, by rate: unchanged versions first, then worse ones.
pub(crate) fn cells() -> Vec<World> {
    let mut cells = vec![World::good("no traffic", 0.0, 0.0)];
    for rate in RATES {
        for errors in ERRORS {
            let good = |name| World::good(name, rate, errors);
            cells.push(good("unchanged"));
            cells.push(World { incident: true, ..good("incident in both") });
            cells.push(World { drift: true, ..good("drift of both") });
            cells.push(World { cold: true, ..good("cold start") });
            cells.push(World { clumps: Clumps::Second(4.0), ..good("bursts of 4") });
            cells.push(World { clumps: Clumps::Second(20.0), ..good("bursts of 20") });
            cells.push(World { clumps: Clumps::Row(4.0), ..good("4 in a row") });
            cells.push(World { clumps: Clumps::Retries(4.0, 1), ..good("retries, 1 s") });
            cells.push(World { clumps: Clumps::Retries(4.0, 5), ..good("retries, 5 s") });
            cells.push(World { uneven: 0.7, ..good("uneven lanes") });
            cells.push(World { wander: 0.3, ..good("moody latency") });
            let all = World {
                incident: true,
                drift: true,
                cold: true,
                uneven: 0.3,
                wander: 0.1,
                ..good("all of it")
            };
            cells.push(World { clumps: Clumps::Second(4.0), ..all });
        }
        for errors in [0.005, 0.01, 0.05, 0.2, 1.0] {
            cells.push(World { canary_errors: errors, ..World::good("more errors", rate, 0.001) });
        }
        for slower in [1.1, 1.3, 2.0] {
            cells.push(World { slower, ..World::good("slower", rate, 0.001) });
        }
        cells.push(World { tail: (0.05, 4.0), ..World::good("slow tail", rate, 0.001) });
    }
    cells
}

/// Deploys right after an incident of the stable version was mended: unchanged versions first, then worse ones.
pub(crate) fn mended() -> Vec<World> {
    let mut cells = Vec::new();
    for rate in [1.0, 10.0] {
        for before in [0.02, 0.05, 0.1, 0.3] {
            for errors in [0.001, 0.005, 0.02] {
                let good = |name| World { before: Some(before), ..World::good(name, rate, errors) };
                cells.push(good("mended"));
                cells.push(World { clumps: Clumps::Retries(4.0, 5), ..good("mended, retries, 5 s") });
            }
            for errors in [0.01, 0.02, 0.05, 0.2] {
                let worse = World::good("mended, more errors", rate, 0.001);
                cells.push(World { canary_errors: errors, before: Some(before), ..worse });
            }
        }
    }
    cells
}

/// Whether the canary is worse in it.
pub(crate) fn bad(world: &World) -> bool {
    world.canary_errors > world.stable_errors || world.slower > 1.0 || world.tail.0 > 0.0
}
