-- +goose Up

-- Times are nanoseconds since 1970 in UTC; 0 is none. Lists are JSON; '' is empty.

-- The base files that texts were loaded with: one for thousands of texts.
create table bases (
    hash text not null primary key,
    body blob not null
) strict;

-- What DAGs were loaded from, so that a run executes the text it was enqueued with.
create table texts (
    hash      text    not null primary key,
    dag       text    not null,
    file      text    not null,
    body      blob    not null,
    base_file text    not null,
    base      text    references bases (hash),
    stored    integer not null
) strict;

create index texts_base on texts (base) where base is not null;

-- The last good version of each DAG file.
create table files (
    path text not null primary key,
    dag  text not null,
    hash text not null references texts (hash)
) strict;

create index files_hash on files (hash);

-- The versions of schedules: this text stood in this DAG from from_at to to_at.
create table schedules (
    id          integer primary key,
    dag         text    not null,
    kind        text    not null check (kind in ('start', 'stop', 'restart')),
    spec        text    not null,
    zone        text    not null,
    from_at     integer not null,
    to_at       integer not null default 0,
    absent_from integer not null default 0,
    absent_to   integer not null default 0,
    mark        integer not null
) strict;

create unique index schedules_present on schedules (dag, kind, spec, zone) where to_at = 0;
create index schedules_dag on schedules (dag, kind);
create index schedules_gone on schedules (to_at) where to_at <> 0;

-- What became of due times: one outcome each, consecutive ones of one reason in one row.
create table occurrences (
    dag     text    not null,
    kind    text    not null check (kind in ('start', 'stop', 'restart')),
    due     integer not null,
    last    integer not null,
    count   integer not null check (count >= 1),
    outcome text    not null check (outcome in ('fired', 'skipped', 'missed')),
    reason  text    not null,
    run_id  text    not null,
    decided integer not null,
    primary key (dag, kind, due),
    check (last >= due),
    check (count > 1 or last = due),
    check (outcome <> 'fired' or kind = 'stop' or run_id <> ''),
    check ((outcome = 'fired') = (reason = '')),
    check (count = 1 or (outcome <> 'fired' and run_id = ''))
) strict, without rowid;

create index occurrences_last on occurrences (last);

-- Intervals in which a DAG does not start by schedule; to_at 0 is lasting.
create table suspensions (
    dag     text    not null,
    from_at integer not null,
    to_at   integer not null default 0,
    primary key (dag, from_at),
    check (to_at = 0 or to_at > from_at)
) strict, without rowid;

create unique index suspensions_lasting on suspensions (dag) where to_at = 0;

-- Processes that execute runs. Each holds a lock on the file of its id.
create table owners (
    id      text    not null primary key,
    role    text    not null check (role in ('scheduler', 'one-shot')),
    host    text    not null,
    pid     integer not null,
    started integer not null
) strict;

create table runs (
    seq               integer primary key autoincrement,
    id                text    not null unique,
    dag               text    not null,
    text_hash         text    not null references texts (hash),
    cause             text    not null,
    due               integer not null,
    queue             text    not null,
    priority          integer not null,
    params            text    not null,
    labels            text    not null,
    retain_days       integer not null check (retain_days >= 0),
    retry_interrupted integer not null check (retry_interrupted in (0, 1)),
    -- What admission goes by: the due time, else the time of queueing.
    turn              integer not null,
    queued            integer not null check (queued <> 0),
    status            text    not null,
    reason            text    not null default '',
    error             text    not null default '',
    attempt           integer not null default 0 check (attempt >= 0),
    attempt_id        text    not null default '',
    owner             text    not null default '',
    unlimited         integer not null default 0 check (unlimited in (0, 1)),
    interrupted       integer not null default 0,
    started           integer not null default 0,
    begun             integer not null default 0,
    finished          integer not null default 0,
    stop_requested    integer not null default 0,
    log_dir           text    not null default '',
    work_dir          text    not null default '',
    -- When retention ends; 0 is never.
    expires           integer not null default 0,
    check (status in ('queued', 'running', 'succeeded', 'partially_succeeded', 'failed', 'aborted')),
    check (status <> 'queued' or (owner = '' and unlimited = 0 and begun = 0)),
    check (status <> 'running' or (owner <> '' and attempt >= 1 and attempt_id <> '' and started <> 0)),
    check ((status in ('queued', 'running')) = (finished = 0)),
    check (finished <> 0 or expires = 0)
) strict;

create index runs_text on runs (text_hash);
create index runs_dag on runs (dag, queued);
create index runs_queued on runs (queued);
-- Admission: the order over all queues, and the order within each.
create index runs_order on runs (priority desc, turn, seq, queue) where status = 'queued';
create index runs_waiting on runs (queue, priority desc, turn, seq) where status = 'queued';
create index runs_running on runs (queue, unlimited) where status = 'running';
create index runs_owner on runs (owner) where status = 'running';
create index runs_open on runs (dag, status) where status in ('queued', 'running');
create index runs_expires on runs (expires) where expires <> 0;

-- The attempts of runs that are over; the present one stands in runs.
create table attempts (
    run        integer not null references runs (seq) on delete cascade,
    attempt    integer not null check (attempt >= 1),
    attempt_id text    not null,
    owner      text    not null,
    started    integer not null,
    begun      integer not null,
    finished   integer not null check (finished <> 0),
    status     text    not null,
    reason     text    not null,
    error      text    not null,
    primary key (run, attempt),
    check (status in ('succeeded', 'partially_succeeded', 'failed', 'aborted'))
) strict, without rowid;

create table steps (
    run          integer not null references runs (seq) on delete cascade,
    attempt      integer not null check (attempt >= 1),
    idx          integer not null,
    name         text    not null,
    step_id      text    not null,
    status       text    not null,
    started      integer not null,
    finished     integer not null,
    exited       integer not null check (exited in (0, 1)),
    exit_code    integer not null,
    error        text    not null,
    tries        integer not null check (tries >= 0),
    stdout       text    not null,
    stderr       text    not null,
    output       text    not null,
    output_value text    not null,
    continued    integer not null check (continued in (0, 1)),
    primary key (run, attempt, idx),
    check (status in ('not_started', 'running', 'retrying', 'succeeded', 'partially_succeeded', 'failed', 'aborted', 'skipped'))
) strict, without rowid;
