-- +goose Up

-- Durable work. Equal jobs (of one kind and key) wait as one and never run twice at a time.
CREATE TABLE jobs (
    id          integer PRIMARY KEY AUTOINCREMENT,
    lane        text NOT NULL,
    kind        text NOT NULL,
    key         text NOT NULL,
    args        text NOT NULL,
    priority    integer NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts    integer NOT NULL DEFAULT 0,
    version     integer NOT NULL DEFAULT 1, -- grows with each job that joined this one
    claim       integer NOT NULL DEFAULT 0, -- of the run it is in or was in last
    last_error  text NOT NULL DEFAULT '',
    enqueued_at datetime NOT NULL,
    run_at      datetime NOT NULL,
    started_at  datetime,
    finished_at datetime
);
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, key) WHERE state = 'waiting';
CREATE UNIQUE INDEX jobs_running ON jobs (kind, key) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_failed ON jobs (kind, key) WHERE state = 'failed';
CREATE INDEX jobs_due ON jobs (lane, priority, run_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_next ON jobs (lane, run_at) WHERE state = 'waiting';
CREATE INDEX jobs_busy ON jobs (lane, key) WHERE state = 'running';
CREATE INDEX jobs_kind_key ON jobs (kind, key, id);
CREATE INDEX jobs_done ON jobs (lane, finished_at) WHERE state = 'done';

-- A lane is worked by one holder at a time; the name here is for people, the lock itself is the database's.
CREATE TABLE lanes (
    name         text PRIMARY KEY,
    holder       text NOT NULL DEFAULT '',
    held_since   datetime,
    paused_since datetime,
    paused_until datetime, -- ask the other side then; the pause ends when it answers
    pauses       integer NOT NULL DEFAULT 0, -- in a row
    reason       text NOT NULL DEFAULT '',
    probed_at    datetime
);

CREATE TABLE settings (
    name       text PRIMARY KEY,
    document   text NOT NULL,
    updated_at datetime NOT NULL
);

CREATE TABLE sessions (
    token  text PRIMARY KEY,
    data   blob NOT NULL,
    expiry datetime NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);

-- +goose Down
DROP TABLE sessions;
DROP TABLE settings;
DROP TABLE lanes;
DROP TABLE jobs;
