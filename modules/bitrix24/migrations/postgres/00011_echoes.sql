-- +goose Up

-- When a write of ours about the linked record last left: an event that comes soon after may be that write's echo.
ALTER TABLE bitrix24_links ADD COLUMN sent_at timestamptz;

-- The modification (by the portal's clock) up to which the record was read, after the second it was made in had passed.
ALTER TABLE bitrix24_links ADD COLUMN seen_at timestamptz;

-- +goose Down
ALTER TABLE bitrix24_links DROP COLUMN seen_at;
ALTER TABLE bitrix24_links DROP COLUMN sent_at;
