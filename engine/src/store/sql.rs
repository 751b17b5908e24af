//! Every statement of the store, by name. One text for both databases wherever their dialects agree; what only one of them
//! understands stands at the end, side by side. A test prepares all of them, each where it belongs.

macro_rules! statements {
    ($all:ident: $($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        /// All of these, for the tests that prepare them.
        #[cfg(test)]
        pub(crate) const $all: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! { ON_BOTH:
    PROJECT_PUT = "INSERT INTO projects (project, body, revision, updated_ms) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (project) DO UPDATE SET body = excluded.body, revision = excluded.revision, \
        updated_ms = excluded.updated_ms WHERE projects.revision = excluded.revision - 1";
    PROJECT_LIST = "SELECT body, revision FROM projects ORDER BY project";
    PROJECT_REVISION = "SELECT revision FROM projects WHERE project = $1";
    CONNECTION_CLEAR = "DELETE FROM connections WHERE project = $1";
    CONNECTION_PUT = "INSERT INTO connections (project, environment, connection, body) VALUES ($1, $2, $3, $4)";
    CONNECTION_LIST = "SELECT body FROM connections WHERE project = $1 AND environment = $2 ORDER BY connection";
    CONNECTION_CHECKED = "INSERT INTO connection_checks (project, environment, connection, body, at_ms) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, environment, connection) DO UPDATE \
        SET body = excluded.body, at_ms = excluded.at_ms";
    CONNECTION_CHECK = "SELECT body FROM connection_checks WHERE project = $1 AND environment = $2 AND connection = $3";
    ENVIRONMENT_PUT = "INSERT INTO environments (project, environment, body, revision) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (project, environment) DO UPDATE SET body = excluded.body, revision = excluded.revision \
        WHERE environments.revision = excluded.revision - 1";
    ENVIRONMENT_GET = "SELECT body, revision FROM environments WHERE project = $1 AND environment = $2";
    RELEASE_PUT = "INSERT INTO releases (project, environment, number, state, run, body) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, environment, number) \
        DO UPDATE SET state = excluded.state, body = excluded.body";
    RELEASE_LIST = "SELECT body FROM releases WHERE project = $1 AND environment = $2 ORDER BY number DESC LIMIT $3";
    RELEASE_GET = "SELECT body FROM releases WHERE project = $1 AND environment = $2 AND number = $3";
    RELEASE_SUPERSEDED = "SELECT body FROM releases WHERE project = $1 AND environment = $2 AND number < $3 \
        AND state = 'superseded' ORDER BY number DESC LIMIT 1";
    RELEASE_STABLE = "SELECT body FROM releases WHERE project = $1 AND environment = $2 AND number < $3 \
        AND state IN ('superseded', 'live') ORDER BY number DESC LIMIT $4";
    RUN_INSERT = "INSERT INTO runs (run, project, environment, run_type, requester, state, body, version, due_ms, \
        queued_ms, created_ms, finished_ms, fence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)";
    RUN_UPDATE = "UPDATE runs SET state = $2, body = $3, version = $4, due_ms = $5, queued_ms = $6, finished_ms = $7 \
        WHERE run = $1 AND version = $4 - 1";
    RUN_FENCED = "UPDATE runs SET fence = fence WHERE run = $1 AND fence = $2";
    RUN_FENCE = "SELECT fence FROM runs WHERE run = $1";
    RUN_GET = "SELECT body FROM runs WHERE run = $1";
    RUN_LIVE = "SELECT body FROM runs WHERE state NOT IN ('succeeded', 'failed', 'rolled-back', 'cancelled') \
        ORDER BY created_ms, run";
    RUN_COUNT = "SELECT COUNT(*) AS runs FROM runs";
    RUN_BY_ENVIRONMENT = "SELECT body FROM runs WHERE project = $1 AND environment = $2 \
        ORDER BY created_ms DESC, run LIMIT $3";
    RUN_LAST_SUCCEEDED = "SELECT body FROM runs WHERE project = $1 AND environment = $2 AND run_type = $3 \
        AND run <> $4 AND state = 'succeeded' ORDER BY created_ms DESC, run LIMIT 1";
    RUN_LAST_FINISHED = "SELECT finished_ms FROM runs WHERE project = $1 AND environment = $2 AND run_type = $3 \
        AND state = 'succeeded' AND finished_ms IS NOT NULL ORDER BY finished_ms DESC LIMIT 1";
    /// What is live is put there with the end of one of these. Of those that ended in the same millisecond the one that was
    /// heard of last is the last.
    RUN_LAST_RELEASING = "SELECT body FROM runs WHERE project = $1 AND environment = $2 \
        AND run_type IN ('deploy', 'rollback') AND state = 'succeeded' AND finished_ms IS NOT NULL \
        ORDER BY finished_ms DESC, (SELECT MAX(seq) FROM run_events WHERE run_events.run = runs.run) DESC, run LIMIT 1";
    RUN_RECENT = "SELECT body FROM runs ORDER BY created_ms DESC, run LIMIT $1";
    RUN_CHANGING_SINCE = "SELECT created_ms FROM runs WHERE project = $1 AND environment = $2 AND created_ms >= $3 \
        AND state <> 'cancelled' ORDER BY created_ms";
    /// Those that joined in the same millisecond stand in the order in which they were asked for.
    RUN_QUEUED = "SELECT run FROM runs WHERE project = $1 AND environment = $2 AND state = 'queued' \
        ORDER BY queued_ms, created_ms, (SELECT MIN(seq) FROM run_events WHERE run_events.run = runs.run), run";
    PLAN_PUT = "INSERT INTO plans (run, digest, body) VALUES ($1, $2, $3)";
    PLAN_REPLACE = "UPDATE plans SET digest = $2, body = $3 WHERE run = $1";
    PLAN_GET = "SELECT body FROM plans WHERE run = $1";
    STEP_PUT = "INSERT INTO steps (run, number, state, body) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (run, number) DO UPDATE SET state = excluded.state, body = excluded.body";
    STEP_LIST = "SELECT body FROM steps WHERE run = $1 ORDER BY number";
    TRIAL_PUT = "INSERT INTO trials (run, body) VALUES ($1, $2) ON CONFLICT (run) DO UPDATE SET body = excluded.body";
    TRIAL_GET = "SELECT body FROM trials WHERE run = $1";
    BACKFILL_PUT = "INSERT INTO backfills (run, project, environment, job, body, at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (run) DO UPDATE SET body = excluded.body, at_ms = excluded.at_ms";
    BACKFILL_GET = "SELECT body FROM backfills WHERE run = $1";
    /// One at a time works on a job of an environment, so the newest row has its place.
    BACKFILL_LAST = "SELECT run, body FROM backfills WHERE project = $1 AND environment = $2 AND job = $3 \
        ORDER BY at_ms DESC, run DESC LIMIT 1";
    BACKFILL_ROW_PUT = "INSERT INTO backfill_rows (origin, row_key, code, at_ms) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (origin, row_key) DO UPDATE SET code = excluded.code, at_ms = excluded.at_ms";
    BACKFILL_ROW_LIST = "SELECT row_key, code FROM backfill_rows WHERE origin = $1 ORDER BY at_ms, row_key LIMIT $2";
    RECEIPT_PUT = "INSERT INTO receipts (run, entry, step, kind, body, at_ms) \
        SELECT $1, COALESCE(MAX(entry), 0) + 1, $2, $3, $4, $5 FROM receipts WHERE run = $1";
    RECEIPT_LIST = "SELECT step, kind, body, at_ms FROM receipts WHERE run = $1 ORDER BY entry";
    HAPPENING_PUT = "INSERT INTO run_events (seq, run, at_ms, body) VALUES ($1, $2, $3, $4)";
    HAPPENING_AFTER = "SELECT seq, run, at_ms, body FROM run_events WHERE seq > $1 ORDER BY seq LIMIT $2";
    /// Changes nothing, and one row only where nothing has happened to a run since.
    HAPPENED_NOTHING = "UPDATE heads SET seq = seq WHERE name = 'happenings' \
        AND NOT EXISTS (SELECT 1 FROM run_events WHERE run = $1 AND seq > $2)";
    HAPPENING_OF_RUN = "SELECT seq, run, at_ms, body FROM run_events WHERE run = $1 ORDER BY seq";
    APPROVAL_PUT = "INSERT INTO approvals (run, digest, state, body, expires_ms) VALUES ($1, $2, $3, $4, $5)";
    APPROVAL_DECIDE = "UPDATE approvals SET state = $2, body = $3 WHERE run = $1 AND state = 'open' AND digest = $4";
    APPROVAL_GET = "SELECT body FROM approvals WHERE run = $1";
    VOTE_PUT = "INSERT INTO votes (run, person, at_ms, front) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (run, person) DO NOTHING";
    VOTE_LIST = "SELECT person, at_ms, front FROM votes WHERE run = $1 ORDER BY at_ms, person";
    LOCK_TAKE = "INSERT INTO locks (project, environment, kind, holder, body, expires_ms) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, environment, kind) DO NOTHING";
    LOCK_RELEASE = "DELETE FROM locks WHERE project = $1 AND environment = $2 AND kind = $3 AND holder = $4";
    LOCK_LIST = "SELECT body FROM locks WHERE project = $1 AND environment = $2 ORDER BY kind";
    LOCK_EXPIRED = "SELECT body FROM locks WHERE expires_ms <= $1";
    INCIDENT_PUT = "INSERT INTO incidents (incident, project, environment, run, body, opened_ms) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    INCIDENT_GET = "SELECT body FROM incidents WHERE incident = $1";
    INCIDENT_LIST = "SELECT body FROM incidents WHERE project = $1 AND environment = $2 AND opened_ms >= $3 \
        ORDER BY opened_ms DESC LIMIT $4";
    SECRET_PUT = "INSERT INTO secrets (project, environment, name, version, body, made_ms, made_by) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SECRET_RESEAL = "UPDATE secrets SET body = $6 WHERE project = $1 AND environment = $2 AND name = $3 AND version = $4 \
        AND body = $5 AND removed_ms IS NULL";
    SECRET_REMOVE = "UPDATE secrets SET body = '', removed_ms = $4 WHERE project = $1 AND environment = $2 AND name = $3 \
        AND removed_ms IS NULL";
    SECRET_GET = "SELECT version, body FROM secrets WHERE project = $1 AND environment = $2 AND name = $3 \
        AND removed_ms IS NULL ORDER BY version DESC LIMIT 1";
    SECRET_GET_VERSION = "SELECT version, body FROM secrets WHERE project = $1 AND environment = $2 AND name = $3 \
        AND version = $4 AND removed_ms IS NULL";
    /// Removed ones count: a version is given once.
    SECRET_NEWEST = "SELECT version FROM secrets WHERE project = $1 AND environment = $2 AND name = $3 \
        ORDER BY version DESC LIMIT 1";
    SECRET_ALL = "SELECT project, environment, name, version, body FROM secrets WHERE removed_ms IS NULL \
        ORDER BY project, environment, name, version";
    SECRET_LIST = "SELECT name, version, COALESCE(made_ms, 0) AS made_ms, COALESCE(made_by, '') AS made_by \
        FROM secrets WHERE project = $1 AND environment = $2 \
        AND removed_ms IS NULL ORDER BY name, version";
    AUDIT_PUT = "INSERT INTO audit_events (seq, at_ms, actor, action, project, environment, run, body, hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    AUDIT_AFTER = "SELECT body, hash FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2";
    AUDIT_OF_RUN = "SELECT body FROM audit_events WHERE project = $1 AND environment = $2 AND run = $3 ORDER BY seq";
    AUDIT_RECENT = "SELECT body FROM audit_events ORDER BY seq DESC LIMIT $1";
    CHECKPOINT_PUT = "INSERT INTO checkpoints (seq, body) VALUES ($1, $2) ON CONFLICT (seq) DO NOTHING";
    CHECKPOINT_LIST = "SELECT body FROM checkpoints ORDER BY seq";
    HEAD_GET = "SELECT seq, hash FROM heads WHERE name = $1";
    /// PostgreSQL takes the row's lock, which makes commits of several replicas stand in one line.
    HEAD_TAKE = "UPDATE heads SET seq = seq WHERE name = $1";
    HEAD_PUT = "UPDATE heads SET seq = $2, hash = $3 WHERE name = $1";
    USER_PUT = "INSERT INTO users (person, role, since_ms) VALUES ($1, $2, $3) \
        ON CONFLICT (person) DO UPDATE SET role = excluded.role";
    /// Changes nothing, and no row where there is no admin.
    USER_ADMIN_LEFT = "UPDATE users SET role = role \
        WHERE person = (SELECT MIN(person) FROM users WHERE role = 'admin')";
    USER_DELETE = "DELETE FROM users WHERE person = $1";
    USER_GET = "SELECT person, role FROM users WHERE person = $1";
    USER_LIST = "SELECT person, role FROM users ORDER BY person";
    IDENTITY_PUT = "INSERT INTO identities (front, external_id, person) VALUES ($1, $2, $3) \
        ON CONFLICT (front, external_id) DO UPDATE SET person = excluded.person \
        WHERE identities.person = excluded.person";
    IDENTITY_MOVE = "UPDATE identities SET person = $4 WHERE front = $1 AND external_id = $2 AND person = $3";
    IDENTITY_DELETE_OF = "DELETE FROM identities WHERE person = $1";
    IDENTITY_GET = "SELECT person FROM identities WHERE front = $1 AND external_id = $2";
    IDENTITY_LIST = "SELECT front, external_id, person FROM identities ORDER BY person, front, external_id";
    CONVERSATION_PUT = "INSERT INTO conversations (conversation, front, body, cursor_seq) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (conversation) DO UPDATE SET body = excluded.body WHERE conversations.body = $5";
    CONVERSATION_CURSOR = "UPDATE conversations SET cursor_seq = $2 WHERE conversation = $1 AND cursor_seq < $2";
    CONVERSATION_GET = "SELECT body, cursor_seq FROM conversations WHERE conversation = $1";
    QUESTION_DUE_CLEAR = "DELETE FROM question_dues WHERE conversation = $1";
    QUESTION_DUE_PUT = "INSERT INTO question_dues (conversation, asked, due_ms) VALUES ($1, $2, $3)";
    QUESTION_DUE = "SELECT asked FROM question_dues WHERE conversation = $1 AND due_ms <= $2 ORDER BY due_ms, asked";
    STANDING_PUT = "INSERT INTO standing_orders (project, number, kind, person, body, made_ms) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, number) DO NOTHING";
    STANDING_REMOVE = "UPDATE standing_orders SET removed_ms = $3 WHERE project = $1 AND number = $2 \
        AND removed_ms IS NULL";
    STANDING_LIST = "SELECT body FROM standing_orders WHERE project = $1 AND removed_ms IS NULL ORDER BY number";
    /// Removed ones count: a number is given once, so that an old button never means another order.
    STANDING_NEWEST = "SELECT number FROM standing_orders WHERE project = $1 ORDER BY number DESC LIMIT 1";
    OUTBOX_PUT = "INSERT INTO outbox (message, conversation, card, body, created_ms) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (message) DO NOTHING";
    OUTBOX_SUPERSEDE = "DELETE FROM outbox WHERE conversation = $1 AND card = $2 AND card <> '' AND message < $3";
    OUTBOX_LIST = "SELECT message, card, body FROM outbox WHERE conversation = $1 ORDER BY message LIMIT $2";
    OUTBOX_DELETE = "DELETE FROM outbox WHERE message = $1";
    QUESTION_CONVERSATIONS = "SELECT DISTINCT conversation FROM question_dues WHERE conversation LIKE $1 AND due_ms <= $2 \
        ORDER BY conversation";
    OUTBOX_CONVERSATIONS = "SELECT DISTINCT conversation FROM outbox WHERE conversation LIKE $1 ORDER BY conversation";
    INBOX_PUT = "INSERT INTO inbox (front, event, body, at_ms) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (front, event) DO NOTHING";
    INBOX_LIST = "SELECT event, body FROM inbox WHERE front = $1 ORDER BY at_ms, event LIMIT $2";
    INBOX_KNOWN = "SELECT event FROM inbound WHERE front = $1 AND event = $2 \
        UNION SELECT event FROM inbox WHERE front = $1 AND event = $2";
    INBOX_DELETE = "DELETE FROM inbox WHERE front = $1 AND event = $2";
    SHOWN_PUT = "INSERT INTO shown (conversation, card, message, at_ms) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (conversation, card) DO UPDATE SET message = excluded.message, at_ms = excluded.at_ms";
    SHOWN_LINK = "UPDATE shown SET link = $3 WHERE conversation = $1 AND card = $2";
    SHOWN_LINKS = "SELECT conversation, link FROM shown WHERE card = $1 AND link <> '' ORDER BY at_ms, conversation";
    SHOWN_DELETE = "DELETE FROM shown WHERE conversation = $1 AND card = $2";
    SHOWN_GET = "SELECT message, at_ms, link FROM shown WHERE conversation = $1 AND card = $2";
    SHOWN_IN = "SELECT conversation FROM shown WHERE card = $1 AND conversation LIKE $2 \
        UNION SELECT conversation FROM outbox WHERE card = $1 AND conversation LIKE $2 ORDER BY conversation";
    SHOWN_CARD = "SELECT card FROM shown WHERE conversation = $1 AND message = $2";
    OFFERED_PUT = "INSERT INTO offered (conversation, message, run, body, at_ms) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (conversation, message, run) DO UPDATE SET body = excluded.body, at_ms = excluded.at_ms";
    OFFERED_DELETE = "DELETE FROM offered WHERE conversation = $1 AND message = $2";
    OFFERED_LIST = "SELECT conversation, message, body FROM offered WHERE run = $1 AND conversation LIKE $2 \
        ORDER BY at_ms, conversation, message";
    LISTENED_PUT = "INSERT INTO listened (conversation, heard_ms) VALUES ($1, $2) ON CONFLICT (conversation) \
        DO UPDATE SET heard_ms = excluded.heard_ms WHERE listened.heard_ms < excluded.heard_ms";
    LISTENED_DELETE = "DELETE FROM listened WHERE conversation = $1";
    LISTENED_LIST = "SELECT conversation, heard_ms FROM listened WHERE conversation LIKE $1 ORDER BY conversation";
    INBOUND_PUT = "INSERT INTO inbound (front, event, at_ms) VALUES ($1, $2, $3) ON CONFLICT (front, event) DO NOTHING";
    INBOUND_GET = "SELECT event FROM inbound WHERE front = $1 AND event = $2";
    INBOUND_FORGET = "DELETE FROM inbound WHERE at_ms < $1";
    ALERT_PUT = "INSERT INTO text_alerts (alert, fold, state, body, due_ms, at_ms, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (alert) DO UPDATE SET state = excluded.state, \
        body = excluded.body, due_ms = excluded.due_ms, version = excluded.version \
        WHERE text_alerts.version = excluded.version - 1";
    ALERT_GET = "SELECT body FROM text_alerts WHERE alert = $1";
    ALERT_DUE = "SELECT body FROM text_alerts WHERE due_ms <= $1 ORDER BY at_ms, alert LIMIT $2";
    ALERT_SAME = "SELECT body FROM text_alerts WHERE fold = $1 AND at_ms >= $2 ORDER BY at_ms DESC, alert LIMIT 1";
    TEXT_PUT = "INSERT INTO texts (text, kind, phone, state, sent_as, body, due_ms, made_ms, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (text) DO UPDATE SET state = excluded.state, \
        sent_as = excluded.sent_as, body = excluded.body, due_ms = excluded.due_ms, version = excluded.version \
        WHERE texts.version = excluded.version - 1";
    TEXT_GET = "SELECT body FROM texts WHERE text = $1";
    TEXT_SENT_AS = "SELECT body FROM texts WHERE sent_as = $1";
    TEXT_DUE = "SELECT body FROM texts WHERE due_ms <= $1 ORDER BY made_ms, text LIMIT $2";
    TEXT_SINCE = "SELECT body FROM texts WHERE phone = $1 AND made_ms > $2 ORDER BY made_ms, text";
    /// When something is to be done about an alert or a text next.
    TEXT_NEXT = "SELECT due_ms FROM text_alerts WHERE due_ms IS NOT NULL UNION ALL \
        SELECT due_ms FROM texts WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1";
    CODE_PUT = "INSERT INTO text_codes (phone, code, body, expires_ms) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (phone, code) DO NOTHING";
    CODE_GET = "SELECT body FROM text_codes WHERE phone = $1 AND code = $2";
    CODE_USE = "UPDATE text_codes SET body = $3, used_ms = $4 WHERE phone = $1 AND code = $2 AND used_ms IS NULL";
    CODE_FORGET = "DELETE FROM text_codes WHERE expires_ms < $1";
    MISS_PUT = "INSERT INTO text_misses (phone, event, at_ms) VALUES ($1, $2, $3) ON CONFLICT (phone, event) DO NOTHING";
    MISS_SINCE = "SELECT event FROM text_misses WHERE phone = $1 AND at_ms > $2";
    TEXT_CURSOR_NEW = "INSERT INTO text_cursors (name, place) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    TEXT_CURSOR_MOVE = "UPDATE text_cursors SET place = $2 WHERE name = $1 AND place = $3";
    TEXT_CURSOR_GET = "SELECT place FROM text_cursors WHERE name = $1";
    FIRED_PUT = "INSERT INTO fired (fired, project, rule, body, due_ms, at_ms, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (fired) DO UPDATE SET body = excluded.body, \
        due_ms = excluded.due_ms, version = excluded.version WHERE fired.version = excluded.version - 1";
    FIRED_DUE = "SELECT body FROM fired WHERE due_ms <= $1 ORDER BY at_ms, fired LIMIT $2";
    FIRED_SINCE = "SELECT body FROM fired WHERE project = $1 AND rule = $2 AND (at_ms > $3 OR due_ms IS NOT NULL) \
        ORDER BY at_ms DESC, fired";
    PHONE_PUT = "INSERT INTO phone_texts (number, text, phone, body, at_ms) \
        VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM phone_texts), $1, $2, $3, $4) ON CONFLICT (text) DO NOTHING";
    PHONE_AFTER = "SELECT number, phone, body FROM phone_texts WHERE number > $1 ORDER BY number LIMIT $2";
    PHONE_GET = "SELECT number FROM phone_texts WHERE text = $1";
    PHONE_HEAD = "SELECT number FROM phone_texts ORDER BY number DESC LIMIT 1";
}

statements! { ON_SQLITE:
    SQLITE_BACKUP = "VACUUM INTO $1";
    /// "ok", or what is wrong, in at most three lines: one damaged page may make thousands.
    SQLITE_CHECK = "PRAGMA integrity_check(3)";
    SQLITE_NEWEST_MIGRATION = "SELECT MAX(version) FROM _sqlx_migrations";
    /// A SQLite file has one host, which carries out every run: there is nobody to lease them from.
    SQLITE_RUN_LEASE = "SELECT run FROM runs WHERE state NOT IN ('succeeded', 'failed', 'rolled-back', 'cancelled') \
        ORDER BY created_ms, run";
}

statements! { ON_POSTGRES:
    /// Runs nobody has, and those this owner had in a former life. What another replica is leasing at this very moment
    /// is passed over, not waited for: that is how replicas share the work.
    POSTGRES_RUN_LEASE = "WITH free AS (SELECT run FROM runs \
        WHERE state NOT IN ('succeeded', 'failed', 'rolled-back', 'cancelled') AND run <> ALL($4::text[]) \
        AND (lease_owner IS NULL OR lease_owner = $1 OR lease_until_ms <= $2) \
        ORDER BY created_ms, run LIMIT $5 FOR UPDATE SKIP LOCKED) \
        UPDATE runs SET lease_owner = $1, lease_until_ms = $3, fence = fence + 1 FROM free WHERE runs.run = free.run \
        RETURNING runs.run, runs.fence";
    /// One run in a statement: one that waits for the committer's lock of a row has no lock the committer may wait for.
    POSTGRES_RUN_LEASE_RENEW = "UPDATE runs SET lease_until_ms = $2 WHERE run = $3 AND fence = $4 AND lease_owner = $1";
    POSTGRES_RUN_LEASE_RELEASE = "UPDATE runs SET lease_owner = NULL, lease_until_ms = NULL \
        WHERE run = $2 AND fence = $3 AND lease_owner = $1";
    /// Wakes the other programs on this database, when the transaction is committed. SQLite has no such thing, and one
    /// program that works.
    POSTGRES_NOTIFY = "SELECT pg_notify('infra_chat', $1)";
    /// What a program that stalls in the midst of a commit has locked (the head of the record, which all wait for) is free again before
    /// its leases have run out.
    POSTGRES_STALLED = "SELECT set_config('idle_in_transaction_session_timeout', '10000', false)";
    POSTGRES_HOST_CLAIM = "SELECT pg_try_advisory_lock($1)";
    /// A host that vanishes without a word is noticed by the server within half a minute, not within two hours.
    POSTGRES_HOST_KEEPALIVE = "SELECT set_config('tcp_keepalives_idle', '10', false), \
        set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)";
}
