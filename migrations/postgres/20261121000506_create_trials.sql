-- How canaries stand: what the judge knows and what came of each stage, a row for each run that has come to one. Written every
-- second while a canary soaks, so that a program that is killed goes on from there.

CREATE TABLE trials (
    run TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);
