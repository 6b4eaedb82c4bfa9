-- +goose Up

-- What was sent and answered, deflated. Lines of before keep it in request and answer until they are pruned.
ALTER TABLE bitrix24_journal ADD COLUMN packed bytea;

-- +goose Down
ALTER TABLE bitrix24_journal DROP COLUMN packed;
