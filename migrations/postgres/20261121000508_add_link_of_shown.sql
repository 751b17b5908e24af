-- A run's card is linked to from elsewhere: from how an environment stands, from approvals asked for in other places, from texts.
-- Fronts say the address when they have shown it; what was shown before has none until its run is over.
ALTER TABLE shown ADD COLUMN link TEXT NOT NULL DEFAULT '';
