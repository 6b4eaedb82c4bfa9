-- +goose Up

-- Deals and leads of this installation whose orders or clients this database does not have: it was restored from a copy
-- that is older than they are.
CREATE TABLE bitrix24_strays (
    portal_id bigint NOT NULL REFERENCES bitrix24_portals (id),
    entity text NOT NULL,
    remote_id bigint NOT NULL,
    key text NOT NULL, -- the external key it carries
    title text NOT NULL,
    created_at timestamptz, -- on the portal
    found_at timestamptz NOT NULL,
    put_away_by text NOT NULL DEFAULT '', -- who does not want to be told of it any more
    PRIMARY KEY (portal_id, entity, remote_id)
);

-- +goose Down
DROP TABLE bitrix24_strays;
