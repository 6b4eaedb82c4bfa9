-- +goose Up

-- Who we are on every portal (ORIGINATOR_ID): made once, so that a restored copy of the portal's data never adopts
-- another panel's records.
CREATE TABLE bitrix24_installations (
    id text PRIMARY KEY
);
INSERT INTO bitrix24_installations (id) VALUES (lower(hex(randomblob(8))));

-- The portals this database has been connected to. Links belong to a portal.
CREATE TABLE bitrix24_portals (
    id integer PRIMARY KEY AUTOINCREMENT,
    address text NOT NULL UNIQUE,
    clock_offset_ms integer NOT NULL DEFAULT 0,
    bucket_level real NOT NULL DEFAULT 0,
    bucket_at datetime,
    cursors text NOT NULL DEFAULT '{}' CHECK (json_valid(cursors)),
    caught integer NOT NULL DEFAULT 0,
    last_event_at datetime,
    refused_events integer NOT NULL DEFAULT 0,
    created_at datetime NOT NULL
);

-- Which record here is which record there, and what both sides last agreed on.
CREATE TABLE bitrix24_links (
    id integer PRIMARY KEY AUTOINCREMENT,
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    local text NOT NULL,
    local_id integer NOT NULL,
    entity text NOT NULL,
    remote_id integer NOT NULL,
    state text NOT NULL DEFAULT '',
    agreed text NOT NULL DEFAULT '{}' CHECK (json_valid(agreed)),
    refused text NOT NULL DEFAULT '{}' CHECK (json_valid(refused)),
    category_id integer NOT NULL DEFAULT 0,
    stage text NOT NULL DEFAULT '',
    amount integer NOT NULL DEFAULT 0,
    checked boolean NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    UNIQUE (portal_id, local, entity, local_id),
    UNIQUE (portal_id, local, entity, remote_id)
);
CREATE INDEX bitrix24_links_remote ON bitrix24_links (portal_id, entity, remote_id);

-- Records we were about to make when we last heard: before such a record is made, it is looked for by its key.
CREATE TABLE bitrix24_intents (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    entity text NOT NULL,
    key text NOT NULL,
    sent_at datetime NOT NULL,
    agreed text CHECK (json_valid(agreed)),
    PRIMARY KEY (portal_id, entity, key)
);

-- The product rows of deals and leads that are ours, by the part of the order they stand for.
CREATE TABLE bitrix24_rows (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    entity text NOT NULL,
    order_id integer NOT NULL,
    key text NOT NULL,
    row_id integer NOT NULL,
    print text NOT NULL,
    PRIMARY KEY (portal_id, entity, order_id, key)
);

-- What an employee decided about one record against the settings: send it, or leave it alone.
CREATE TABLE bitrix24_choices (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    local text NOT NULL,
    local_id integer NOT NULL,
    choice text NOT NULL,
    actor text NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (portal_id, local, local_id)
);

-- Every exchange, in words.
CREATE TABLE bitrix24_journal (
    id integer PRIMARY KEY AUTOINCREMENT,
    at datetime NOT NULL,
    direction text NOT NULL,
    local text NOT NULL,
    local_id integer NOT NULL,
    entity text NOT NULL,
    remote_id integer NOT NULL,
    outcome text NOT NULL,
    text text NOT NULL,
    attempt integer NOT NULL,
    duration_ms integer NOT NULL,
    request text NOT NULL,
    answer text NOT NULL
);
CREATE INDEX bitrix24_journal_at ON bitrix24_journal (at);
CREATE INDEX bitrix24_journal_record ON bitrix24_journal (local, local_id, id);
CREATE INDEX bitrix24_journal_outcome ON bitrix24_journal (outcome, id);

-- Who changed which setting, and when; never a secret.
CREATE TABLE bitrix24_audit (
    id integer PRIMARY KEY AUTOINCREMENT,
    at datetime NOT NULL,
    actor text NOT NULL,
    text text NOT NULL
);

-- +goose Down
DROP TABLE bitrix24_audit;
DROP TABLE bitrix24_journal;
DROP TABLE bitrix24_choices;
DROP TABLE bitrix24_rows;
DROP TABLE bitrix24_intents;
DROP TABLE bitrix24_links;
DROP TABLE bitrix24_portals;
DROP TABLE bitrix24_installations;
