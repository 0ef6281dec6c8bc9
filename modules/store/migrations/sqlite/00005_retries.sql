-- +goose Up

-- When a run that is queued again may be admitted; 0 is for one that never ran.
alter table runs add column not_before integer not null default 0;
-- How often the run was queued again because its DAG wants failures retried.
alter table runs add column retries integer not null default 0 check (retries >= 0);
-- The steps that the present attempt runs again, a list; '' is all that did not succeed.
alter table runs add column only_steps text not null default '';

-- Admission reads past what waits for its time without touching the table.
drop index if exists runs_order;
drop index if exists runs_waiting;
create index runs_order on runs (priority desc, turn, seq, queue, not_before) where status = 'queued';
create index runs_waiting on runs (queue, priority desc, turn, seq, not_before) where status = 'queued';
create index runs_deferred on runs (not_before) where status = 'queued' and not_before <> 0;
