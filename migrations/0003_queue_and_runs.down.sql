drop table if exists sync_runs;
drop table if exists sync_queue;
