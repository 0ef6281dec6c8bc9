-- +goose Up

-- The working directory of a run whose DAG has none, as it was given; '' is one of the run's own.
alter table runs add column default_working_dir text not null default '';
