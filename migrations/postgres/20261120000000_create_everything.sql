-- The first shape of the database: projects and their desired state, runs with their journal, people, the record.
-- Plain column types (text, 64-bit integers, bytes) so that one SQL text serves SQLite and PostgreSQL. Instants are
-- epoch milliseconds and end in `_ms`. `body` holds the whole typed value as JSON; the other columns are what
-- statements look for.

CREATE TABLE projects (
    project TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    revision BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

-- Desired state of an environment beyond its project's description: live release, replicas, cron switched off, hold.
CREATE TABLE environments (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    body TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (project, environment)
);

CREATE TABLE releases (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    run TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, environment, number)
);

CREATE TABLE runs (
    run TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    run_type TEXT NOT NULL,
    requester TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    due_ms BIGINT,
    queued_ms BIGINT,
    created_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    lease_owner TEXT,
    lease_until_ms BIGINT,
    fence BIGINT NOT NULL
);
CREATE INDEX runs_by_environment ON runs (project, environment, created_ms);
CREATE INDEX runs_live ON runs (state, due_ms);

CREATE TABLE plans (
    run TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE steps (
    run TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);

-- What each step left behind, in the order it was learnt.
CREATE TABLE receipts (
    run TEXT NOT NULL,
    entry BIGINT NOT NULL,
    step BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (run, entry)
);

CREATE TABLE run_events (
    seq BIGINT NOT NULL PRIMARY KEY,
    run TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX run_events_by_run ON run_events (run, seq);

CREATE TABLE approvals (
    run TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);

CREATE TABLE votes (
    run TEXT NOT NULL,
    person TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    front TEXT NOT NULL,
    PRIMARY KEY (run, person)
);

CREATE TABLE locks (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    body TEXT NOT NULL,
    expires_ms BIGINT,
    PRIMARY KEY (project, environment, kind)
);

CREATE TABLE incidents (
    incident TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    run TEXT NOT NULL,
    body TEXT NOT NULL,
    opened_ms BIGINT NOT NULL
);

CREATE TABLE secrets (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, environment, name, version)
);

CREATE TABLE audit_events (
    seq BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    project TEXT,
    environment TEXT,
    run TEXT,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_environment ON audit_events (project, environment, seq);

CREATE TABLE checkpoints (
    seq BIGINT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

-- The ends of the two ordered logs. Every commit reads and writes them, so their order is the commits' order.
CREATE TABLE heads (
    name TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO heads (name, seq, hash) VALUES ('audit', 0, '');
INSERT INTO heads (name, seq, hash) VALUES ('happenings', 0, '');

CREATE TABLE users (
    person TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    since_ms BIGINT NOT NULL
);

CREATE TABLE identities (
    front TEXT NOT NULL,
    external_id TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (front, external_id)
);

-- A place where people talk: its reporter's cursor, and which cards it shows.
CREATE TABLE conversations (
    conversation TEXT NOT NULL PRIMARY KEY,
    front TEXT NOT NULL,
    body TEXT NOT NULL,
    cursor_seq BIGINT NOT NULL
);

-- Messages on their way to a front: written in one commit with the cursor that caused them, gone when delivered.
CREATE TABLE outbox (
    message TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL,
    card TEXT NOT NULL,
    body TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);

-- Events of fronts already handled: a redelivery within a day is recognised.
CREATE TABLE inbound (
    front TEXT NOT NULL,
    event TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (front, event)
);
