-- +goose Up

-- The last call to each phone: a second click within half a minute must not ring twice, whichever process gets it.
CREATE TABLE bitrix24_calls (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    phone text NOT NULL,
    order_id integer NOT NULL,
    actor text NOT NULL,
    at datetime NOT NULL,
    call_id text NOT NULL DEFAULT '',
    failure text NOT NULL DEFAULT '',
    PRIMARY KEY (portal_id, phone)
);

-- «Проверить подключение»: what was found, and the events of the round trip, whichever process receives them.
CREATE TABLE bitrix24_checks (
    id integer PRIMARY KEY AUTOINCREMENT,
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    actor text NOT NULL,
    started_at datetime NOT NULL,
    lines text NOT NULL DEFAULT '[]' CHECK (json_valid(lines)),
    contact_id integer NOT NULL DEFAULT 0,
    awaits_until datetime,
    change_seen_at datetime,
    deletion_seen_at datetime
);
CREATE INDEX bitrix24_checks_contact ON bitrix24_checks (portal_id, contact_id);

-- What needs a person, and where a portal has moved.
ALTER TABLE bitrix24_portals ADD COLUMN trouble text NOT NULL DEFAULT '';
ALTER TABLE bitrix24_portals ADD COLUMN moved_to text NOT NULL DEFAULT '';

-- What the rows that a manager added to a deal by hand come to.
ALTER TABLE bitrix24_links ADD COLUMN by_hand integer NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE bitrix24_links DROP COLUMN by_hand;
ALTER TABLE bitrix24_portals DROP COLUMN moved_to;
ALTER TABLE bitrix24_portals DROP COLUMN trouble;
DROP TABLE bitrix24_checks;
DROP TABLE bitrix24_calls;
