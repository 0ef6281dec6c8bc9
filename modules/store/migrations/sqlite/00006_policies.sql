-- +goose Up

-- A serial run waits while another run of its DAG runs, and behind earlier serial ones.
alter table runs add column serial integer not null default 0 check (serial in (0, 1));
-- The run of a restart waits until the runs that it stops, which name it, have been over for so many nanoseconds.
alter table runs add column restart_wait integer;
alter table runs add column restarted_by text not null default '';

create index runs_restarting on runs (id) where status = 'queued' and restart_wait is not null;
create index runs_restarted on runs (restarted_by) where restarted_by <> '';
create index runs_succeeded on runs (dag, finished) where status = 'succeeded';

-- Serial runs stand beside the order, of which each DAG's first takes part.
drop index runs_order;
drop index runs_waiting;
create index runs_order on runs (priority desc, turn, seq, queue, not_before) where status = 'queued' and serial = 0;
create index runs_waiting on runs (queue, priority desc, turn, seq, not_before) where status = 'queued' and serial = 0;
create index runs_serial on runs (dag, turn, seq, not_before) where status = 'queued' and serial = 1;
