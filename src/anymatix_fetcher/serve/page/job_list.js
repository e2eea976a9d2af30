// The list of jobs, with its filter, its order and the actions on a job.

import { button, make, setHidden, setText } from "./dom.js";
import { JobRow } from "./job_row.js";
import { GROUPS, OPEN, title } from "./jobs.js";
import { ask } from "./telling.js";
import { Windowed } from "./windowed.js";

const BLOCKS_MS = 2000;
const ROW_PX = 118;

export class JobList {
  constructor(panel) {
    this.panel = panel;
    this.group = "all";
    this.opened = new Set();
    this.stale = new Set();
    this.hasMoved = false;
    this.frame = 0;
    const { t } = panel;
    this.filters = make("div", { class: "af-filters", role: "group", "aria-label": t("shown") }, ...Object.keys(GROUPS).map((name) => (
      make("button", { type: "button", "aria-pressed": String(name === this.group), click: () => this.choose(name) },
        make("span", { text: t(`group_${name}`) }), make("span", { class: "af-count" })))));
    this.list = make("ol", { class: "af-jobs", "aria-label": t("jobs") });
    this.empty = make("p", { class: "af-empty" });
    this.clear = button(t("clear_done"), "remove", () => this.removeDone(), { class: "af-quiet", hidden: true });
    this.node = make("section", { class: "af-downloads" }, make("div", { class: "af-line" }, this.filters, this.clear), this.list, this.empty);
    this.windowed = new Windowed(this.list, { estimate: ROW_PX, make: (id) => this.row(id), unmounting: panel.unmounting });
    this.drag();
    const timer = setInterval(() => this.readBlocks(), BLOCKS_MS);
    panel.unmounting.addEventListener("abort", () => { clearInterval(timer); cancelAnimationFrame(this.frame); });
  }

  row(id) {
    const row = new JobRow(this.panel, this.panel.jobs.get(id), {
      act: (name, job) => this.act(name, job),
      move: (job, to) => this.move(job, to(this.panel.jobs.indexOf(job.id))),
    });
    if (this.opened.has(id)) row.pressed("details");
    return { ...rowPart(row), drop: () => this.opened[row.isOpen ? "add" : "delete"](id) };
  }

  // Marks a job as changed.
  changed(id, hasMoved) {
    this.stale.add(id);
    this.hasMoved ||= hasMoved;
    this.soon();
  }

  all() { this.hasMoved = true; for (const id of this.panel.jobs.byId.keys()) this.stale.add(id); this.soon(); }

  soon() {
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  draw() {
    const { jobs, t, format } = this.panel;
    if (this.hasMoved) {
      this.hasMoved = false;
      const chosen = jobs.chosen(this.group).map((job) => job.id);
      setText(this.empty, t(this.group === "all" ? "empty" : "empty_group"));
      setHidden(this.empty, chosen.length > 0);
      setHidden(this.list, chosen.length === 0);
      this.windowed.set(chosen);
      const counts = jobs.counts();
      Object.keys(GROUPS).forEach((name, at) => setText(this.filters.children[at].lastElementChild, format.count(counts[name])));
      setHidden(this.clear, counts.done === 0);
    }
    for (const id of this.stale) {
      const [row, job] = [this.windowed.rows.get(id)?.row, jobs.get(id)];
      if (row && job) row.show(job);
    }
    this.stale.clear();
  }

  choose(group) {
    this.group = group;
    Object.keys(GROUPS).forEach((name, at) => this.filters.children[at].setAttribute("aria-pressed", String(name === group)));
    this.all();
  }

  async act(name, job) {
    const { panel } = this;
    const path = `/jobs/${job.id}`;
    const actions = {
      pause: () => panel.change("PATCH", path, { state: "paused" }),
      resume: () => panel.change("PATCH", path, { state: "queued" }),
      retry: () => panel.change("POST", `${path}/retry`),
      cancel: () => this.cancel(job),
      remove: () => this.remove(job),
    };
    await panel.tried(actions[name]);
  }

  async cancel(job) {
    const { t } = this.panel;
    const part = await ask(this.panel.root, {
      title: t("cancel_title", { name: title(job) }),
      text: job.bytes_stored ? t("cancel_text", { size: this.panel.format.size(job.bytes_stored) }) : t("cancel_text_empty"),
      answers: [
        { name: "keep", label: t("cancel_keep") },
        { name: "remove", label: t("cancel_remove"), isDangerous: true },
        { name: "", label: t("cancel_not") },
      ],
    });
    if (part) await this.panel.change("DELETE", `/jobs/${job.id}?part=${part}`);
  }

  async remove(job) {
    this.focusBeside(job.id);
    await this.panel.request("DELETE", `/jobs/${job.id}`);
    this.panel.take({ ...job, event: "removed" });
  }

  // The row will disappear, so the focus moves to the same button of its neighbour.
  focusBeside(id) {
    const at = this.windowed.keys.indexOf(id);
    const next = this.windowed.keys[at + 1] ?? this.windowed.keys[at - 1];
    const row = this.windowed.rows.get(next)?.row;
    const focused = row && (row.buttons.get("remove").hidden ? row.buttons.get("details") : row.buttons.get("remove"));
    (focused || this.filters.firstElementChild).focus();
  }

  removeDone() {
    const done = this.panel.jobs.chosen("done");
    this.filters.firstElementChild.focus();
    return this.panel.tried(async () => {
      for (const job of done) {
        await this.panel.request("DELETE", `/jobs/${job.id}`);
        this.panel.take({ ...job, event: "removed" });
      }
    });
  }

  async move(job, index) {
    const { jobs, t, telling } = this.panel;
    const change = jobs.moveTo(job.id, index);
    if (!change) return;
    const said = await this.panel.tried(() => this.panel.change("PATCH", `/jobs/${job.id}`, change));
    if (!said) return;
    telling.answer(t("moved", { name: title(job), place: change.position + 1 }));
  }

  drag() {
    let dragged = null;
    const row = (event) => event.target.closest?.(".af-job");
    const over = (node) => { for (const one of this.list.children) one.classList.toggle("af-target", one === node); };
    this.list.addEventListener("dragstart", (event) => {
      dragged = row(event)?.dataset.id || null;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
    });
    this.list.addEventListener("dragover", (event) => {
      const job = dragged && this.panel.jobs.get(row(event)?.dataset.id);
      if (!job || !OPEN.includes(job.state)) return;
      event.preventDefault();
      over(row(event));
    });
    this.list.addEventListener("dragend", () => { dragged = null; over(null); });
    this.list.addEventListener("drop", (event) => {
      const [id, job] = [row(event)?.dataset.id, this.panel.jobs.get(dragged)];
      over(null);
      if (!job || !id || id === dragged) return;
      event.preventDefault();
      event.stopPropagation();
      this.move(job, this.panel.jobs.indexOf(id));
    });
  }

  // One request at a time, and only for visible rows, to spare the server.
  async readBlocks() {
    if (this.isReading || document.hidden || !this.panel.isConnected || this.list.offsetParent === null) return;
    this.isReading = true;
    try {
      for (const { row } of [...this.windowed.rows.values()]) {
        if (!row.job.size || !["active", "paused"].includes(row.job.state)) continue;
        if (row.job.state === "paused" && row.hasBlocks) continue;
        row.showBlocks((await this.panel.request("GET", `/jobs/${row.job.id}/blocks`)).blocks);
        row.hasBlocks = row.job.state === "paused";
      }
    } catch { /* the next time */ } finally { this.isReading = false; }
  }
}

function rowPart(row) { return { row, node: row.node }; }
