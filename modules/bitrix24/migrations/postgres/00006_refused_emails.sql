-- +goose Up

-- E-mails that the portal refuses: a client or an organization is sent without it.
CREATE TABLE bitrix24_refused_emails (
    portal_id bigint NOT NULL REFERENCES bitrix24_portals (id),
    local text NOT NULL,
    local_id bigint NOT NULL,
    email text NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (portal_id, local, local_id)
);
-- Until now they were kept as choices, of kinds made up for them.
INSERT INTO bitrix24_refused_emails (portal_id, local, local_id, email, refused_at)
SELECT portal_id, replace(local, '_email', ''), local_id, choice, created_at
FROM bitrix24_choices WHERE local IN ('client_email', 'organization_email');
DELETE FROM bitrix24_choices WHERE local IN ('client_email', 'organization_email');

-- +goose Down
INSERT INTO bitrix24_choices (portal_id, local, local_id, choice, actor, created_at)
SELECT portal_id, local || '_email', local_id, email, 'Битрикс24', refused_at FROM bitrix24_refused_emails;
DROP TABLE bitrix24_refused_emails;
