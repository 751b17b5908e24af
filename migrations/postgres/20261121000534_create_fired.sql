-- Rules that fired: what happened, and what of each is still to be done. Written together with how far what happened was
-- read, so that a program that is killed neither acts twice nor forgets to.
CREATE TABLE fired (
    fired TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    rule BIGINT NOT NULL,
    body TEXT NOT NULL,
    due_ms BIGINT,
    at_ms BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX fired_by_due ON fired (due_ms);
CREATE INDEX fired_by_rule ON fired (project, rule, at_ms);
