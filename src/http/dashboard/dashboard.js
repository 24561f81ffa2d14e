// Keeps the dashboard up to date, and asks before something is done in a dialog instead of on a page. Without it the page works too.
//
// The server renders every part; here only what differs is changed, so that focus, scrolling and open tables stay. The HTML that comes
// is the server's own, escaped there.

const RETRY_MS = 3000;
const $ = (id) => document.getElementById(id);
const mark = $("live");

// --- What is shown

/** Makes `old` what `fresh` is, changing as little as possible. */
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) {
      old.nodeValue = fresh.nodeValue;
      light(old.parentElement);
    }
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !keeps(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !keeps(old, name)) old.setAttribute(name, value);
  }
  morphChildren(old, fresh);
}

/** What the reader has changed stays: which tables are open. */
const keeps = (element, name) => name === "open" && element.nodeName === "DETAILS";

function morphChildren(old, fresh) {
  const byId = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const known = child.id ? byId.get(child.id) : undefined;
    if (known && known !== place) old.insertBefore(known, place);
    if (known) {
      place = known.nextSibling;
      morph(known, child);
    } else if (place && !place.id && !child.id) {
      const next = place.nextSibling;
      morph(place, child);
      place = next;
    } else {
      old.insertBefore(child, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** A figure that has just changed lights up for a moment. */
function light(element) {
  const shown = element?.closest(".kpi .value, tbody tr, .running .muted");
  if (!shown) return;
  shown.classList.remove("changed");
  void shown.offsetWidth;
  shown.classList.add("changed");
}

function show({ id, html }) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const fresh = template.content.firstElementChild;
  const old = $(id);
  if (old && fresh) morph(old, fresh);
}

// --- The stream

let source = null;
let retry = 0;

function state(name) {
  mark.classList.toggle("on", name === "live");
  mark.classList.toggle("lost", name !== "live");
  mark.querySelector(".mark").className = `mark ${name === "live" ? "good" : "bad"}`;
  const text = $("live-text");
  if (text.textContent !== mark.dataset[name]) text.textContent = mark.dataset[name];
}

function listen() {
  close();
  source = new EventSource("/dashboard/live");
  source.addEventListener("open", () => state("live"));
  source.addEventListener("part", (event) => show(JSON.parse(event.data)));
  source.addEventListener("say", (event) => { $("said").textContent = event.data; });
  source.addEventListener("error", () => {
    state("lost");
    // The browser comes again by itself, unless the answer was no stream: the session is over, or a proxy answered.
    if (source?.readyState === EventSource.CLOSED) again();
  });
}

async function again() {
  close();
  try {
    const page = await fetch("/dashboard", { method: "HEAD", redirect: "manual", cache: "no-store" });
    if (page.type === "opaqueredirect") {
      state("over");
      location.assign("/dashboard");
      return;
    }
  } catch {
    // Still away.
  }
  retry = setTimeout(listen, RETRY_MS);
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

// A page that nobody sees costs the server nothing, and no connection of the browser's few.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : listen()));
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

// --- Asking before something is done

const dialog = $("dialog");

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-confirm]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  try {
    const response = await fetch(link.href, { redirect: "error", cache: "no-store" });
    const question = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("confirm");
    if (!question) throw new Error(`no question at ${link.href}`);
    dialog.replaceChildren(document.importNode(question, true));
    dialog.showModal();
    dialog.querySelector("button[type=submit]").focus();
  } catch {
    location.assign(link.href);
  }
});

dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-cancel]")) {
    event.preventDefault();
    dialog.close();
  }
});
dialog.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("button[type=submit]")) button.disabled = true;
});

// What was just done is told once, not at every reload.
if (location.search) history.replaceState(null, "", "/dashboard");
if (!document.hidden) listen();
