drop function if exists cleanup_old_sync_logs(bigint);
drop view if exists sync_stats;
drop table if exists sync_logs;
drop table if exists sync_runs;
drop table if exists sync_queue;
