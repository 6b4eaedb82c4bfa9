-- +goose Up

-- The panel's address, PUBLIC_URL, when the portal was last used from here. A panel that finds another one here has
-- moved, or is a copy of the database. Empty: not known yet, the first start takes the present one.
ALTER TABLE bitrix24_portals ADD COLUMN public_url text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE bitrix24_portals DROP COLUMN public_url;
