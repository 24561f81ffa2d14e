drop trigger if exists list_updated on inventario_cache;
drop trigger if exists list_inserted on inventario_cache;
drop function if exists vitrina_list_changed();
drop table if exists search_words;
drop table if exists listing;
drop function if exists vitrina_words(text);
drop function if exists vitrina_once(text[]);
drop function if exists vitrina_fold_all(text[]);
drop function if exists vitrina_fold(text);
