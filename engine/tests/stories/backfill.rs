//! Backfills: batch after batch at a rate, stopped, killed, gone on with, and jobs that do it wrong.

use adapters::sim::{Call, Fault, FaultKind, JobLie, SimJob};
use engine::backfill::Checkpoint;
use engine::clock::EpochMs;
use engine::control::Refusal;
use engine::model::{Change, JobName, RunId};

use crate::world::changes::*;
use crate::world::{Story, on_both};

const MINUTE_MS: i64 = 60_000;

fn fill() -> JobName {
    "fill".parse().unwrap()
}

/// `backfill fill batch size 50 at RATE/min`
pub fn backfill(rate_per_min: u32) -> Change {
    backfill_for(rate_per_min, None)
}

/// `backfill fill batch size 50 at RATE/min max runtime SECONDS`
pub fn backfill_for(rate_per_min: u32, max_runtime_s: Option<u64>) -> Change {
    Change::Backfill {
        job: "fill".parse().unwrap(),
        batch_size: 50,
        rate_per_min,
        max_runtime_s,
        hours: None,
        resume: false,
    }
}

impl Story {
    /// Staging has so many rows to fill.
    pub fn has_rows(&self, rows: u64) {
        self.world.job(&self.environment("staging"), &fill(), |job| *job = SimJob::of(rows));
    }

    /// The job in staging, as the application has it.
    pub fn job<R>(&self, look: impl FnOnce(&mut SimJob) -> R) -> R {
        self.world.job(&self.environment("staging"), &fill(), look)
    }

    async fn place(&self) -> (RunId, Checkpoint) {
        self.engine().store().backfill_last(&self.environment("staging"), &fill()).await.unwrap().unwrap()
    }

    /// Everything moves until so much time has passed.
    async fn works_for(&self, ms: i64) -> EpochMs {
        let until_ms = self.now_ms() + ms;
        loop {
            match self.settle().await {
                Some(due_ms) if due_ms <= until_ms => self.clock().advance_to(due_ms),
                _ => break,
            }
        }
        self.clock().advance_to(until_ms);
        until_ms
    }

    async fn stops(&self, who: &str) -> Result<RunId, Refusal> {
        let (environment, actor) = (self.environment("staging"), self.person(who).await);
        self.engine().backfill_stop(&environment, &fill(), &actor).await.map(|run| run.id)
    }

    async fn goes_on(&self, who: &str) -> Result<RunId, Refusal> {
        let request = self.engine().backfill_resume_request(&self.environment("staging"), &fill()).await?;
        Ok(self.engine().request(&request, &self.person(who).await).await?.id)
    }
}

#[test]
fn rows_are_filled_at_the_rate_and_bad_ones_block_nothing() {
    on_both(async |t| {
        t.has_rows(1_003);
        for row in [17, 900] {
            t.job(|job| drop(job.poison.insert(row, "unknown-country".to_owned())));
        }
        t.does("ana", "staging", deploy("v1")).await;
        let begun_ms = t.now_ms();
        let run = t.does("ana", "staging", backfill(500)).await;
        assert_eq!(t.job(|job| (job.filled.len(), job.repeated, job.batches.len())), (1_001, 0, 21));
        let (_, at) = t.place().await;
        assert_eq!((at.done, at.place.rows, at.quarantined(), at.percent()), (true, 1_001, 2, Some(100)));
        // 20 of 21 batches of 50 rows are waited behind, of which each is worth 6 seconds.
        assert_eq!(t.now_ms() - begun_ms, 20 * 6_000);
        let rows = t.engine().store().backfill_rows(&run, 10).await.unwrap();
        let row = |key: &str| (key.to_owned(), "unknown-country".to_owned());
        assert_eq!(rows, [row("17"), row("900")]);
        let told = t.told(&run).await;
        assert!(
            told.contains("  backfill waits: 100 rows done (9%)") || told.contains("rows done ("),
            "{told}"
        );
        assert!(
            told.contains("  backfill done: 1001 rows done (100%), 2 quarantined: unknown-country 2"),
            "{told}"
        );
        assert!(told.lines().count() < 25, "{told}");
    });
}

