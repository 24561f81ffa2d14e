drop table if exists airtable_webhooks;
