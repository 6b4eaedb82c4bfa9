-- +goose Up

-- «Выгрузка базы»: what exists already and is sent in the background. One run at a time is enough.
CREATE TABLE bitrix24_backfills (
    id integer PRIMARY KEY AUTOINCREMENT,
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    actor text NOT NULL,
    since datetime,
    until datetime,
    what text NOT NULL,
    state text NOT NULL,
    gathered text NOT NULL DEFAULT '',
    before_id integer NOT NULL DEFAULT 0,
    started_at datetime NOT NULL,
    resumed_at datetime NOT NULL,
    finished_at datetime
);

-- The records of a run, in the order they leave.
CREATE TABLE bitrix24_backfill_records (
    backfill_id integer NOT NULL REFERENCES bitrix24_backfills (id) ON DELETE CASCADE,
    local text NOT NULL,
    local_id integer NOT NULL,
    rank integer NOT NULL,
    state text NOT NULL,
    note text NOT NULL DEFAULT '',
    at datetime NOT NULL,
    PRIMARY KEY (backfill_id, local, local_id)
);
CREATE INDEX bitrix24_backfill_records_state ON bitrix24_backfill_records (backfill_id, state, rank, local_id);
CREATE INDEX bitrix24_backfill_records_at ON bitrix24_backfill_records (backfill_id, at);

-- «Сверка»: a comparison of a period, and what differed.
CREATE TABLE bitrix24_comparisons (
    id integer PRIMARY KEY AUTOINCREMENT,
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    actor text NOT NULL,
    since datetime NOT NULL,
    until datetime NOT NULL,
    state text NOT NULL,
    before_id integer NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    same integer NOT NULL DEFAULT 0,
    different integer NOT NULL DEFAULT 0,
    missing integer NOT NULL DEFAULT 0,
    gone integer NOT NULL DEFAULT 0,
    started_at datetime NOT NULL,
    finished_at datetime
);
CREATE TABLE bitrix24_comparison_rows (
    comparison_id integer NOT NULL REFERENCES bitrix24_comparisons (id) ON DELETE CASCADE,
    order_id integer NOT NULL,
    remote_id integer NOT NULL DEFAULT 0,
    result text NOT NULL,
    fields text NOT NULL DEFAULT '[]' CHECK (json_valid(fields)),
    mended_at datetime,
    PRIMARY KEY (comparison_id, order_id)
);

-- Records of the portal that vanished together: nothing is dropped until a person has decided.
CREATE TABLE bitrix24_vanished (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    entity text NOT NULL,
    remote_id integer NOT NULL,
    decision text NOT NULL DEFAULT '',
    actor text NOT NULL DEFAULT '',
    found_at datetime NOT NULL,
    PRIMARY KEY (portal_id, entity, remote_id)
);

-- Which product of the portal's catalogue is which product of a site.
CREATE TABLE bitrix24_products (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    site_id integer NOT NULL,
    material_id integer NOT NULL,
    product_id integer NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (portal_id, site_id, material_id)
);
CREATE INDEX bitrix24_products_product ON bitrix24_products (portal_id, product_id);

-- +goose Down
DROP TABLE bitrix24_products;
DROP TABLE bitrix24_vanished;
DROP TABLE bitrix24_comparison_rows;
DROP TABLE bitrix24_comparisons;
DROP TABLE bitrix24_backfill_records;
DROP TABLE bitrix24_backfills;
