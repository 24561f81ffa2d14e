drop table if exists search_words;
drop table if exists listing_texts;
drop table if exists listing;
