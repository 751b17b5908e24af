-- When each version of a secret was set and by whom, so that they can be listed; and when it was taken away. A removed one
-- keeps its row without the sealed value: a version is given once, so that what was planned with it never gets another.
ALTER TABLE secrets ADD COLUMN made_ms BIGINT;
ALTER TABLE secrets ADD COLUMN made_by TEXT;
ALTER TABLE secrets ADD COLUMN removed_ms BIGINT;

-- What the record knows of those from before.
UPDATE secrets SET made_ms = (
    SELECT event.at_ms FROM audit_events AS event
    WHERE event.project = secrets.project AND event.environment = secrets.environment AND event.action = 'secret.put'
    AND json_extract(event.body, '$.subject') = 'secretref://' || secrets.project || '/' || secrets.environment || '/' || secrets.name
    AND json_extract(event.body, '$.data.version') = secrets.version
    ORDER BY event.seq DESC LIMIT 1
), made_by = (
    SELECT event.actor FROM audit_events AS event
    WHERE event.project = secrets.project AND event.environment = secrets.environment AND event.action = 'secret.put'
    AND json_extract(event.body, '$.subject') = 'secretref://' || secrets.project || '/' || secrets.environment || '/' || secrets.name
    AND json_extract(event.body, '$.data.version') = secrets.version
    ORDER BY event.seq DESC LIMIT 1
);
