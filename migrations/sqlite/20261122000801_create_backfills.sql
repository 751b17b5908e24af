-- How far backfills have come, a row for each run: written with each batch, so that one that is killed or stopped goes on from
-- there. And the rows a job could not handle, with its reason codes, under the run that began it.

CREATE TABLE backfills (
    run TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    job TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);

CREATE INDEX backfills_by_job ON backfills (project, environment, job, at_ms);

CREATE TABLE backfill_rows (
    origin TEXT NOT NULL,
    row_key TEXT NOT NULL,
    code TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (origin, row_key)
);
