-- +goose Up
-- Tells apart two records that got the same number: a database restored from an older copy gives numbers out again.
-- Empty: the record is older than the column.
ALTER TABLE orders ADD COLUMN token text NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN token text NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN token text NOT NULL DEFAULT '';
ALTER TABLE legal_entities ADD COLUMN token text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE legal_entities DROP COLUMN token;
ALTER TABLE organizations DROP COLUMN token;
ALTER TABLE clients DROP COLUMN token;
ALTER TABLE orders DROP COLUMN token;
