-- +goose Up
CREATE TABLE employees (
    id integer PRIMARY KEY AUTOINCREMENT,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('administrator', 'supervisor', 'operator', 'accountant')),
    password text NOT NULL,
    active boolean NOT NULL,
    sign_ins integer NOT NULL DEFAULT 0,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL
);

CREATE TABLE login_attempts (
    key text PRIMARY KEY,
    attempts integer NOT NULL,
    since datetime NOT NULL
);

CREATE INDEX login_attempts_since ON login_attempts (since);

CREATE TABLE staff_invitations (
    token_hash text PRIMARY KEY,
    created_at datetime NOT NULL
);

-- +goose Down
DROP TABLE staff_invitations;
DROP TABLE login_attempts;
DROP TABLE employees;
