-- +goose Up

-- The run whose step waits for this one, and that step; '' is none. Such a run lives inside the other and never waits in a queue.
alter table runs add column parent text not null default '' check (parent = '' or status <> 'queued');
alter table runs add column parent_step text not null default '';
-- The run at the beginning of the calls that led to this one; '' where no step called it.
alter table runs add column root_dag text not null default '';
alter table runs add column root_id text not null default '';

-- The document of the file that is the DAG; '' is the first one.
alter table texts add column document text not null default '';

create index runs_parent on runs (parent, seq) where parent <> '';

-- The history of a DAG, its schedules and its stops know nothing of runs inside of others.
drop index runs_dag;
drop index runs_queued;
drop index runs_open;
drop index runs_succeeded;
create index runs_dag on runs (dag, queued) where parent = '';
create index runs_queued on runs (queued) where parent = '';
create index runs_open on runs (dag, status) where parent = '' and status in ('queued', 'running');
create index runs_succeeded on runs (dag, finished) where parent = '' and status = 'succeeded';