#[test]
fn it_stops_within_a_batch_and_goes_on_from_there() {
    on_both(async |t| {
        t.has_rows(1_000);
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", backfill(500)).await;
        t.works_for(MINUTE_MS).await;
        let before = t.job(|job| job.batches.len());
        assert!((10..=11).contains(&before), "{before} batches in a minute");
        assert_eq!(t.stops("ana").await.unwrap(), run);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: stopped");
        assert_eq!(t.reason(&run).await.next, "backfill-resume fill in staging");
        assert_eq!(t.job(|job| job.batches.len()), before, "not one batch more");
        // It holds nobody up any more.
        t.does("ana", "staging", restart(&[])).await;
        let again = t.goes_on("ana").await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&again).await, "succeeded", "{}", t.told(&again).await);
        assert_eq!(t.job(|job| (job.filled.len(), job.repeated)), (1_000, 0));
        let (last, at) = t.place().await;
        assert_eq!((last, at.place.origin, at.place.rows), (again, run, 1_000));
        // And now there is nothing to go on with.
        let refused = t.goes_on("ana").await.unwrap_err();
        assert!(refused.to_string().contains("has come to its end"), "{refused}");
    });
}

#[test]
fn nothing_to_stop_and_nothing_to_go_on_with_is_said() {
    on_both(async |t| {
        t.has_rows(100);
        let refused = t.tries("ana", "staging", backfill(500)).await.unwrap_err();
        assert!(refused.to_string().contains("nothing is live in staging"), "{refused}");
        t.does("ana", "staging", deploy("v1")).await;
        let refused = t.stops("ana").await.unwrap_err();
        assert!(refused.to_string().contains("fill is not at work in staging"), "{refused}");
        let refused = t.goes_on("ana").await.unwrap_err();
        assert!(refused.to_string().contains("fill was never begun in staging"), "{refused}");
        assert!(matches!(t.stops("vera").await.unwrap_err(), Refusal::NotAllowed { .. }));
        let mut unknown = backfill(500);
        if let Change::Backfill { job, .. } = &mut unknown {
            *job = "fil".parse().unwrap();
        }
        let refused = t.tries("ana", "staging", unknown).await.unwrap_err();
        assert!(refused.to_string().contains("shop has no job fil"), "{refused}");
        assert!(refused.next().contains("its jobs are fill"), "{}", refused.next());
    });
}

#[test]
fn its_maximum_runtime_ends_it_so_that_it_can_go_on() {
    on_both(async |t| {
        t.has_rows(1_000);
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", backfill_for(500, Some(45))).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: stopped");
        let reason = t.reason(&run).await;
        assert_eq!(reason.say, "stopped after 45 s, as it was told to: 400 rows done (40%)");
        let again = t.goes_on("ana").await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&again).await, "cancelled: stopped", "it has as long again");
        assert_eq!(t.job(|job| (job.filled.len(), job.repeated)), (800, 0));
    });
}

#[test]
fn pausing_holds_it_and_cancelling_keeps_its_place() {
    on_both(async |t| {
        t.has_rows(1_000);
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", backfill(500)).await;
        t.works_for(10_000).await;
        t.engine().pause(&run, &t.person("ana").await).await.unwrap();
        t.works_for(10 * MINUTE_MS).await;
        assert_eq!(t.job(|job| job.batches.len()), 2);
        t.engine().resume(&run, &t.person("ana").await).await.unwrap();
        let resumed_ms = t.now_ms();
        t.works_for(5 * MINUTE_MS).await;
        let rows = (t.job(|job| job.batches.len()) - 2) * 50;
        assert!(rows <= 2_625, "{rows} rows since {resumed_ms}: a pause is not made up for");
        let again = t.asks("ana", "staging", backfill(500)).await;
        t.works_for(10_000).await;
        t.engine().cancel(&again, &t.person("ana").await, None).await.unwrap();
        t.settle_all().await;
        let retried = t.engine().retry(&again, &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&retried.id).await, "succeeded");
        assert_eq!(t.place().await.1.place.origin, again, "trying again goes on from there");
    });
}

