-- People on duty are texted. What happened, whose turn it is, each text on its way and the numbers that may be replied are
-- rows, so that a program that is killed neither texts twice nor forgets anybody.

-- What happened and whose turn it is. `due_ms` is when the next one's is.
CREATE TABLE text_alerts (
    alert TEXT NOT NULL PRIMARY KEY,
    fold TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    due_ms BIGINT,
    at_ms BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX text_alerts_by_due ON text_alerts (due_ms);
CREATE INDEX text_alerts_by_fold ON text_alerts (fold, at_ms);

-- Texts. `sent_as` is the messenger's identifier, empty until it is known; `due_ms` is when something is to be done about one.
CREATE TABLE texts (
    text TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    phone TEXT NOT NULL,
    state TEXT NOT NULL,
    sent_as TEXT NOT NULL,
    body TEXT NOT NULL,
    due_ms BIGINT,
    made_ms BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX texts_by_due ON texts (due_ms);
CREATE INDEX texts_by_phone ON texts (phone, made_ms);
CREATE INDEX texts_by_sent ON texts (sent_as);

-- Numbers that may be replied, each once, from one phone.
CREATE TABLE text_codes (
    phone TEXT NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT,
    PRIMARY KEY (phone, code)
);

-- Replies that were no number, so that guessing has an end.
CREATE TABLE text_misses (
    phone TEXT NOT NULL,
    event TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (phone, event)
);

-- How far what happened has been read, and the like.
CREATE TABLE text_cursors (
    name TEXT NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL
);

-- Texts of the messenger that only shows them on this machine, in the order they came.
CREATE TABLE phone_texts (
    number BIGINT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    phone TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
