-- Chat fronts acknowledge within seconds and work afterwards, and they edit what they have shown. So what was heard waits
-- in a table until it is handled, and it is known which message shows which card: a restart goes on with both.

-- Heard and not handled yet. A second delivery of the same event is the same row.
CREATE TABLE inbox (
    front TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (front, event)
);

-- Which message of a front shows a card. `message` is empty while a first showing is under way: nobody knows yet whether
-- it arrived.
CREATE TABLE shown (
    conversation TEXT NOT NULL,
    card TEXT NOT NULL,
    message TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (conversation, card)
);
CREATE INDEX shown_by_message ON shown (conversation, message);
