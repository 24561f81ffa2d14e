-- The figures of the last hours come from an index alone only where a vacuum has passed: otherwise every row is looked up as well. By default
-- one passes when a fifth of the table is new, which in a log of a month is six days.
alter table sync_logs set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000);
