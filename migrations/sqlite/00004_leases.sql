-- +goose Up
-- Who works a lane. What lanes.holder and lanes.held_since said is said here; they stay for older programs.
CREATE TABLE leases (
    lane       text PRIMARY KEY,
    holder     text NOT NULL, -- for people; empty when it was given back
    epoch      integer NOT NULL, -- grows with every holder
    held_since datetime,
    ends_at    datetime NOT NULL, -- by the database's clock, as held_since; renewed by the holder
    UNIQUE (lane, epoch)
);

-- +goose Down
DROP TABLE leases;
