-- Standing orders (alerts and rules), kept until somebody takes them away and then for the record: numbers are given once.
-- And when open questions of conversations expire: derived from the conversation in the same commit, so that the due ones
-- are found without reading every conversation.

CREATE TABLE standing_orders (
    project TEXT NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    body TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    removed_ms BIGINT,
    PRIMARY KEY (project, number)
);

CREATE TABLE question_dues (
    conversation TEXT NOT NULL,
    asked TEXT NOT NULL,
    due_ms BIGINT NOT NULL,
    PRIMARY KEY (conversation, asked)
);
