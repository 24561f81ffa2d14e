// The demo's shop page in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { goodOnEveryScreen, launch, open } from "./browser.mjs";
import { demo, edit, eventually, notify } from "./service.mjs";

let browser, shown;

before(async () => {
  browser = await launch();
  shown = await demo();
});

after(async () => {
  await browser?.close();
  await shown?.stop();
});

async function look(options, body) {
  const { page, faults, close } = await open(browser, { photos: shown.airtable, ...options });
  await page.goto(shown.url);
  await page.waitForSelector("#autos .card");
  await body(page);
  assert.deepEqual(faults, []);
  await close();
}

const text = (page, selector) => page.locator(selector).innerText();

async function change(fields) {
  await edit(shown, shown.record, fields);
  assert.equal(await notify(shown, shown.record), 200);
}

test("an edit in Airtable is seen within seconds on the open page", () =>
  look({}, async (page) => {
    await page.evaluate(() => { globalThis.same = true; });
    const card = `.card[data-id="${shown.record}"]`;
    await change({ Precio: 123_456, "Con Oferta": false, OrdenStatus: "Comprado" });
    const began = Date.now();
    await eventually("the new price", async () => (await text(page, card)).includes("$123,456"));
    assert.ok(Date.now() - began < 5_000);
    await change({ AutoMarca: "<img src=x onerror=alert(1)>", AutoSubmarcaVersion: "<script>" });
    await eventually("the hostile title, as text", async () => (await text(page, card)).includes("<img src=x onerror=alert(1)> <script>"));
    await change({ AutoMarca: "Mazda", AutoSubmarcaVersion: "3 Sport" });
    await eventually("the title", async () => (await text(page, card)).includes("Mazda 3 Sport"));
    assert.equal(await page.evaluate(() => globalThis.same), true);
  }));

test("filters, search and order are in the address and can be gone back from", () =>
  look({}, async (page) => {
    const all = await text(page, "#cuenta");
    const brand = page.locator("[data-facet=marca] .option").first();
    const [name, count] = (await brand.innerText()).split("\n");
    await brand.click();
    await eventually("the brand's vehicles", async () => (await text(page, "#cuenta")).startsWith(`${count.trim()} auto`));
    assert.equal(new URL(page.url()).searchParams.get("marca"), name.trim());
    assert.ok((await page.locator("[data-facet=marca] .option").count()) > 1, "the other brands stay");
    await page.goBack();
    await eventually("all vehicles", async () => (await text(page, "#cuenta")) === all);
    await page.selectOption("#orden", "price-asc");
    await page.waitForURL(/orderby=price-asc/);
    await page.fill("#search", "no hay ninguno asi");
    await page.press("#search", "Enter");
    await page.waitForSelector("#autos .empty");
    await page.locator("#quitar").click();
    await page.waitForSelector("#autos .card");
  }));

test("an address that asks for too much shows what there is, in Spanish", () =>
  look({}, async (page) => {
    await page.goto(`${shown.url}/?page=999`);
    await page.waitForSelector("#autos .card");
    assert.match(await text(page, "#paginas"), /Página (\d+) de \1/);
    assert.ok(await page.locator("#paginas button").first().isEnabled(), "one gets back");
    await page.goto(`${shown.url}/?minPrice=abc`);
    await page.waitForSelector("#autos .card");
    assert.match(await text(page, "#cuenta"), /^\d+ autos$/);
    await page.goto(`${shown.url}/?search=no+hay+ninguno+asi`);
    await page.waitForSelector("#autos .empty");
    for (const facet of await page.locator("[data-facet]").all()) {
      assert.ok(!(await facet.isVisible()), "a heading of nothing");
    }
    await page.goto(`${shown.url}/?orderby=nonsense`);
    await eventually("it is told", async () => (await text(page, "#cuenta")) !== "");
    assert.doesNotMatch(await text(page, "#cuenta"), /should|must|unknown/);
  }));

test("on a phone a vehicle opens at its photo", () =>
  look({ width: 360 }, async (page) => {
    const link = page.locator(".card a").nth(5);
    await link.scrollIntoViewIfNeeded();
    await link.click();
    await page.waitForSelector("#auto h1");
    await eventually("the heading has the focus", () => page.evaluate(() => document.activeElement.tagName === "H1"));
    assert.equal(await page.evaluate(() => globalThis.scrollY), 0);
    const photo = await page.locator(".main-photo").boundingBox();
    assert.ok(photo.y >= 0 && photo.y < 400, `${photo.y}`);
  }));

test("the demo says where the dashboard is", () =>
  look({}, async (page) => {
    await page.goto(shown.dashboard);
    await page.fill("#token", shown.adminToken);
    await page.press("#token", "Enter");
    await page.waitForSelector("#state-title");
  }));

test("a vehicle has a page of its own, which says when it is sold", () =>
  look({}, async (page) => {
    await page.locator(`.card[data-id="${shown.record}"] a`).click();
    await page.waitForSelector("#auto h1");
    assert.match(page.url(), /\/autos\/[a-z0-9-]+$/);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
    assert.equal(await page.locator("#auto .banner.sold").count(), 0);
    const thumbs = page.locator(".thumbs button");
    await thumbs.nth(1).click();
    assert.equal(await thumbs.nth(1).getAttribute("aria-pressed"), "true");
    await change({ OrdenStatus: "Vendido" });
    await page.waitForSelector("#auto .banner.sold");
    await change({ OrdenStatus: "Comprado" });
    await page.waitForSelector("#auto .banner.sold", { state: "detached" });
    await page.goto(`${shown.url}/autos/no-such-vehicle`);
    await eventually("that there is none", async () => (await page.locator("#auto h1").count()) && (await text(page, "#auto h1")).includes("No hay un auto"));
    await page.getByRole("link", { name: "Todos los autos" }).click();
    await page.waitForSelector("#autos .card");
  }));

for (const dark of [false, true]) {
  const shade = dark ? "dark" : "light";
  test(`axe finds nothing serious and a phone shows it all, ${shade}`, () =>
    look({ dark }, async (page) => {
      const check = (name) => goodOnEveryScreen(page, name, shade);
      await check("shop");
      await page.goto(`${shown.url}/autos/${shown.slug}`);
      await page.waitForSelector("#auto h1");
      await check("vehicle");
    }));
}
