-- +goose Up
CREATE TABLE sites (
    id integer PRIMARY KEY AUTOINCREMENT,
    name text NOT NULL,
    url text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    created_at datetime NOT NULL
);

CREATE TABLE clients (
    id integer PRIMARY KEY AUTOINCREMENT,
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    second_name text NOT NULL DEFAULT '',
    display_name text NOT NULL DEFAULT '',
    email text UNIQUE,
    phone text UNIQUE,
    phone_typed text NOT NULL DEFAULT '',
    status text NOT NULL,
    manager_id integer,
    external_number text NOT NULL DEFAULT '',
    password_hash text NOT NULL DEFAULT '',
    search text NOT NULL DEFAULT '',
    registered_at datetime NOT NULL,
    last_visit_at datetime,
    revision integer NOT NULL
);
CREATE INDEX clients_status ON clients (status, id);

CREATE TABLE organizations (
    id integer PRIMARY KEY AUTOINCREMENT,
    name text NOT NULL,
    status text NOT NULL,
    address text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    type text NOT NULL DEFAULT '',
    manager_id integer,
    external_number text NOT NULL DEFAULT '',
    search text NOT NULL DEFAULT '',
    registered_at datetime NOT NULL,
    revision integer NOT NULL
);

CREATE TABLE legal_entities (
    id integer PRIMARY KEY AUTOINCREMENT,
    organization_id integer NOT NULL REFERENCES organizations (id),
    position integer NOT NULL,
    name text NOT NULL,
    inn text NOT NULL DEFAULT '',
    kpp text NOT NULL DEFAULT '',
    ogrn text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    bank text NOT NULL DEFAULT '',
    bik text NOT NULL DEFAULT '',
    account text NOT NULL DEFAULT '',
    corr_account text NOT NULL DEFAULT ''
);
CREATE INDEX legal_entities_organization ON legal_entities (organization_id, position);

CREATE TABLE organization_employees (
    id integer PRIMARY KEY AUTOINCREMENT,
    organization_id integer NOT NULL REFERENCES organizations (id),
    client_id integer NOT NULL REFERENCES clients (id),
    role text NOT NULL,
    UNIQUE (organization_id, client_id)
);
CREATE INDEX organization_employees_client ON organization_employees (client_id);

CREATE TABLE orders (
    id integer PRIMARY KEY AUTOINCREMENT,
    custom_id text NOT NULL DEFAULT '',
    site_id integer NOT NULL REFERENCES sites (id),
    client_id integer NOT NULL REFERENCES clients (id),
    organization_id integer REFERENCES organizations (id),
    legal_entity_id integer REFERENCES legal_entities (id),
    type text NOT NULL,
    source text NOT NULL,
    status text NOT NULL,
    status_at datetime NOT NULL,
    currency text NOT NULL,
    discount integer NOT NULL,
    delivery_price integer NOT NULL,
    total integer NOT NULL CHECK (total >= 0),
    paid integer NOT NULL CHECK (paid >= 0),
    account_paid integer NOT NULL DEFAULT 0,
    payment_method text NOT NULL DEFAULT '',
    shipping_number integer NOT NULL DEFAULT 0,
    shipping_title text NOT NULL DEFAULT '',
    shipping_type text NOT NULL DEFAULT '',
    shipping_phone text NOT NULL DEFAULT '',
    shipping_email text NOT NULL DEFAULT '',
    address_zip_code text NOT NULL DEFAULT '',
    address_line1 text NOT NULL DEFAULT '',
    address_line2 text NOT NULL DEFAULT '',
    address_description text NOT NULL DEFAULT '',
    address_city text NOT NULL DEFAULT '',
    address_country text NOT NULL DEFAULT '',
    address_state text NOT NULL DEFAULT '',
    address_full_name text NOT NULL DEFAULT '',
    address_phone text NOT NULL DEFAULT '',
    tracking text NOT NULL DEFAULT '',
    comment text NOT NULL DEFAULT '',
    utm_source text NOT NULL DEFAULT '',
    utm_medium text NOT NULL DEFAULT '',
    utm_campaign text NOT NULL DEFAULT '',
    utm_content text NOT NULL DEFAULT '',
    utm_term text NOT NULL DEFAULT '',
    manager_id integer,
    archive_key text NOT NULL,
    title text NOT NULL DEFAULT '',
    search text NOT NULL DEFAULT '',
    created_at datetime NOT NULL,
    modified_at datetime NOT NULL,
    revision integer NOT NULL
);
INSERT INTO sqlite_sequence (name, seq) VALUES ('orders', 3284900);
CREATE INDEX orders_status ON orders (status, id);
CREATE INDEX orders_client ON orders (client_id, id);
CREATE INDEX orders_organization ON orders (organization_id, id);
CREATE INDEX orders_site ON orders (site_id, id);
CREATE INDEX orders_created ON orders (created_at);

