// The dashboard in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible, fits, goodOnEveryScreen, launch, logIn, open } from "./browser.mjs";
import { demo, edit, eventually, gateway, notify, serve } from "./service.mjs";

let browser, shown, way, service;

before(async () => {
  browser = await launch();
  shown = await demo();
  way = await gateway(shown.airtable);
  service = await serve(shown, way);
});

after(async () => {
  await browser?.close();
  await service?.stop();
  await way?.stop();
  await shown?.stop();
});

/** Runs a look at a page, after which nothing may be said against it. */
async function look(options, body) {
  const { page, faults, close } = await open(browser, options);
  await body(page);
  assert.deepEqual(faults, []);
  await close();
}

const text = (page, selector) => page.locator(selector).innerText();

/** Says yes in the dialog that a link opens. */
async function confirm(page, link) {
  await page.locator(link).first().click();
  await page.waitForSelector("dialog[open] #confirm");
  await page.locator("dialog button[type=submit]").click();
  await page.waitForSelector("#notice");
}

test("a wrong token opens nothing, the right one the page, and logging out closes it", () =>
  look({}, async (page) => {
    await page.goto(`${service.url}/dashboard`);
    assert.ok(page.url().endsWith("/dashboard/login"));
    await page.fill("#token", "not-the-token-at-all");
    await page.locator("main button[type=submit]").click();
    assert.match(await text(page, "[role=alert]"), /no es el token/);
    await page.fill("#token", service.adminToken);
    await page.locator("main button[type=submit]").click();
    await page.waitForSelector("#kpis");
    assert.equal(await page.evaluate(() => document.cookie), "", "no script sees the session");
    await page.getByRole("button", { name: "Salir" }).click();
    await page.waitForURL(/login/);
    await page.goto(`${service.url}/dashboard`);
    assert.ok(page.url().includes("/dashboard/login"));
  }));

test("a tab of an earlier session logs out, and errors are pages", () =>
  look({}, async (page) => {
    await logIn(page, service);
    const other = await page.context().newPage();
    await other.goto(`${service.url}/dashboard`);
    await other.getByRole("button", { name: "Salir" }).click();
    await other.waitForURL(/login/);
    await logIn(other, service);
    await page.evaluate(() => document.querySelector("form[action$=logout]").submit());
    await page.waitForURL(/login/);
    await other.goto(`${service.url}/dashboard`);
    assert.ok(other.url().includes("/dashboard/login"), "the session is over");
    await logIn(page, service);
    for (const [path, said] of [["runs/abc", /No hay una corrida con ese número/], ["nothing", /Aquí no hay nada/]]) {
      await page.goto(`${service.url}/dashboard/${path}`);
      assert.match(await text(page, "h1"), said);
      await accessible(page, `error at ${path}`);
      await page.setViewportSize({ width: 360, height: 780 });
      await fits(page);
      await page.setViewportSize({ width: 1280, height: 860 });
    }
    await page.getByRole("link", { name: "Volver al panel" }).click();
    await page.waitForSelector("#state-title");
    await page.goto(`${service.url}/dashboard/`);
    assert.ok(page.url().endsWith("/dashboard"));
  }));

test("a thumb hits the runs, whose pages use the width there is", () =>
  look({ width: 360 }, async (page) => {
    await logIn(page, service);
    const { width, height } = await page.locator("#run-1 a").boundingBox();
    assert.ok(width >= 24 && height >= 24, `${width} by ${height}`);
    await page.setViewportSize({ width: 1360, height: 860 });
    await page.goto(`${service.url}/dashboard/runs/1`);
    const box = await page.locator("article.run").boundingBox();
    assert.ok(box.width > 1200, `${box.width} of 1360`);
    assert.match(await text(page, ".facts time"), /^\d+ [a-z]{3} \d{4}, \d\d:\d\d:\d\d$/);
  }));

test("a webhook shows on the open page, which is not loaded again", () =>
  look({}, async (page) => {
    await logIn(page, service);
    await page.waitForSelector("#live.on");
    await page.evaluate(() => { globalThis.same = true; });
    const count = () => page.evaluate(() => document.querySelector("#volume-details table").textContent);
    const earlier = await count();
    await page.locator("#volume-details summary").click();
    await page.locator("#cache a[data-confirm]").focus();

    await edit(shown, shown.record, { Precio: 111_000 });
    assert.equal(await notify(service, shown.record), 200);

    await eventually("the figure changes", async () => (await count()) !== earlier);
    assert.equal(await page.evaluate(() => globalThis.same), true);
    assert.ok(await page.locator("#volume-details table").isVisible(), "what was open stays open");
    assert.match(await page.evaluate(() => document.activeElement.href), /invalidate/, "the focus stays");
  }));

test("a run is asked about, begins, shows how far it is, and ends", () =>
  look({}, async (page) => {
    await logIn(page, service);
    await page.locator("#runs a[href$=full]").click();
    await page.waitForSelector("dialog[open] #confirm");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("dialog[open]").count(), 0);
    assert.match(await page.evaluate(() => document.activeElement.href), /confirm\/full/, "the focus is back");
    await page.locator("#runs a[href$=full]").click();
    await page.locator("dialog [data-cancel]").click();
    assert.equal(await page.locator("dialog[open]").count(), 0);

    way.hold();
    await confirm(page, "#runs a[href$=full]");
    const run = (await text(page, "#notice")).match(/corrida (\d+) empezó/)[1];
    await page.waitForSelector(`#running[data-run="${run}"] progress`);
    assert.match(await text(page, "#running-text"), /0 de unos \d+ registros leídos/);
    way.release();
    await page.waitForSelector(`#run-${run} .badge.good`);
    await page.waitForSelector("#running", { state: "detached" });
    await eventually("it is said aloud", async () => (await page.locator("#said").textContent()).includes(`Corrida ${run}: Terminó bien`));
    await page.locator(`#run-${run} a`).click();
    assert.match(await text(page, "h1"), new RegExp(`Corrida ${run}: Completa`));
  }));

