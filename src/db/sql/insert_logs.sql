insert into sync_logs (
    record_id, sync_type, source, status, message, error_details, attempt_number, duration_ms, http_status,
    vehicle_title, ordencompra, ordenstatus, metadata
)
select
    record_id, sync_type, source, status, message, error_details, attempt_number, duration_ms, http_status,
    vehicle_title, ordencompra, ordenstatus, metadata
from jsonb_populate_recordset(null::sync_logs, $1)
