-- +goose Up

-- What health checks ask: is a schedule decided ahead of the clock?
create index schedules_mark on schedules (mark) where to_at = 0;

-- What health checks write and read back: how often they did so.
create table probe (
    id    integer primary key check (id = 1),
    count integer not null
) strict;