CREATE TABLE items (
    id integer PRIMARY KEY AUTOINCREMENT,
    order_id integer NOT NULL REFERENCES orders (id),
    position integer NOT NULL,
    material_id integer NOT NULL DEFAULT 0,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    quantity integer NOT NULL CHECK (quantity > 0),
    price integer NOT NULL CHECK (price >= 0),
    options text NOT NULL DEFAULT '[]' CHECK (json_valid(options)),
    comment text NOT NULL DEFAULT ''
);
CREATE INDEX items_order ON items (order_id, position);

CREATE TABLE item_files (
    id integer PRIMARY KEY AUTOINCREMENT,
    order_id integer NOT NULL REFERENCES orders (id),
    item_id integer NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    name text NOT NULL,
    size integer NOT NULL
);
CREATE INDEX item_files_item ON item_files (item_id);
CREATE INDEX item_files_order ON item_files (order_id);

CREATE TABLE file_contents (
    file_id integer PRIMARY KEY REFERENCES item_files (id) ON DELETE CASCADE,
    content blob NOT NULL
);

CREATE TABLE order_messages (
    id integer PRIMARY KEY AUTOINCREMENT,
    order_id integer NOT NULL REFERENCES orders (id),
    text text NOT NULL,
    author text NOT NULL,
    visible_to_client boolean NOT NULL,
    created_at datetime NOT NULL
);
CREATE INDEX order_messages_order ON order_messages (order_id, id);

CREATE TABLE order_payments (
    id integer PRIMARY KEY AUTOINCREMENT,
    order_id integer NOT NULL REFERENCES orders (id),
    amount integer NOT NULL,
    method text NOT NULL,
    actor text NOT NULL,
    created_at datetime NOT NULL
);
CREATE INDEX order_payments_order ON order_payments (order_id, id);

CREATE TABLE order_history (
    id integer PRIMARY KEY AUTOINCREMENT,
    order_id integer NOT NULL REFERENCES orders (id),
    status text NOT NULL,
    actor text NOT NULL,
    text text NOT NULL,
    created_at datetime NOT NULL
);
CREATE INDEX order_history_order ON order_history (order_id, id);

-- How many orders stand in each status: kept with every change, so that the tabs need no counting.
CREATE TABLE order_counts (
    status text PRIMARY KEY,
    total integer NOT NULL
);

-- Answers of the public API by Idempotency-Key, kept for a day.
CREATE TABLE api_answers (
    site_id integer NOT NULL REFERENCES sites (id),
    path text NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    status integer NOT NULL,
    answer text NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (site_id, path, key)
);
CREATE INDEX api_answers_created ON api_answers (created_at);

-- +goose Down
DROP TABLE api_answers;
DROP TABLE order_counts;
DROP TABLE order_history;
DROP TABLE order_payments;
DROP TABLE order_messages;
DROP TABLE file_contents;
DROP TABLE item_files;
DROP TABLE items;
DROP TABLE orders;
DROP TABLE organization_employees;
DROP TABLE legal_entities;
DROP TABLE organizations;
DROP TABLE clients;
DROP TABLE sites;
