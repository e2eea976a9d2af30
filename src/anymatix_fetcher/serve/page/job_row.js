// The row of a job. It is created once and updated in place, so that the focus and a screen reader keep their position.

import { anyfetchCommand, copy, curlCommand } from "./commands.js";
import { button, icon, make, newId, setAttribute, setHidden, setText, show } from "./dom.js";
import { drawBlocks } from "./drawing.js";
import { percent } from "./format.js";
import { hasEnded, OPEN, title } from "./jobs.js";

const BUTTONS = [
  ["pause", ["queued", "active"]],
  ["resume", ["paused"]],
  ["retry", ["failed", "cancelled"]],
  ["cancel", OPEN],
  ["remove", ["done", "failed", "cancelled"]],
  ["details", null],
];
// The buttons that get the focus when the focused one is hidden.
const NEXT = { pause: ["resume", "cancel"], resume: ["pause", "cancel"], retry: ["pause", "cancel"], cancel: ["retry", "remove"] };
const MOVES = { ArrowUp: (at) => at - 1, ArrowDown: (at) => at + 1, Home: () => 0, End: () => Infinity };

export class JobRow {
  // panel: the shared state; act(name, job): performs a button's action; move(job, to): moves the job.
  constructor(panel, job, { act, move }) {
    this.panel = panel;
    this.act = act;
    this.move = move;
    this.isOpen = false;
    const [nameId, hintId] = [newId(), newId()];
    this.grip = make("button", {
      type: "button", class: "af-grip", "aria-label": panel.t("move"), "aria-describedby": `${nameId} ${hintId}`,
      title: panel.t("move_hint"), keydown: (event) => this.moved(event),
    }, icon("grip"));
    this.name = make("span", { class: "af-name", id: nameId });
    this.state = make("span", { class: "af-state" });
    this.fill = make("div", { class: "af-fill" });
    this.track = make("div", {
      class: "af-track", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100", "aria-labelledby": nameId,
    }, this.fill);
    this.blocks = make("canvas", { class: "af-blocks", role: "img", "aria-label": panel.t("blocks"), title: panel.t("blocks"), hidden: true });
    this.amount = make("span");
    this.rate = make("span", { class: "af-rate" });
    this.rest = make("span");
    this.facts = make("p", { class: "af-facts" }, this.amount, this.rate, this.rest);
    this.message = make("p", { class: "af-message", hidden: true });
    this.hint = make("p", { class: "af-hint", hidden: true });
    this.more = make("dl", { class: "af-more", id: newId(), hidden: true });
    this.copies = make("div", { class: "af-buttons", hidden: true });
    for (const [name, command] of [["copy_anyfetch", anyfetchCommand], ["copy_curl", curlCommand]]) {
      const one = button(panel.t(name), "file", () => this.copied(command), { class: "af-quiet", "aria-describedby": nameId });
      setHidden(one, command(job) === null);
      this.copies.append(one);
    }
    this.buttons = new Map(BUTTONS.map(([name]) => [name, button(panel.t(name), name, () => this.pressed(name), {
      class: `af-quiet af-${name}`, "aria-describedby": nameId,
    })]));
    this.buttons.get("details").setAttribute("aria-controls", this.more.id);
    this.buttons.get("details").setAttribute("aria-expanded", "false");
    this.node = make("li", { class: "af-job" },
      make("div", { class: "af-card" },
        make("div", { class: "af-head" }, this.grip, this.name, this.state),
        this.track, this.blocks, this.message, this.hint,
        make("div", { class: "af-foot" }, this.facts, make("div", { class: "af-buttons" }, ...this.buttons.values())),
        this.more, this.copies, make("span", { id: hintId, hidden: true, text: panel.t("move_hint") })));
    this.node.dataset.id = job.id;
    this.show(job);
  }

  show(job) {
    const { t } = this.panel;
    this.job = job;
    setText(this.name, title(job));
    setText(this.state, job.state === "active" && job.phase === "verifying" ? t("state_verifying") : t(`state_${job.state}`));
    const kind = `af-card af-is-${job.state}`;
    if (this.node.firstElementChild.className !== kind) this.node.firstElementChild.className = kind;
    setHidden(this.grip, hasEnded(job));
    this.node.draggable = !hasEnded(job);
    this.showProgress(job);
    this.showFacts(job);
    show(this.message, job.error?.message);
    show(this.hint, job.error?.hint);
    this.showButtons(job);
    if (this.isOpen) this.showMore(job);
  }

