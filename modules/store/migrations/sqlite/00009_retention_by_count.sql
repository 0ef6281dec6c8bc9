-- +goose Up

-- How many of the newest runs of its DAG are kept, this one among them; 0 goes by retain_days alone.
alter table runs add column retain_runs integer not null default 0 check (retain_runs >= 0);
create index runs_counted on runs (dag, queued) where parent = '' and retain_runs > 0 and expires = 0;

-- The base file of the workspace that the DAG belongs to, over the other base file.
alter table texts add column workspace_file text not null default '';
alter table texts add column workspace text references bases (hash);
create index texts_workspace on texts (workspace) where workspace is not null;
