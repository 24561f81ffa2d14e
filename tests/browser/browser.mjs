// Chromium, watched: whatever it asks of another host, whatever the policy forbids and whatever fails in a script is remembered.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const from = createRequire(join(process.env.MODULES, "package.json"));
const { chromium } = from("playwright-core");
const AXE = readFileSync(from.resolve("axe-core/axe.min.js"), "utf8");

/** Without the background work that asks other hosts. */
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: QUIET });

/** A page in a browser of its own, and what is to be said against it. */
export async function open(browser, { width = 1280, dark = false, locale = "es-MX", javaScript = true, photos = null } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 860 },
    colorScheme: dark ? "dark" : "light",
    locale,
    javaScriptEnabled: javaScript,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults = [];
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    const own = page.url() === "about:blank" ? origin : new URL(page.url()).origin;
    const isPhoto = photos && origin === photos && request.resourceType() === "image";
    if (origin !== own && !isPhoto) faults.push(`asks ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`fails: ${error.message}`));
  page.on("console", (message) => {
    if (/content security policy|refused to/i.test(message.text())) faults.push(message.text());
  });
  return { page, faults, close: () => context.close() };
}

export async function logIn(page, service) {
  await page.goto(`${service.url}/dashboard`);
  await page.fill("#token", service.adminToken);
  await page.press("#token", "Enter");
  await page.waitForSelector("#state-title");
}

/** Nothing is wider than the page. */
export async function fits(page) {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(needed <= given, `${page.url()} needs ${needed} pixels of ${given}`);
}

/** What axe finds, of which nothing may be serious; the rest is told. */
export async function accessible(page, name) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const tell = (found) => `${found.id} (${found.impact}): ${found.nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 4).join("; ")}`;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious.map(tell), [], name);
  const rest = violations.map(tell);
  console.log(`axe, ${name}: ${passes.length} rules passed, ${rest.length === 0 ? "nothing found" : rest.join("\n  ")}`);
}

/** Accessible on a desk and on a phone, where it also fits. */
export async function goodOnEveryScreen(page, name, shade) {
  await accessible(page, `${name}, ${shade}`);
  await page.setViewportSize({ width: 360, height: 780 });
  await fits(page);
  await accessible(page, `${name} on a phone, ${shade}`);
  await page.setViewportSize({ width: 1280, height: 860 });
}
