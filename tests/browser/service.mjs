// The program as an operator starts it, and an Airtable that can be told to refuse and to dawdle.

import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = process.env.VITRINA;

/** Waits until `look` gives something; fails after 30 seconds, which only a broken promise takes. */
export async function eventually(what, look) {
  const until = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A process of the program, with all that it writes. */
function start(args, env) {
  const child = spawn(PROGRAM, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, BIND_ADDR: "127.0.0.1:0", LOG_FORMAT: "pretty", RUST_LOG: "info", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running = { child, text: "", ended: false };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => { running.text += data; });
  const end = new Promise((resolve) => child.on("exit", resolve)).then(() => { running.ended = true; });
  running.stop = async () => {
    child.kill("SIGTERM");
    await end;
  };
  running.says = (what, pattern) => eventually(what, () => {
    if (running.ended) throw new Error(`the program ended early:\n${running.text}`);
    return running.text.match(pattern);
  });
  return running;
}

/** `vitrina demo`, with nobody at the desk. */
export async function demo() {
  const running = start(["demo", "--vehicles", "40", "--every", "1h"], {});
  await running.says("the demo is ready", /Drop every cached response/);
  const found = (pattern) => running.text.match(pattern)[1];
  return {
    url: found(/running at (http:\S+) on/),
    dashboard: found(/the dashboard\s+(http:\S+)/),
    airtable: found(/simulated Airtable at (http:\S+)\./),
    webhookSecret: found(/webhook secret\s+(\S+)/),
    adminToken: found(/operators' token\s+(\S+)/),
    airtableToken: found(/Authorization: Bearer (pat\S+)'/),
    table: found(/\/v0\/(app\w+\/tbl\w+)\/rec/),
    record: found(/\/(rec\w{14})/),
    slug: found(/\/vehicles\/([a-z0-9-]+)\n/),
    stop: running.stop,
  };
}

/** `vitrina serve` on the demo's Airtable, by way of `gateway`. */
export async function serve(demo, gateway) {
  const folder = await mkdtemp(join(tmpdir(), "vitrina-browser-"));
  // PostgreSQL of a root is run as somebody else, who has to get in.
  await chmod(folder, 0o755);
  const secrets = { WEBHOOK_SECRET: "webhook-secret-of-the-tests", ADMIN_TOKEN: "operators-token-of-the-tests" };
  const [base, table] = demo.table.split("/");
  const running = start(["serve"], {
    ...secrets,
    AIRTABLE_API_URL: gateway.url,
    AIRTABLE_API_KEY: demo.airtableToken,
    AIRTABLE_BASE_ID: base,
    AIRTABLE_TABLE_ID: table,
    VITRINA__DATABASE__PRIVATE_DATA_DIR: join(folder, "postgres"),
    VITRINA__ALERTS__CHECK_EVERY: "1s",
  });
  const url = (await running.says("it listens", /listening on (http:\S+)/))[1];
  await running.says("the inventory is loaded", /Full sync #1 \(bulk\) succeeded/);
  return {
    url,
    webhookSecret: secrets.WEBHOOK_SECRET,
    adminToken: secrets.ADMIN_TOKEN,
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A way to Airtable on which the token can be revoked and answers be held. */
export async function gateway(to) {
  const held = [];
  const state = { refuses: false, holds: false };
  const server = http.createServer(async (request, response) => {
    if (state.holds) await new Promise((resolve) => held.push(resolve));
    if (state.refuses) {
      response.writeHead(401, { "content-type": "application/json" });
      response.end('{"error":{"type":"AUTHENTICATION_REQUIRED","message":"Authentication required"}}');
      return;
    }
    const onward = http.request(to + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    refuse: (refuses) => { state.refuses = refuses; },
    hold: () => { state.holds = true; },
    release: () => {
      state.holds = false;
      held.splice(0).forEach((go) => go());
    },
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

/** What somebody does in Airtable. */
export async function edit(demo, record, fields) {
  const response = await fetch(`${demo.airtable}/v0/${demo.table}/${record}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${demo.airtableToken}`, "content-type": "application/json" },
    body: JSON.stringify({ fields }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** What Airtable's automation does then. */
export async function notify(service, ...recordIds) {
  const response = await fetch(`${service.url}/airtable-sync`, {
    method: "POST",
    headers: { authorization: `Bearer ${service.webhookSecret}` },
    body: JSON.stringify(recordIds.length === 1 ? { recordId: recordIds[0] } : { recordIds }),
  });
  return response.status;
}
