-- The connections each environment has, as its project's description comes to: what providers will keep their findings by.
-- Written with the description; databases from before have none, and neither have their descriptions.
CREATE TABLE connections (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    connection TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, environment, connection)
);
