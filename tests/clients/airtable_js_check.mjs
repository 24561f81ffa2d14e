// Drives the simulator with airtable.js, which must find in it everything it finds in Airtable.
//
// Called by tests/clients/main.rs with address, token, base, table and the folder of node_modules; the table holds 250 vehicles.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [endpointUrl, apiKey, baseId, tableId, clients] = process.argv.slice(2);
const Airtable = createRequire(`${clients}/`)('airtable');
const base = new Airtable({ apiKey, endpointUrl, noRetryIfRateLimited: true }).base(baseId);
const table = base(tableId);

const refused = (status, type, action) =>
  assert.rejects(action, (error) => {
    assert.deepEqual([error.statusCode, error.error], [status, type]);
    return true;
  });

// Reading: pages, formulas, order, choice of fields, names for tables.
const everything = await table.select().all();
assert.equal(new Set(everything.map((record) => record.id)).size, 250);
const sizes = [];
await table.select({ pageSize: 60 }).eachPage((records, next) => {
  sizes.push(records.length);
  next();
});
assert.deepEqual(sizes, [60, 60, 60, 60, 10]);
const mazdas = await base('Vehículos').select({ filterByFormula: "{AutoMarca}='Mazda'", view: 'Grid view' }).all();
assert.equal(mazdas.length, 125);
const dearest = await table
  .select({ sort: [{ field: 'Precio', direction: 'desc' }], fields: ['Precio'], maxRecords: 2 })
  .firstPage();
assert.deepEqual(dearest.map((record) => record.fields), [{ Precio: 249000 }, { Precio: 248000 }]);
const [byId] = await table.select({ returnFieldsByFieldId: true, fields: ['Auto'], maxRecords: 1 }).firstPage();
assert.match(Object.keys(byId.fields)[0], /^fld\w{14}$/);
const commented = await table.select({ recordMetadata: ['commentCount'], maxRecords: 1 }).firstPage();
assert.equal(commented[0].commentCount, 0);

// By POST, as airtable.js does with long formulas by itself.
const wanted = everything.slice(0, 240).map((record) => `RECORD_ID()='${record.id}'`);
const many = await table.select({ filterByFormula: `OR(${[...wanted, ...wanted].join(',')})`, pageSize: 100 }).all();
assert.equal(many.length, 240);
const posted = await table.select({ method: 'post', pageSize: 100 }).all();
assert.equal(posted.length, 250);

// One record, and what is not there.
const found = await table.find(everything[0].id);
assert.deepEqual(found.fields, everything[0].fields);
await refused(404, 'NOT_FOUND', () => table.find('rec00000000000000'));
await refused(403, 'NOT_AUTHORIZED', () => base('Nope').select().all());
await refused(422, 'UNKNOWN_FIELD_NAME', () => table.create({ Nope: 1 }));
await refused(422, 'INVALID_FILTER_BY_FORMULA', () => table.select({ filterByFormula: '((' }).all());
const stranger = new Airtable({ apiKey: 'patWrong', endpointUrl }).base(baseId);
await refused(401, 'AUTHENTICATION_REQUIRED', () => stranger(tableId).select().all());

// Writing, one by one and in batches.
const made = await table.create({ Auto: 'Nuevo', Precio: 5 });
assert.deepEqual((await table.update(made.id, { Precio: 6 })).fields, { Auto: 'Nuevo', Precio: 6 });
assert.deepEqual((await table.replace(made.id, { Precio: 7 })).fields, { Precio: 7 });
assert.equal((await table.destroy(made.id)).id, made.id);
const batch = await table.create(Array.from({ length: 10 }, (_, n) => ({ fields: { Auto: `B${n}` } })));
assert.equal(batch.length, 10);
const changed = await table.update(batch.map(({ id }) => ({ id, fields: { Precio: 1 } })));
assert.ok(changed.every((record) => record.get('Precio') === 1));
const upserted = await table.update([{ fields: { Auto: 'B1', Precio: 2 } }, { fields: { Auto: 'C1' } }], {
  performUpsert: { fieldsToMergeOn: ['Auto'] },
});
assert.deepEqual(upserted.map((record) => record.get('Auto')), ['B1', 'C1']);
await table.destroy(batch.map(({ id }) => id));
assert.equal((await table.select().all()).length, 251);
