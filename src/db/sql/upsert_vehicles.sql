-- Writes whole vehicles. `updated_at` comes along when nothing that the website shows has changed; null = now.
insert into inventario_cache ({columns}, updated_at, last_synced_at, deleted_at)
select {columns}, coalesce(updated_at, now()), statement_timestamp(), null
from jsonb_populate_recordset(null::inventario_cache, $1)
on conflict (record_id) do update set
    ({columns}, updated_at, last_synced_at, deleted_at)
        = row({excluded}, excluded.updated_at, excluded.last_synced_at, excluded.deleted_at)