  showProgress(job) {
    const part = percent(job);
    setHidden(this.track, job.state === "done");
    setAttribute(this.track, "aria-valuenow", part);
    setAttribute(this.track, "aria-valuetext", [part === null ? "" : `${part} %`, this.left(job)].filter(Boolean).join(", ") || this.panel.t(`state_${job.state}`));
    this.fill.style.transform = `scaleX(${(part ?? 0) / 100})`;
    this.track.classList.toggle("af-unknown", part === null && job.state === "active");
    if (!job.size || job.state === "done" || hasEnded(job)) setHidden(this.blocks, true);
  }

  left(job) {
    const { t, format } = this.panel;
    return job.state === "active" && job.eta_seconds ? t("left", { time: format.duration(job.eta_seconds) }) : "";
  }

  showFacts(job) {
    const { t, format } = this.panel;
    const isDone = job.state === "done";
    const part = percent(job);
    const known = job.bytes_stored || job.size;
    const amount = isDone || !job.size
      ? (known ? format.size(known) : "")
      : t("amount", { stored: format.size(job.bytes_stored), size: format.size(job.size) });
    setText(this.amount, isDone || part === null ? amount : `${part} % · ${amount}`);
    setText(this.rate, format.rate(job.bytes_per_second));
    const by = isDone ? job.result?.verified : "none";
    const proof = !by || by === "none" ? "" : by === "length" ? t("proved_length") : t("proved", { by });
    const connections = job.connections ? t(job.connections === 1 ? "connection" : "connections", { count: job.connections }) : "";
    // For an active job this is the engine's note, a complete phrase.
    const waits = !job.waits_for || job.state === "paused" ? ""
      : job.state === "active" ? job.waits_for : t("waits_for", { what: job.waits_for });
    const ended = isDone && job.ended_at ? format.moment(job.ended_at) : "";
    setText(this.rest, [this.left(job), connections, waits, proof, ended].filter(Boolean).join(" · "));
  }

  showButtons(job) {
    const active = this.node.getRootNode().activeElement;
    for (const [name, states] of BUTTONS) {
      const one = this.buttons.get(name);
      const isHidden = states !== null && !states.includes(job.state);
      const hadFocus = isHidden && !one.hidden && active === one;
      setHidden(one, isHidden);
      if (hadFocus) this.focusNext(name);
    }
  }

  focusNext(name) {
    queueMicrotask(() => {
      const next = (NEXT[name] || []).map((one) => this.buttons.get(one)).find((one) => !one.hidden);
      (next || this.buttons.get("details")).focus();
    });
  }

  showMore(job) {
    const { t, format } = this.panel;
    const facts = [
      ["reference", job.reference],
      ["path", job.path],
      ["digest", job.result?.sha256 ? `sha256:${job.result.sha256}` : ""],
      ["added", job.created_at ? format.moment(job.created_at) : ""],
      ["started", job.started_at ? format.moment(job.started_at) : ""],
      ["attempts", job.attempts ? String(job.attempts) : ""],
      ["again_at", job.retry_at ? format.moment(job.retry_at) : ""],
    ].filter(([, text]) => text);
    const said = facts.map(([name, text]) => `${name} ${text}`).join("\n");
    if (said === this.said) return;
    this.said = said;
    this.more.replaceChildren(...facts.flatMap(([name, text]) => [make("dt", { text: t(`fact_${name}`) }), make("dd", { text })]));
  }

  showBlocks(states) {
    setHidden(this.blocks, !states.length);
    if (states.length) drawBlocks(this.blocks, states);
  }

  pressed(name) {
    if (name !== "details") { this.act(name, this.job); return; }
    this.isOpen = !this.isOpen;
    this.buttons.get("details").setAttribute("aria-expanded", String(this.isOpen));
    this.more.hidden = this.copies.hidden = !this.isOpen;
    this.showMore(this.job);
  }

  async copied(command) {
    const had = this.node.getRootNode().activeElement;
    await copy(command(this.job), this.node);
    had?.focus();
    this.panel.telling.answer(this.panel.t("copied"));
  }

  moved(event) {
    const to = MOVES[event.key];
    if (!to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.move(this.job, to);
  }
}
