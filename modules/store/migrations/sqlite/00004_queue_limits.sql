-- +goose Up

-- The limits of queues that are in force, by which every process admits.
create table queue_limits (
    id         integer primary key check (id = 1),
    generation integer not null check (generation >= 1),
    unlimited  integer not null check (unlimited in (0, 1)),
    source     text    not null,
    since      integer not null
) strict;

-- How many admitted runs a queue may have at once; any other queue has one slot.
create table queue_slots (
    queue text    not null primary key,
    slots integer not null check (slots >= 1)
) strict, without rowid;

-- Queues that admit nothing.
create table queue_pauses (
    queue text    not null primary key,
    since integer not null
) strict, without rowid;
