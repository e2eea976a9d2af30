// The page: what is shown of the queue, and what the user does with it.

import { ask, follow, keepSecret } from "./api.js";
import { blocks, plot } from "./drawing.js";
import * as format from "./format.js";
import { Row } from "./rows.js";

const $ = (id) => document.getElementById(id);
const AT_A_TIME = 100;
const OPEN = ["active", "queued", "paused"];
const GROUPS = { "": null, open: OPEN, done: ["done"], failed: ["failed", "cancelled"] };

const TYPES = [
  "checkpoint", "diffusion-model", "lora", "vae", "text-encoder", "clip-vision", "controlnet", "upscaler", "embedding",
];

const jobs = new Map();
const rows = new Map();
const changed = new Set();
const rates = [];
let filter = "";
let shown = AT_A_TIME;
let isStale = true;
let isFollowing = false;

// ---- Saying ----

let quieting = 0;
function say(text) {
  $("said").textContent = text;
  clearTimeout(quieting);
  quieting = setTimeout(() => { $("said").textContent = ""; }, 8000);
}

async function tried(action) {
  try { return await action(); } catch (error) {
    if (error.status === 401) lock();
    say([error.message, error.hint].filter(Boolean).join(" "));
    return undefined;
  }
}

// ---- The list ----

function order(one, other) {
  const ended = (job) => (OPEN.includes(job.state) ? 0 : 1);
  return ended(one) - ended(other)
    || (ended(one) ? (other.ended_at || "").localeCompare?.(one.ended_at || "") ?? 0 : 0)
    || other.priority - one.priority || one.position - other.position;
}

function wanted() {
  const states = GROUPS[filter];
  return [...jobs.values()].filter((job) => !states || states.includes(job.state)).sort(order);
}

function act(name, job) {
  const path = `/jobs/${job.id}`;
  const actions = {
    Pause: () => ask("PATCH", path, { state: "paused" }),
    Resume: () => ask("PATCH", path, { state: "queued" }),
    Retry: () => ask("POST", `${path}/retry`),
    Cancel: () => ask("DELETE", `${path}?part=keep`),
    Discard: () => ask("DELETE", `${path}?part=remove`),
    Remove: () => ask("DELETE", path),
    Up: () => move(job, -1),
    Down: () => move(job, 1),
  };
  tried(actions[name]);
}

function move(job, by) {
  const line = [...jobs.values()].filter((one) => OPEN.includes(one.state)).sort(order);
  const at = line.findIndex((one) => one.id === job.id);
  return ask("PATCH", `/jobs/${job.id}`, { position: Math.max(0, at + by) });
}

function draw() {
  requestAnimationFrame(draw);
  if (document.hidden) return;
  if (isStale) { isStale = false; arrange(); }
  for (const id of changed) {
    const row = rows.get(id);
    if (row && row.node.isConnected) row.show(jobs.get(id));
  }
  changed.clear();
}

function arrange() {
  const all = wanted();
  const list = all.slice(0, shown);
  const kept = new Set(list.map((job) => job.id));
  for (const [id, row] of rows) if (!kept.has(id)) { row.node.remove(); rows.delete(id); }
  let before = $("jobs").firstElementChild;
  for (const job of list) {
    let row = rows.get(job.id);
    if (!row) { row = new Row(job, act); rows.set(job.id, row); }
    if (row.node === before) before = before.nextElementSibling;
    else $("jobs").insertBefore(row.node, before);
  }
  $("empty").hidden = list.length > 0;
  $("more").hidden = all.length <= list.length;
  $("more").textContent = `Show more (${all.length - list.length})`;
}

function took(job) {
  if (job.event === "removed") { jobs.delete(job.id); isStale = true; return; }
  const before = jobs.get(job.id);
  const whole = before ? { ...before, ...job } : job;
  jobs.set(job.id, whole);
  const moved = !before || ["state", "priority", "position"].some((key) => before[key] !== whole[key]);
  if (moved) isStale = true;
  changed.add(job.id);
  if (before && before.state !== whole.state && ["done", "failed"].includes(whole.state)) {
    say(`${whole.name || whole.reference}: ${whole.state}`);
  }
}

// ---- Once a second ----

async function look() {
  const active = [...jobs.values()].filter((job) => job.state === "active");
  const sum = active.reduce((total, job) => total + (job.bytes_per_second || 0), 0);
  rates.push(sum);
  if (rates.length > 300) rates.shift();
  if (document.hidden) return;
  plot($("plot"), rates);
  const open = [...jobs.values()].filter((job) => OPEN.includes(job.state)).length;
  $("summary").textContent = open ? `${active.length} of ${open} under way${sum ? `, ${format.rate(sum)}` : ""}` : "";
  document.title = active.length ? `${format.rate(sum)} · AnymatixFetcher` : "AnymatixFetcher";
  for (const row of rows.values()) {
    if (row.canvas.hidden) continue;
    try { blocks(row.canvas, (await ask("GET", `/jobs/${row.job.id}/blocks`)).blocks); } catch { row.canvas.hidden = true; }
  }
}

// ---- Adding ----

function references() { return $("reference").value.split(/[\n\r]+/).map((text) => text.trim()).filter(Boolean); }

$("add").addEventListener("submit", (event) => {
  event.preventDefault();
  tried(async () => {
    const body = { references: references() };
    if ($("type").value) body.type = $("type").value;
    const found = await ask("POST", "/jobs", body);
    for (const job of found.jobs || []) took(job);
    $("reference").value = "";
    $("found").replaceChildren();
    $("reference").focus();
  });
});

