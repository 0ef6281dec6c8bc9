-- +goose Up

-- What health checks write and read back: how often they did so.
create table probe (
    id    integer primary key check (id = 1),
    count integer not null
) strict;
