drop function if exists vitrina_free_slugs(text, integer);
drop table if exists record_reads;
drop sequence if exists sync_seq;
drop table if exists slug_redirects;
drop table if exists inventario_cache;
