-- +goose Up

-- What every product row looks like that was ever sent for an order: when numbers of rows are lost, those that look like
-- one of these are ours. Rows sent until now are known by the print of what was last sent.
CREATE TABLE bitrix24_sent_rows (
    portal_id integer NOT NULL REFERENCES bitrix24_portals (id),
    order_id integer NOT NULL,
    looks text NOT NULL,
    PRIMARY KEY (portal_id, order_id, looks)
);
INSERT INTO bitrix24_sent_rows (portal_id, order_id, looks)
SELECT DISTINCT portal_id, order_id, print FROM bitrix24_rows WHERE print <> '';

-- +goose Down
DROP TABLE bitrix24_sent_rows;
