-- +goose Up

-- «Журнал обмена» is searched by a number, which may be an order's, a client's or an organization's.
DROP INDEX bitrix24_journal_record;
CREATE INDEX bitrix24_journal_record ON bitrix24_journal (local_id, id);

-- +goose Down
DROP INDEX bitrix24_journal_record;
CREATE INDEX bitrix24_journal_record ON bitrix24_journal (local, local_id, id);