function line(text, className) {
  const made = document.createElement("p");
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

$("look").addEventListener("click", () => tried(async () => {
  const [reference] = references();
  if (!reference) { $("reference").focus(); return; }
  $("found").replaceChildren(line("Looking ...", "quiet"));
  try {
    const found = await ask("POST", "/resolve", { reference });
    const files = found.files || [found];
    $("found").replaceChildren(...files.slice(0, 20).map((file) => {
      const facts = [file.name, format.size(file.size ?? file.length), file.about?.type || file.type, file.error?.message];
      return line(facts.filter(Boolean).join(" · "), file.error ? "message" : "facts");
    }));
  } catch (error) {
    $("found").replaceChildren(line(error.message, "message"), line(error.hint || "", "hint"));
  }
}));

async function dropped(file) {
  let workflow;
  try { workflow = JSON.parse(await file.text()); } catch { say(`${file.name} is no workflow in JSON.`); return; }
  const found = await tried(() => ask("POST", "/workflow", { workflow }));
  if (!found) return;
  const models = found.models || [];
  const missing = models.filter((model) => model.state === "missing" && (model.url || model.reference));
  $("found").replaceChildren(line(`${models.length} models, ${missing.length} missing`, "facts"));
  for (const model of missing) {
    await tried(async () => {
      const body = { references: [model.url || model.reference], output: model.name };
      const kind = model.folder || model.directory || model.type;
      const made = await ask("POST", "/jobs", kind ? { ...body, type: kind } : body);
      for (const job of made.jobs || []) took(job);
    });
  }
}

for (const name of ["dragover", "dragleave", "drop"]) {
  $("add").addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    $("add").classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) dropped(event.dataTransfer.files[0]);
  });
}

// ---- Order by drag ----

let dragged = null;
$("jobs").addEventListener("dragstart", (event) => { dragged = event.target.closest("li")?.dataset.id || null; });
$("jobs").addEventListener("dragover", (event) => {
  const over = event.target.closest("li");
  if (!dragged || !over) return;
  event.preventDefault();
  for (const node of $("jobs").children) node.classList.toggle("target", node === over);
});
$("jobs").addEventListener("drop", (event) => {
  const over = event.target.closest("li")?.dataset.id;
  for (const node of $("jobs").children) node.classList.remove("target");
  if (!dragged || !over || dragged === over) return;
  event.preventDefault();
  const open = [...jobs.values()].filter((job) => OPEN.includes(job.state)).sort(order);
  const position = open.findIndex((job) => job.id === over);
  const id = dragged;
  dragged = null;
  if (position >= 0) tried(() => ask("PATCH", `/jobs/${id}`, { position }));
});

// ---- Settings, filters, the library ----

$("limits").addEventListener("submit", (event) => {
  event.preventDefault();
  const rate = Number($("limit-rate").value);
  const settings = { limit_rate: rate > 0 ? rate * 1e6 : null, max_downloads: Number($("max-downloads").value) || 5 };
  tried(async () => { await ask("PATCH", "/settings", settings); say("The settings are changed."); });
});

async function showStatus() {
  const status = await tried(() => ask("GET", "/status"));
  if (!status) return;
  $("limit-rate").value = status.limit_rate ? status.limit_rate / 1e6 : "";
  $("max-downloads").value = status.max_downloads ?? "";
  $("roots").replaceChildren(...(status.space || []).map((one) => {
    const item = document.createElement("li");
    item.textContent = `${one.root}: ${one.free === null ? "free space unknown" : `${format.size(one.free)} free`}`;
    return item;
  }));
  if ($("type").length === 1) $("type").append(...TYPES.map((type) => new Option(type, type)));
}

$("filters").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  for (const one of $("filters").children) one.setAttribute("aria-pressed", String(one === button));
  filter = button.dataset.state;
  shown = AT_A_TIME;
  isStale = true;
});
$("more").addEventListener("click", () => { shown += AT_A_TIME; isStale = true; });

$("library").addEventListener("toggle", () => {
  if (!$("library").open) return;
  tried(async () => {
    const found = (await ask("GET", "/models")).models || [];
    $("models").replaceChildren(...found.slice(0, 2000).map((model) => {
      const row = document.createElement("tr");
      for (const text of [model.name, model.type, format.size(model.size), model.verified]) {
        const cell = document.createElement("td");
        cell.textContent = text || "";
        row.append(cell);
      }
      return row;
    }));
  });
});

// ---- Beginning ----

function lock() {
  $("unlock").hidden = false;
  $("app").hidden = true;
  $("secret").focus();
}

$("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  keepSecret($("secret").value);
  $("secret").value = "";
  begin();
});

async function begin() {
  try {
    const all = await ask("GET", "/jobs");
    jobs.clear();
    for (const job of all.jobs) jobs.set(job.id, job);
  } catch (error) {
    if (error.status === 401) lock();
    say([error.message, error.hint].filter(Boolean).join(" "));
    return;
  }
  $("unlock").hidden = true;
  $("app").hidden = false;
  isStale = true;
  for (const id of jobs.keys()) changed.add(id);
  showStatus();
  if (isFollowing) return;
  isFollowing = true;
  follow(took, (isConnected) => { $("connection").textContent = isConnected ? "" : "No connection to the server; trying again."; })
    .then(() => { isFollowing = false; lock(); });
}

setInterval(look, 1000);
draw();
begin();
