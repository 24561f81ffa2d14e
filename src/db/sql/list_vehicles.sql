-- Writes the words of listed vehicles, where they changed, and those that are new to the vocabulary. $1 = [{record_id, heading, words}].
with given as materialized (
    select record_id, array_to_tsvector(heading) as heading, array_to_tsvector(words) as words
    from jsonb_to_recordset($1) as texts(record_id text, heading text[], words text[])
),
changed as materialized (
    select g.* from given g
    where not exists (
        select from listing_texts l where l.record_id = g.record_id and l.heading = g.heading and l.words = g.words
    )
),
written as (
    insert into listing_texts (record_id, heading, words) select record_id, heading, words from changed
    on conflict (record_id) do update set heading = excluded.heading, words = excluded.words
),
spoken as (
    select word, bool_or(in_heading) as in_heading
    from (
        select unnest(tsvector_to_array(words)) as word, false as in_heading from changed
        union all
        select unnest(tsvector_to_array(heading)), true from changed
    ) each
    where length(word) > 1 and word !~ '[0-9]'
    group by word
)
-- In one order everywhere, so that two transactions with the same new words cannot wait for each other in a circle.
insert into search_words (word, in_heading)
select word, in_heading
from spoken s
where not exists (select from search_words k where k.word = s.word and k.in_heading >= s.in_heading)
order by word
on conflict (word) do update set in_heading = true where excluded.in_heading and not search_words.in_heading
