alter table if exists sync_logs reset (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold);
