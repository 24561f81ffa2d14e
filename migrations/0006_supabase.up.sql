-- Who may read and write what on Supabase, whose API lets everybody in as one of the roles anon, authenticated and service_role, and grants
-- them everything in the schema public by default. Without these roles nothing is changed.

-- Brings the tables of these names in the present schema to that state, with their sequences and vitrina's functions. Of a vehicle, readers see the
-- public columns, of those that there are. What is as it should be is left alone, so it may be called whenever the service starts: roles, tables
-- and settings may come in any order.
create or replace function vitrina_secure(tables text[], public_columns text[]) returns void
language plpgsql as $$
declare
    here oid := (select oid from pg_namespace where nspname = current_schema());
    readers name[] := array(select rolname from pg_roles where rolname in ('anon', 'authenticated') order by 1);
    writers name[] := array(select rolname from pg_roles where rolname = 'service_role');
    reading text := (select string_agg(quote_ident(reader), ', ') from unnest(readers) reader);
    writing text := (select quote_ident(writer) from unnest(writers) writer);
    thing record;
    public_rows text;
    readable text;
begin
    if reading is null and writing is null then
        return;
    end if;
    -- Instances that start together take turns.
    perform pg_advisory_xact_lock(hashtext('vitrina_secure ' || current_schema()));

    for thing in
        select c.oid, c.relname, format('%I.%I', current_schema(), c.relname) as name, c.relrowsecurity,
            pg_has_role(c.relowner, 'usage') as ours,
            c.relname in ('sync_logs', 'inventario_cache') as open,
            not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'vitrina_service') as unwritable
        from pg_class c where c.relnamespace = here and c.relkind = 'r' and c.relname = any(tables) order by c.relname
    loop
        continue when thing.relrowsecurity
            and not (writing is not null and (thing.unwritable
                or not has_table_privilege(writers[1], thing.oid, 'select')
                or not has_table_privilege(writers[1], thing.oid, 'insert')))
            and not (thing.open and exists (
                select from pg_roles r where r.rolname = any(readers) and not exists (
                    select from pg_policy p where p.polrelid = thing.oid and p.polname = 'vitrina_public' and r.oid = any(p.polroles))))
            and not exists (
                select from unnest(readers) reader
                where has_table_privilege(reader, thing.oid, 'delete, truncate, trigger')
                    or has_any_column_privilege(reader, thing.oid, 'insert, update, references'))
            and not exists (
                select from unnest(readers) reader, pg_attribute a
                where a.attrelid = thing.oid and a.attnum > 0 and not a.attisdropped
                    and has_column_privilege(reader, thing.oid, a.attnum, 'select')
                        <> (thing.open and (thing.relname <> 'inventario_cache' or a.attname = any(public_columns))));
        if not thing.ours then
            raise warning 'the table % is not secured, and only its owner can do it: let the owner run vitrina migrate', thing.name;
            continue;
        end if;
        execute format('alter table %s enable row level security', thing.name);
        execute format('revoke all on table %s from public', thing.name);
        if reading is not null then
            execute format('revoke all on table %s from %s', thing.name, reading);
        end if;
        if reading is not null and thing.open then
            public_rows := case thing.relname when 'inventario_cache' then 'listed' else 'true' end;
            readable := case thing.relname when 'inventario_cache' then (
                select format('(%s)', string_agg(quote_ident(a.attname), ', ' order by a.attnum))
                from pg_attribute a where a.attrelid = thing.oid and a.attnum > 0 and a.attname = any(public_columns)) end;
            execute format('grant select %s on table %s to %s', readable, thing.name, reading);
            execute format('drop policy if exists vitrina_public on %s', thing.name);
            execute format('create policy vitrina_public on %s for select to %s using (%s)', thing.name, reading, public_rows);
        end if;
        if writing is not null then
            execute format('grant all on table %s to %s', thing.name, writing);
            execute format('drop policy if exists vitrina_service on %s', thing.name);
            execute format('create policy vitrina_service on %s to %s using (true) with check (true)', thing.name, writing);
        end if;
    end loop;

    for thing in
        select format('%I.%I', current_schema(), c.relname) as name
        from pg_class c
        where c.relnamespace = here and c.relkind = 'S' and pg_has_role(c.relowner, 'usage')
            and (c.relname = 'sync_seq' or exists (
                select from pg_depend d join pg_class t on t.oid = d.refobjid
                where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and t.relname = any(tables)))
            and (exists (select from unnest(readers) reader where has_sequence_privilege(reader, c.oid, 'usage, select, update'))
                or exists (select from unnest(writers) writer where not has_sequence_privilege(writer, c.oid, 'usage')))
    loop
        execute format('revoke all on sequence %s from public', thing.name);
        if reading is not null then
            execute format('revoke all on sequence %s from %s', thing.name, reading);
        end if;
        if writing is not null then
            execute format('grant all on sequence %s to %s', thing.name, writing);
        end if;
    end loop;

    for thing in
        select p.oid::regprocedure as name
        from pg_proc p
        where p.pronamespace = here and pg_has_role(p.proowner, 'usage')
            and (p.proname ^@ 'vitrina_' or p.proname = 'cleanup_old_sync_logs')
            and (exists (select from unnest(readers) reader where has_function_privilege(reader, p.oid, 'execute'))
                or exists (select from unnest(writers) writer where not has_function_privilege(writer, p.oid, 'execute')))
    loop
        execute format('revoke all on function %s from public', thing.name);
        if reading is not null then
            execute format('revoke all on function %s from %s', thing.name, reading);
        end if;
        if writing is not null then
            execute format('grant execute on function %s to %s', thing.name, writing);
        end if;
    end loop;

    for thing in
        select format('%I.%I', current_schema(), c.relname) as name
        from pg_class c
        where c.relnamespace = here and c.relkind = 'v' and c.relname = 'sync_stats' and pg_has_role(c.relowner, 'usage')
            and (exists (
                    select from unnest(readers) reader
                    where has_table_privilege(reader, c.oid, 'insert, update, delete, truncate, references, trigger')
                        or not has_table_privilege(reader, c.oid, 'select'))
                or exists (select from unnest(writers) writer where not has_table_privilege(writer, c.oid, 'select')))
    loop
        execute format('revoke all on table %s from public', thing.name);
        if reading is not null then
            execute format('revoke all on table %s from %s', thing.name, reading);
            execute format('grant select on table %s to %s', thing.name, reading);
        end if;
        if writing is not null then
            execute format('grant select on table %s to %s', thing.name, writing);
        end if;
    end loop;
end
$$;

-- The view runs with the rights of who asks. PostgreSQL 14 cannot; there it shows no more than sync_logs shows anyway.
do $$
begin
    if current_setting('server_version_num')::integer >= 150000 then
        alter view sync_stats set (security_invoker = true);
    end if;
    -- Whoever calls them cannot put tables of his own in the place of ours.
    execute format('alter function cleanup_old_sync_logs(bigint) set search_path = %I, pg_temp', current_schema());
    execute format('alter function vitrina_secure(text[], text[]) set search_path = %I, pg_temp', current_schema());
end
$$;

-- The start calls vitrina_secure with all tables.