#[test]
fn a_job_against_the_protocol_ends_it_with_words_and_nothing_counted() {
    on_both(async |t| {
        for (lie, words) in [
            (JobLie::Stays, "fill is not done, and its cursor stays at «100»: it would never end"),
            (JobLie::GoesBack, "fill says a cursor that goes back, from «100» to «99»"),
            (JobLie::TooMany, "fill says that it handled more rows than the 50 it was asked for"),
            (JobLie::Chats, "fill printed in line 1 what is no part of the protocol: «filling zones …»"),
            (JobLie::Silent, "fill ended without saying what came of the batch"),
            (JobLie::Endless, "fill printed more than 89 KiB about 50 rows, and was ended"),
        ] {
            t.begin_again().await;
            t.has_rows(1_000);
            t.does("ana", "staging", deploy("v1")).await;
            let run = t.asks("ana", "staging", backfill(500)).await;
            t.works_for(10_000).await;
            t.job(|job| job.lies = Some(lie));
            t.settle_all().await;
            assert_eq!(t.outcome(&run).await, "failed: job-answer", "{lie:?}");
            let reason = t.reason(&run).await;
            assert!(reason.say.starts_with(words), "{}", reason.say);
            assert_eq!(t.place().await.1.place.rows, 100, "{lie:?}");
            // Mended, it goes on from where it was.
            t.job(|job| job.lies = None);
            let again = t.goes_on("ana").await.unwrap();
            t.settle_all().await;
            assert_eq!(t.outcome(&again).await, "succeeded", "{lie:?}");
            assert_eq!(t.job(|job| job.filled.len()), 1_000);
            assert!(t.job(|job| job.repeated) <= 50, "{lie:?}");
            t.end().await;
        }
    });
}

#[test]
fn a_database_that_goes_away_is_waited_for_and_then_said() {
    on_both(async |t| {
        t.has_rows(200);
        t.does("ana", "staging", deploy("v1")).await;
        t.job(|job| job.lies = Some(JobLie::Exits(1)));
        let run = t.asks("ana", "staging", backfill(500)).await;
        t.works_for(5_000).await;
        assert_eq!(t.state(&run).await, "running");
        assert!(
            t.told(&run)
                .await
                .contains("trying again: fill ended with exit code 1: no such column: timezone")
        );
        t.job(|job| job.lies = None);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "succeeded");
        assert_eq!(t.job(|job| job.filled.len()), 200);
        t.job(|job| job.lies = Some(JobLie::Exits(1)));
        let run = t.asks("ana", "staging", backfill(500)).await;
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "failed: job-failed");
        let reason = t.reason(&run).await;
        assert_eq!(
            reason.say,
            "fill ended with exit code 1: no such column: timezone; the batch was tried 10 times"
        );
        assert_eq!(reason.next, "backfill-resume fill in staging");
    });
}

#[test]
fn a_batch_whose_answer_is_lost_is_run_again_and_no_other() {
    on_both(async |t| {
        t.has_rows(500);
        t.does("ana", "staging", deploy("v1")).await;
        t.world.fault(Fault::of(Call::JobBatch, FaultKind::LostAnswer).about("fill@100").nth(1));
        t.does("ana", "staging", backfill(6_000)).await;
        assert!(t.world.faults_unstruck().is_empty());
        assert_eq!(t.job(|job| (job.filled.len(), job.repeated)), (500, 50));
        assert_eq!(t.place().await.1.place.rows, 500, "counted once");
    });
}

