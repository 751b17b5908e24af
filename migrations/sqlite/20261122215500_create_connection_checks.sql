-- What a provider said when it was last asked whether a connection's secret opens it: whose account it is, in which version of the
-- secret, and what it may do. Another version of the secret has not been asked about.
CREATE TABLE connection_checks (
    project TEXT NOT NULL,
    environment TEXT NOT NULL,
    connection TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (project, environment, connection)
);
