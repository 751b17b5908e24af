-- Whoever types on the command line was `cli:NAME` once and is `terminal:NAME` now, as in the chat. Who was known by the old
-- name alone is known by the new one; where somebody else has that already, both stay as they are. Nobody asks for the old
-- names any more but programs from before, which do not start on a database that has this.
INSERT INTO identities (front, external_id, person)
SELECT 'terminal', external_id, person FROM identities WHERE front = 'cli'
ON CONFLICT (front, external_id) DO NOTHING;

DELETE FROM identities WHERE front = 'cli' AND EXISTS (
    SELECT 1 FROM identities AS moved WHERE moved.front = 'terminal'
    AND moved.external_id = identities.external_id AND moved.person = identities.person
);