test("a revoked token is told with what to do, and a replay mends it once the token is back", () =>
  look({}, async (page) => {
    await logIn(page, service);
    const page1 = await (await fetch(`${service.url}/vehicles?pageSize=12`)).json();
    const records = page1.vehicles.map((vehicle) => vehicle.record_id);
    way.refuse(true);
    assert.equal(await notify(service, ...records), 502);
    await page.waitForSelector("#errors .failures");
    assert.match(await text(page, "#errors"), /Airtable rechaza el token/);
    assert.match(await text(page, "#errors"), /Qué hacer: Ponga en AIRTABLE_API_KEY un token personal válido/);
    await page.waitForSelector("#kpi-success_rate[data-holds=bad]");
    assert.match(await text(page, "#kpi-success_rate"), /No cumple/);
    await page.waitForSelector("#alert-airtable_refuses");
    assert.match(await text(page, "#alerts"), /Urgente/);
    assert.match(await text(page, "#state"), /alertas? urgentes?/);
    await page.waitForSelector(`#queue .failures`);
    await accessible(page, "dashboard in trouble, light");
    await page.emulateMedia({ colorScheme: "dark" });
    await accessible(page, "dashboard in trouble, dark");
    await page.setViewportSize({ width: 360, height: 800 });
    await fits(page);
    await page.setViewportSize({ width: 1280, height: 860 });

    way.refuse(false);
    way.hold();
    await page.locator("#errors .failures a[data-confirm]").first().click();
    await page.waitForSelector("dialog[open] #confirm");
    const asked = page1.vehicles.some(({ title }) => title) && (await text(page, "dialog #confirm strong"));
    assert.ok(page1.vehicles.some(({ title }) => title === asked), `the question names the car: ${asked}`);
    await page.keyboard.press("Escape");
    await confirm(page, "#errors .head a[data-confirm]");
    const run = (await text(page, "#notice")).match(/corrida (\d+) empezó/)[1];
    await page.waitForSelector(`#running[data-run="${run}"] progress`);
    way.release();
    await page.waitForSelector(`#run-${run} .badge.good`);
    await eventually("what was synced is no error any more", async () => (await text(page, "#errors")).includes("Nada pendiente"));
    await eventually("the queue is empty", async () => (await text(page, "#queue")).includes("La cola está vacía"));
  }));

test("the language is chosen on the page and stays", () =>
  look({ locale: "en-US" }, async (page) => {
    await logIn(page, service);
    assert.equal(await page.getAttribute("html", "lang"), "en");
    assert.match(await text(page, "#runs"), /Sync everything/);
    await page.getByRole("link", { name: "Español" }).click();
    await page.waitForSelector("html[lang=es]");
    await page.reload();
    assert.match(await text(page, "#runs"), /Sincronizar todo/);
    await page.waitForSelector("#live.on");
    await page.getByRole("link", { name: "English" }).click();
    await page.waitForSelector("html[lang=en]");
  }));

test("the page can be read and used without JavaScript", () =>
  look({ javaScript: false }, async (page) => {
    await logIn(page, service);
    assert.ok(await page.locator("#kpis").isVisible());
    assert.ok(await page.getByRole("link", { name: "Actualizar" }).isVisible());
    await page.locator("#cache a[data-confirm]").click();
    assert.match(await text(page, "#confirm"), /Vaciar el caché/);
    await page.locator("#confirm button[type=submit]").click();
    assert.match(await text(page, "#notice"), /El caché está vacío/);
  }));

test("the keyboard finds its way", () =>
  look({}, async (page) => {
    await logIn(page, service);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "what has the focus is seen");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
    const seen = new Set();
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      seen.add(await page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.textContent.trim()));
    }
    for (const link of ["/dashboard/confirm/full", "/dashboard/confirm/catch-up", "/dashboard/confirm/invalidate"]) {
      assert.ok(seen.has(link), `${link} cannot be reached`);
    }
  }));

for (const dark of [false, true]) {
  const shade = dark ? "dark" : "light";
  test(`axe finds nothing serious and a phone shows it all, ${shade}`, () =>
    look({ dark }, async (page) => {
      const check = (name) => goodOnEveryScreen(page, name, shade);
      await page.goto(`${service.url}/dashboard/login`);
      const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
      assert.ok(dark ? back[0] < 60 : back[0] > 200, `${back}`);
      await check("log-in");
      await logIn(page, service);
      await page.locator("#volume-details summary").click();
      await check("dashboard");
      await page.locator("#runs a[href$=full]").click();
      await page.waitForSelector("dialog[open] #confirm");
      await accessible(page, `question, ${shade}`);
      await page.keyboard.press("Escape");
      await page.goto(`${service.url}/dashboard/runs/1`);
      await check("run");
      await page.goto(`${service.url}/dashboard/confirm/full`);
      await check("question as a page");
    }));
}
