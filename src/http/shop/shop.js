// The shop page: the public API, shown. It asks again every two seconds with If-None-Match, unless the page is hidden.
// What comes from the API only ever becomes text or an attribute, never markup.

const EVERY_MS = 2000;
const PAGE_SIZE = 24;
const PRICES = ["minPrice", "maxPrice"];
const FILTERS = ["marca", "carroceria", "ubicacion", "autoano", "minPrice", "maxPrice", "hideSeparado", "search", "orderby"];

const $ = (id) => document.getElementById(id);
const pesos = new Intl.NumberFormat("es-MX", { style: "currency", currency: "MXN", maximumFractionDigits: 0 });
const number = new Intl.NumberFormat("es-MX");

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** What is there of a list with conditions in it. */
const present = (children) => children.flat().filter((child) => child !== null && child !== undefined && child !== false);

// --- Asking

const known = new Map();
const KNOWN_AT_MOST = 60;

/** The answer to `path`, and whether it differs from the last one. */
async function ask(path) {
  const before = known.get(path);
  const response = await fetch(path, { headers: before ? { "If-None-Match": before.etag } : {}, cache: "no-store" });
  if (response.status >= 500) throw new Error(`${path}: ${response.status}`);
  live(response.headers.get("x-cache") === "stale" ? "Última información conocida" : null);
  if (response.status === 304) return { ...before, changed: false };
  const answer = { status: response.status, body: await response.json(), changed: true };
  const etag = response.headers.get("etag");
  known.delete(path);
  if (etag) known.set(path, { ...answer, etag });
  if (known.size > KNOWN_AT_MOST) known.delete(known.keys().next().value);
  return answer;
}

function live(trouble) {
  const mark = $("vivo");
  const text = trouble ?? "Al día";
  if (mark.textContent !== text) mark.textContent = text;
  mark.classList.toggle("away", trouble !== null);
}

// --- The list

const chosen = () => new URLSearchParams(location.search);

/** Whether the API would take it: a price is a number, whatever somebody typed into the address. */
const sensible = (key, value) => FILTERS.includes(key) && value && (!PRICES.includes(key) || /^\d+(\.\d+)?$/.test(value));

function listPath() {
  const query = new URLSearchParams();
  for (const [key, value] of chosen()) if (sensible(key, value)) query.append(key, value);
  const facets = `/vehicles/facets?${query}`;
  query.set("page", Math.max(1, Number.parseInt(chosen().get("page") ?? "1", 10) || 1));
  query.set("pageSize", PAGE_SIZE);
  return { list: `/vehicles?${query}`, facets };
}

/** Goes to the list with these parameters. */
function choose(change) {
  const query = chosen();
  change(query);
  for (const [key, value] of [...query]) if (!value) query.delete(key, value);
  const text = query.toString();
  history.pushState(null, "", text ? `/?${text}` : "/");
  refresh();
}

function price(vehicle) {
  const offer = vehicle.con_oferta && vehicle.oferta !== null && vehicle.oferta < (vehicle.precio ?? Infinity);
  if (!offer && vehicle.precio === null) return h("p", { class: "price" }, "Precio a consultar");
  return h("p", { class: "price" },
    h("span", {}, pesos.format(offer ? vehicle.oferta : vehicle.precio)),
    offer && vehicle.precio !== null && h("s", {}, h("span", { class: "unseen" }, "Antes "), pesos.format(vehicle.precio)));
}

const facts = (vehicle) => [
  vehicle.autoano,
  vehicle.kilometraje !== null && `${number.format(vehicle.kilometraje)} km`,
  vehicle.transmision,
  vehicle.sucursal.join(", "),
].filter(Boolean).join(" · ");

const tags = (vehicle) => h("div", { class: "tags" },
  vehicle.vendido && h("span", { class: "badge bad" }, "Vendido"),
  vehicle.separado && h("span", { class: "badge warn" }, "Apartado"),
  vehicle.con_oferta && h("span", { class: "badge accent" }, "Oferta"),
  vehicle.promociones.slice(0, 1).map((name) => h("span", { class: "badge" }, name)));

