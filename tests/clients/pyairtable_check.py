"""Drives the simulator with pyairtable, which must find in it everything it finds in Airtable.

Called by tests/clients/main.rs with address, token, base and table; the table holds 250 vehicles.
"""

import base64
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from pyairtable import Api
from pyairtable.formulas import OR, match
from pyairtable.models.webhook import WebhookNotification
from requests import HTTPError

url, token, base_id, table_id = sys.argv[1:5]
api = Api(token, endpoint_url=url)
base = api.base(base_id)
table = api.table(base_id, table_id)


def refused(status, kind, action):
    try:
        action()
    except HTTPError as error:
        body = error.response.json()["error"]
        seen = body if isinstance(body, str) else body["type"]
        assert (error.response.status_code, seen) == (status, kind), (error.response.status_code, seen)
    else:
        raise AssertionError(f"{status} {kind} did not come")


# The account and the schema, through pyairtable's own models.
assert api.whoami()["id"].startswith("usr")
assert [found.id for found in api.bases()] == [base_id]
schema = table.schema()
assert schema.id == table_id and schema.primary_field_id == schema.fields[0].id
types = {field.name: field.type for field in schema.fields}
assert types["Auto"] == "singleLineText" and types["Precio"] == "currency" and types["Separado"] == "checkbox"
unknown = [field.name for field in schema.fields if type(field).__name__.startswith("Unknown")]
assert not unknown, unknown
assert len(base.schema().tables) == 2
by_id = schema.field("Auto").id

# Reading: pages, formulas, order, choice of fields, names for tables.
everything = table.all()
assert len(everything) == 250 and len({record["id"] for record in everything}) == 250
assert [len(page) for page in table.iterate(page_size=60)] == [60, 60, 60, 60, 10]
assert len(table.all(max_records=7, page_size=3)) == 7
assert len(table.all(formula=match({"AutoMarca": "Mazda"}))) == 125
assert len(table.all(formula="AND({Precio} >= 10000, {Precio} < 20000, NOT(Separado))")) == 9
ordered = table.all(sort=["-Precio"], fields=["Precio"], max_records=3)
assert [record["fields"] for record in ordered] == [{"Precio": price} for price in (249000, 248000, 247000)]
assert api.table(base_id, schema.name).first(sort=["Precio"])["fields"]["Precio"] == 0, "zero is a value"
assert "Separado" not in table.first(formula="{Precio}=1000")["fields"], "an unchecked box is absent"
assert table.all(use_field_ids=True, fields=["Auto"], max_records=1)[0]["fields"].keys() == {by_id}

# A formula too long for a URL goes by POST and still has pages.
wanted = [record["id"] for record in everything[:240]]
assert len(table.all(formula=str(OR(*(f"RECORD_ID()='{id}'" for id in wanted * 3))), page_size=50)) == 240

# One record, and what is not there.
one = everything[0]
assert table.get(one["id"]) == one
assert table.get(one["id"], use_field_ids=True)["fields"][by_id] == one["fields"]["Auto"]
refused(404, "MODEL_ID_NOT_FOUND", lambda: table.get("rec00000000000000"))
refused(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", lambda: api.table(base_id, "tbl00000000000000").all())
refused(422, "UNKNOWN_FIELD_NAME", lambda: table.create({"Nope": 1}))
refused(422, "INVALID_FILTER_BY_FORMULA", lambda: table.all(formula="{Nope}=1"))
refused(401, "UNAUTHORIZED", lambda: Api("patWrong", endpoint_url=url).whoami())

# Writing, one by one and in batches.
made = table.create({"Auto": "Nuevo", "Precio": 5})
assert table.get(made["id"]) == made
assert table.update(made["id"], {"Precio": 6})["fields"] == {"Auto": "Nuevo", "Precio": 6}
assert table.update(made["id"], {"Precio": 7}, replace=True)["fields"] == {"Precio": 7}
assert table.delete(made["id"]) == {"id": made["id"], "deleted": True}
batch = table.batch_create([{"OrdenCompra": f"B{n}"} for n in range(23)])
assert len(batch) == 23
updated = table.batch_update([{"id": record["id"], "fields": {"Precio": 1}} for record in batch], use_field_ids=True)
assert len(updated) == 23 and all(schema.field("Precio").id in record["fields"] for record in updated)
upserted = table.batch_upsert([{"fields": {"OrdenCompra": "B1", "Precio": 2}}, {"fields": {"OrdenCompra": "C1"}}], ["OrdenCompra"])
assert (len(upserted["updatedRecords"]), len(upserted["createdRecords"])) == (1, 1), upserted
gone = table.batch_delete([record["id"] for record in upserted["records"]])
assert all(record["deleted"] for record in gone) and len(table.all()) == 250 + 22

# Webhooks: made, listed, read, refreshed, switched off and on, deleted.
pings = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        pings.put((body, self.headers["X-Airtable-Content-MAC"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


receiver = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
hook = base.add_webhook(f"http://127.0.0.1:{receiver.server_port}/pings", {"options": {
    "filters": {"dataTypes": ["tableData"], "recordChangeScope": table_id},
    "includes": {"includeCellValuesInFieldIds": "all", "includePreviousCellValues": True}}})
assert hook.id.startswith("ach") and len(base64.b64decode(hook.mac_secret_base64)) >= 16
told = table.create({"Auto": "Contado", "Precio": 1, "AutoMarca": "Mazda"})
body, mac = pings.get(timeout=20)
notification = WebhookNotification.from_request(body, mac, hook.mac_secret_base64)
assert (notification.base.id, notification.webhook.id) == (base_id, hook.id)
table.update(told["id"], {"Precio": 2})
table.delete(told["id"])
listed = base.webhook(hook.id)
assert listed.is_hook_enabled and listed.cursor_for_next_payload == 4 and listed.expiration_time == hook.expiration_time
created, changed, destroyed = (payload.changed_tables_by_id[table_id] for payload in listed.payloads())
assert created.created_records_by_id[told["id"]].cell_values_by_field_id[by_id] == "Contado"
change = changed.changed_records_by_id[told["id"]]
price = schema.field("Precio").id
assert (change.previous.cell_values_by_field_id[price], change.current.cell_values_by_field_id[price]) == (1, 2)
assert change.unchanged.cell_values_by_field_id[schema.field("AutoMarca").id]["name"] == "Mazda"
assert destroyed.destroyed_record_ids == [told["id"]]
assert [payload.cursor for payload in listed.payloads(cursor=2)] == [2, 3]
assert len(list(listed.payloads(limit=1))) == 1
for n in range(60):
    table.update(one["id"], {"Precio": 1_000_000 + n})
assert len(list(listed.payloads())) == 63, "more than a page"
listed.extend_expiration()
listed.disable_notifications()
assert not base.webhook(hook.id).are_notifications_enabled
listed.enable_notifications()
assert base.webhook(hook.id).are_notifications_enabled
refused(422, "INVALID_REQUEST_UNKNOWN", lambda: base.add_webhook("http://127.0.0.1:9", {"options": {"filters": {
    "dataTypes": ["tableData"], "watchDataInFieldIds": ["fld00000000000000"]}}}))
listed.delete()
assert not base.webhooks()
