-- Messages with buttons that decide about a run, beside its card: when it is decided elsewhere they are drawn anew, so that
-- no button stays for what is decided. One row for each run a message offers something about.
CREATE TABLE offered (
    conversation TEXT NOT NULL,
    message TEXT NOT NULL,
    run TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (conversation, message, run)
);
CREATE INDEX offered_by_run ON offered (run);
