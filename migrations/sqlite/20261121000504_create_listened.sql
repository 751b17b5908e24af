-- What is said in a channel while nobody listens is named there afterwards, also after a kill. So it is kept until when each
-- channel was listened to; what was said until then was heard, or is named already.
CREATE TABLE listened (
    conversation TEXT NOT NULL PRIMARY KEY,
    heard_ms BIGINT NOT NULL
);
