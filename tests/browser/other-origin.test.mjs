// A website of another origin, which reads the public routes as the old system's users do: with headers that make a browser ask first.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";
import { demo } from "./service.mjs";

let browser, shown, website, origin;

before(async () => {
  browser = await launch();
  shown = await demo();
  website = http.createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>Autos</title>"));
  await new Promise((resolve) => website.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${website.address().port}`;
});

after(async () => {
  await browser?.close();
  await shown?.stop();
  website?.close();
});

test("a page of another origin reads every public route with the headers that it is used to send", async () => {
  const page = await browser.newPage();
  await page.goto(origin);
  for (const path of ["/vehicles", `/vehicles/${shown.slug}`, "/vehicles/facets", "/rapid-processor", "/functions/v1/rapid-processor", "/openapi.json"]) {
    for (const headers of [{ apikey: "x" }, { Authorization: "Bearer x" }, { "Content-Type": "application/json" }, { "If-None-Match": '"x"' }]) {
      const read = await page.evaluate(async ([url, headers]) => {
        const answer = await fetch(url, { headers, cache: "no-store" });
        return [answer.status, answer.headers.get("etag") !== null, typeof (await answer.json())];
      }, [shown.url + path, headers]);
      assert.deepEqual(read, [200, true, "object"], `${path} with ${Object.keys(headers)}`);
    }
  }
  await page.close();
});
