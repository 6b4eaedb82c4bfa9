-- +goose Up

-- Deals that carry an order's external key and are not its deal: robots copy deals with their keys, a merge gives the
-- key to the winner. They are offered to people when the order's own deal is deleted, and never taken without them.
CREATE TABLE bitrix24_copies (
    portal_id bigint NOT NULL REFERENCES bitrix24_portals (id),
    entity text NOT NULL,
    remote_id bigint NOT NULL,
    order_id bigint NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (portal_id, entity, remote_id)
);
CREATE INDEX bitrix24_copies_order ON bitrix24_copies (portal_id, entity, order_id);

-- +goose Down
DROP TABLE bitrix24_copies;