function photo(url, alt, extra = {}) {
  const image = h("img", { class: "photo", alt, width: 800, height: 533, decoding: "async", ...extra });
  image.addEventListener("error", () => image.removeAttribute("src"), { once: true });
  if (/^https?:\/\//.test(url ?? "")) image.src = url;
  return image;
}

/** A card; the photo of the one it replaces is taken over, so that it does not blink. */
const card = (vehicle, before) => h("li", { class: "card", "data-id": vehicle.id },
  before?.vehicle.feature_image === vehicle.feature_image
    ? before.element.querySelector("img")
    : photo(vehicle.feature_image, "", { loading: "lazy" }),
  tags(vehicle),
  h("div", { class: "body" },
    h("h2", {}, h("a", { href: `/autos/${encodeURIComponent(vehicle.slug)}`, "data-view": true }, vehicle.title)),
    h("p", { class: "facts" }, facts(vehicle)),
    price(vehicle),
    vehicle.mensualidad_minima !== null && h("p", { class: "monthly" }, `Desde ${pesos.format(vehicle.mensualidad_minima)} al mes`)));

const cards = new Map();

/** Brings the grid to these vehicles: cards that are as they were stay, changed ones are made anew and light up. */
function showCards(vehicles, sameQuestion) {
  const grid = $("autos");
  const elements = vehicles.map((vehicle) => {
    const text = JSON.stringify(vehicle);
    const before = cards.get(vehicle.id);
    if (before?.text === text) return before.element;
    const element = card(vehicle, before);
    if (sameQuestion) element.classList.add("fresh");
    cards.set(vehicle.id, { text, vehicle, element });
    return element;
  });
  if (elements.length === 0) elements.push(h("li", { class: "empty" }, "Ningún auto coincide. Quite algún filtro."));
  const focused = document.activeElement?.closest?.(".card")?.dataset.id;
  elements.forEach((element, place) => {
    if (grid.children[place] !== element) grid.insertBefore(element, grid.children[place] ?? null);
  });
  while (grid.children.length > elements.length) grid.lastElementChild.remove();
  const shown = new Set(vehicles.map((vehicle) => vehicle.id));
  for (const id of cards.keys()) if (!shown.has(id)) cards.delete(id);
  if (focused && !grid.contains(document.activeElement)) cards.get(focused)?.element.querySelector("a").focus();
}

function showPages({ page, totalPages }) {
  const nav = $("paginas");
  nav.hidden = totalPages <= 1;
  const step = (to, text) => h("button", {
    class: "button", type: "button", disabled: to < 1 || to > totalPages,
    click: () => { choose((query) => query.set("page", to)); window.scrollTo({ top: 0 }); },
  }, text);
  nav.replaceChildren(step(page - 1, "Anterior"), h("span", {}, `Página ${page} de ${totalPages}`), step(page + 1, "Siguiente"));
}

function showFacets(facets) {
  for (const place of document.querySelectorAll("[data-facet]")) {
    const { facet, from, title } = place.dataset;
    if (!place.firstChild) {
      place.append(h("details", { class: "facet", open: "open" in place.dataset },
        h("summary", {}, title), h("ul", {})));
    }
    const list = place.querySelector("ul");
    const selected = new Set(chosen().getAll(facet));
    const options = facets[from].map(({ name, count }) => ({ name: String(name), count }));
    if (facet === "autoano") options.sort((a, b) => b.name.localeCompare(a.name));
    for (const name of selected) if (!options.some((option) => option.name === name)) options.push({ name, count: 0 });
    place.hidden = options.length === 0;
    const rows = new Map([...list.children].map((row) => [row.dataset.name, row]));
    const focused = document.activeElement;
    list.replaceChildren(...options.map(({ name, count }) => {
      const row = rows.get(name) ?? h("li", { "data-name": name },
        h("label", { class: "option" }, h("input", { type: "checkbox", name: facet, value: name }), h("span", {}, name), h("span", {})));
      row.querySelector("input").checked = selected.has(name);
      row.querySelector("span:last-of-type").textContent = number.format(count);
      return row;
    }));
    if (list.contains(focused)) focused.focus({ preventScroll: true });
  }
  for (const [name, value] of [["minPrice", facets.minPrice], ["maxPrice", facets.maxPrice]]) {
    $("filtros").elements[name].placeholder = value === null ? "" : number.format(value);
  }
}

function fillForm() {
  for (const name of PRICES) {
    const input = $("filtros").elements[name];
    if (document.activeElement !== input) input.value = chosen().get(name) ?? "";
  }
  $("filtros").elements.hideSeparado.checked = chosen().get("hideSeparado") === "true";
  if (document.activeElement !== $("search")) $("search").value = chosen().get("search") ?? "";
  $("orden").value = chosen().get("orderby") ?? "";
}

let question = "";

async function refreshList() {
  const paths = listPath();
  const [list, facets] = await Promise.all([ask(paths.list), ask(paths.facets)]);
  if (listPath().list !== paths.list || onVehicle()) return;
  const asked = question !== paths.list;
  if (!asked && !list.changed && !facets.changed) return;
  if (list.status !== 200) {
    $("cuenta").textContent = "Esta búsqueda no se entiende. Quite los filtros.";
    return;
  }
  const { page, totalPages } = list.body;
  if (totalPages > 0 && page > totalPages) {
    // There are fewer pages than the address says: the last one is what there is.
    const query = chosen();
    query.set("page", totalPages);
    history.replaceState(null, "", `/?${query}`);
    await refreshList();
    return;
  }
  fillForm();
  if (facets.status === 200) showFacets(facets.body);
  showCards(list.body.vehicles, !asked);
  showPages(list.body);
  const count = list.body.totalCount;
  const text = count === 1 ? "1 auto" : `${number.format(count)} autos`;
  if ($("cuenta").textContent !== text) $("cuenta").textContent = text;
  document.title = "Vitrina · Autos seminuevos";
  question = paths.list;
}

// --- One vehicle

const onVehicle = () => location.pathname.startsWith("/autos/");
const slug = () => location.pathname.slice("/autos/".length);

let shownVehicle = "";

async function refreshVehicle() {
  const asked = slug();
  const answer = await ask(`/vehicles/${asked}`);
  if (slug() !== asked || !onVehicle()) return;
  if (shownVehicle === asked && !answer.changed) return;
  const moved = shownVehicle !== asked;
  if (answer.status !== 200) {
    $("auto").replaceChildren(back(), h("h1", { tabindex: -1 }, answer.status === 410 ? "Este auto ya no está en el inventario" : "No hay un auto en esta dirección"));
  } else {
    if (answer.body.slug !== asked) history.replaceState(null, "", `/autos/${answer.body.slug}`);
    showVehicle(answer.body, !moved);
  }
  document.title = `${$("auto").querySelector("h1").textContent} · Vitrina`;
  // The photo stands above the heading on a phone: what is read aloud must not scroll it away.
  if (moved && question) $("auto").querySelector("h1").focus({ preventScroll: true });
  shownVehicle = slug();
}

const back = () => h("p", {}, h("a", { href: `/${sessionStorage.getItem("lista") ?? ""}`, "data-view": true }, "← Todos los autos"));

function showVehicle(vehicle, fresh) {
  const photos = [...new Set([vehicle.feature_image, ...vehicle.fotos_exterior_url, ...vehicle.fotos_interior_url])].filter(Boolean);
  const before = document.querySelector("#auto .main-photo img")?.src;
  const first = fresh && photos.includes(before) ? before : photos[0];
  const main = photo(first, vehicle.title);
  const thumbs = photos.map((url, n) => h("li", {}, h("button", {
    type: "button", "aria-label": `Foto ${n + 1} de ${photos.length}`, "aria-pressed": String(url === first),
    click: (event) => {
      main.src = url;
      for (const button of event.currentTarget.closest("ul").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === event.currentTarget));
    },
  }, photo(url, "", { loading: "lazy" }))));
  const rows = [
    ["Año", vehicle.autoano], ["Kilometraje", vehicle.kilometraje !== null && `${number.format(vehicle.kilometraje)} km`],
    ["Transmisión", vehicle.transmision], ["Combustible", vehicle.combustible], ["Carrocería", vehicle.carroceria],
    ["Motor", vehicle.AutoMotor], ["Cilindros", vehicle.cilindros], ["Dueños", vehicle.numero_duenos], ["Garantía", vehicle.garantia],
    ["Sucursal", vehicle.sucursal.join(", ")], ["Enganche desde", vehicle.enganchemin !== null && pesos.format(vehicle.enganchemin)],
    ["Mensualidad desde", vehicle.mensualidad_minima !== null && pesos.format(vehicle.mensualidad_minima)],
    ["Plazo hasta", vehicle.plazomax !== null && `${vehicle.plazomax} meses`],
  ].filter(([, value]) => value);
  $("auto").replaceChildren(...present([
    back(),
    vehicle.vendido && h("p", { class: "banner sold", role: "status" }, "Este auto ya se vendió. Mire otros parecidos en la lista."),
    !vehicle.vendido && vehicle.separado && h("p", { class: "banner", role: "status" }, "Este auto está apartado."),
    h("div", { class: "detail" },
      h("div", {}, h("div", { class: "main-photo" }, main), h("ul", { class: "thumbs", "aria-label": "Fotos" }, thumbs)),
      h("div", { class: fresh ? "sheet fresh" : "sheet" },
        tags(vehicle),
        h("h1", { tabindex: -1 }, vehicle.title),
        price(vehicle),
        h("dl", {}, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])))),
    vehicle.descripcion && h("p", { class: "description" }, vehicle.descripcion),
  ]));
}

