-- +goose Up

-- Whether output_value is something that the step has captured or made.
alter table steps add column has_output integer not null default 0 check (has_output in (0, 1));
-- What the step wrote to DAGU_OUTPUT_FILE, and what it published by key: JSON objects of texts; '' is none.
alter table steps add column emitted text not null default '';
alter table steps add column published text not null default '';

update steps set has_output = 1 where output <> '' and status in ('succeeded', 'partially_succeeded');
