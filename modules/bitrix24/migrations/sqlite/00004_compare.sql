-- +goose Up

-- «Сверка»: orders of the period that are not to be sent at all, and what an order was compared with.
ALTER TABLE bitrix24_comparisons ADD COLUMN left_out integer NOT NULL DEFAULT 0;
ALTER TABLE bitrix24_comparison_rows ADD COLUMN entity text NOT NULL DEFAULT 'deal';

-- +goose Down
ALTER TABLE bitrix24_comparison_rows DROP COLUMN entity;
ALTER TABLE bitrix24_comparisons DROP COLUMN left_out;