#[test]
fn what_a_batch_did_while_somebody_stopped_it_is_kept() {
    on_both(async |t| {
        t.has_rows(500);
        t.does("ana", "staging", deploy("v1")).await;
        let run = t.asks("ana", "staging", backfill(6_000)).await;
        t.world.fault(Fault::of(Call::JobBatch, FaultKind::SlowMs(2_000)).about("fill@100"));
        let stops = async {
            while t.job(|job| job.batches.len()) < 3 {
                t.clock().advance(100);
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            t.stops("ana").await.unwrap();
            t.passes(2_000);
        };
        let works = async {
            while t.job(|job| job.batches.len()) < 3 {
                t.settle().await;
            }
        };
        tokio::join!(works, stops);
        t.settle_all().await;
        assert_eq!(t.outcome(&run).await, "cancelled: stopped");
        assert_eq!((t.place().await.1.place.rows, t.job(|job| job.batches.len())), (150, 3));
        t.goes_on("ana").await.unwrap();
        t.settle_all().await;
        assert_eq!(t.job(|job| (job.filled.len(), job.repeated)), (500, 0), "not one row twice");
    });
}

#[test]
fn production_waits_for_a_second_person_also_to_go_on() {
    on_both(async |t| {
        let production = t.environment("production");
        t.world.job(&production, &fill(), |job| *job = SimJob::of(100));
        t.does("ana", "production", deploy("v1")).await;
        let run = t.asks("ana", "production", backfill(500)).await;
        assert_eq!(t.state(&run).await, "awaiting-approval");
        assert!(t.approves("ana", &run).await.is_err());
        t.works_for(MINUTE_MS).await;
        assert!(t.world.job(&production, &fill(), |job| job.batches.is_empty()));
        t.approves("ben", &run).await.unwrap();
        t.settle().await;
        t.engine().backfill_stop(&production, &fill(), &t.person("ana").await).await.unwrap();
        t.settle_all().await;
        let request = t.engine().backfill_resume_request(&production, &fill()).await.unwrap();
        let again = t.engine().request(&request, &t.person("ana").await).await.unwrap().id;
        assert_eq!(t.state(&again).await, "awaiting-approval");
        t.approves("ben", &again).await.unwrap();
        t.settle_all().await;
        assert_eq!(t.outcome(&again).await, "succeeded", "{}", t.told(&again).await);
        assert_eq!(t.world.job(&production, &fill(), |job| (job.filled.len(), job.repeated)), (100, 0));
    });
}

#[test]
fn a_dry_run_counts_and_shows_and_changes_nothing() {
    on_both(async |t| {
        t.has_rows(1_000);
        t.job(|job| drop(job.poison.insert(2, "unknown-country".to_owned())));
        t.does("ana", "staging", deploy("v1")).await;
        let effects = t.world.ledger().len();
        let mut request = t.request("staging", backfill(500));
        request.dry_run = true;
        let tried = t.engine().preview(&request, &t.person("ana").await).await.unwrap().tried.unwrap();
        assert_eq!((tried.all, tried.takes_ms), (Some(1_000), Some(120_000)));
        assert_eq!((tried.batch.samples.len(), tried.batch.quarantined.len()), (3, 1));
        assert!(t.job(|job| job.filled.is_empty() && job.batches.is_empty()));
        assert_eq!(t.world.ledger().len(), effects);
        // In the middle of one that stopped it counts what is left, and its place stays.
        t.asks("ana", "staging", backfill(500)).await;
        t.works_for(10_000).await;
        t.stops("ana").await.unwrap();
        t.settle_all().await;
        let mut request =
            t.engine().backfill_resume_request(&t.environment("staging"), &fill()).await.unwrap();
        request.dry_run = true;
        let before = t.place().await;
        let tried = t.engine().preview(&request, &t.person("ana").await).await.unwrap().tried.unwrap();
        assert_eq!(tried.all, Some(900));
        assert_eq!(t.place().await, before);
        // Whoever may not run a job has none of its code run for them either.
        let preview = t.engine().preview(&request, &t.person("vera").await).await.unwrap();
        assert!(preview.refused.is_some() && preview.tried.is_none());
    });
}

#[test]
fn it_works_within_its_hours_only() {
    on_both(async |t| {
        t.has_rows(100);
        t.does("ana", "staging", deploy("v1")).await;
        // It is noon.
        let mut change = backfill(500);
        if let Change::Backfill { hours, .. } = &mut change {
            *hours = engine::backfill::Hours::read("22:00-06:00");
        }
        let run = t.asks("ana", "staging", change).await;
        t.works_for(9 * 60 * MINUTE_MS).await;
        assert!(t.job(|job| job.batches.is_empty()));
        assert!(t.told(&run).await.contains("backfill waits: waits for 22:00-06:00 UTC"));
        t.works_for(2 * 60 * MINUTE_MS).await;
        assert_eq!(t.outcome(&run).await, "succeeded");
    });
}