// --- Going about

/** Asks once more, now. */
async function refresh() {
  const vehicle = onVehicle();
  $("lista").hidden = vehicle;
  $("auto").hidden = !vehicle;
  if (!vehicle) sessionStorage.setItem("lista", location.search);
  try {
    await (vehicle ? refreshVehicle() : refreshList());
  } catch (error) {
    live("Sin conexión; reintentando");
    console.warn(String(error));
  }
}

async function poll() {
  if (!document.hidden) await refresh();
  setTimeout(poll, EVERY_MS);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-view]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  shownVehicle = "";
  history.pushState(null, "", link.getAttribute("href"));
  window.scrollTo({ top: 0 });
  refresh();
});
window.addEventListener("popstate", () => { shownVehicle = ""; refresh(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

$("filtros").addEventListener("change", () => {
  choose((query) => {
    const form = new FormData($("filtros"));
    for (const name of ["marca", "carroceria", "ubicacion", "autoano", "minPrice", "maxPrice", "hideSeparado"]) {
      query.delete(name);
      for (const value of form.getAll(name)) query.append(name, value);
    }
    query.delete("page");
  });
});
$("filtros").addEventListener("submit", (event) => event.preventDefault());
$("filtros").addEventListener("reset", (event) => {
  event.preventDefault();
  choose((query) => { for (const key of [...query.keys()]) if (key !== "orderby") query.delete(key); });
});
$("orden").addEventListener("change", () => choose((query) => { query.set("orderby", $("orden").value); query.delete("page"); }));
$("buscar").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("search").value.trim();
  if (onVehicle()) {
    shownVehicle = "";
    history.pushState(null, "", "/");
  }
  choose((query) => { query.set("search", text); query.delete("page"); });
});

if (window.matchMedia("(max-width: 52rem)").matches) $("panel").open = false;
poll();
