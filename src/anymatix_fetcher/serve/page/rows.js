// One row a job. A row is made once and changed in place, so that focus and screen readers stay where they are.

import * as format from "./format.js";

const WORDS = { queued: "waiting", active: "downloading", paused: "paused", done: "done", failed: "failed", cancelled: "cancelled" };
const BUTTONS = [
  ["Pause", ["queued", "active"]],
  ["Resume", ["paused"]],
  ["Retry", ["failed", "cancelled"]],
  ["Cancel", ["queued", "active", "paused"]],
  ["Up", ["queued", "active", "paused"]],
  ["Down", ["queued", "active", "paused"]],
  ["Blocks", ["active", "paused", "queued"]],
  ["Remove", ["done", "failed", "cancelled"]],
];

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = !text;
}

export class Row {
  constructor(job, act) {
    this.act = act;
    this.node = element("li");
    this.node.dataset.id = job.id;
    this.name = element("span", "name");
    this.state = element("span", "state");
    const head = element("div", "head");
    head.append(this.name, this.state);
    this.track = element("div", "track");
    this.track.setAttribute("role", "progressbar");
    this.track.setAttribute("aria-valuemin", "0");
    this.track.setAttribute("aria-valuemax", "100");
    this.fill = element("div", "fill");
    this.track.append(this.fill);
    this.facts = element("p", "facts");
    this.message = element("p", "message");
    this.hint = element("p", "hint");
    this.buttons = element("div", "buttons");
    this.byName = new Map(BUTTONS.map(([name]) => {
      const button = element("button", "", name);
      button.type = "button";
      button.addEventListener("click", () => this.pressed(name));
      return [name, button];
    }));
    this.buttons.append(...this.byName.values());
    this.canvas = element("canvas", "blocks");
    this.canvas.hidden = true;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Which blocks are here");
    this.node.append(head, this.track, this.facts, this.message, this.hint, this.buttons, this.canvas);
    this.show(job);
  }

  show(job) {
    this.job = job;
    const title = job.name || job.reference;
    say(this.name, title);
    say(this.state, WORDS[job.state] || job.state);
    if (this.node.className !== job.state) this.node.className = job.state;
    this.node.draggable = ["queued", "active", "paused"].includes(job.state);
    const percent = format.percent(job);
    this.track.hidden = job.state === "done";
    this.track.setAttribute("aria-label", title);
    if (percent === null) this.track.removeAttribute("aria-valuenow");
    else this.track.setAttribute("aria-valuenow", String(percent));
    this.fill.style.setProperty("transform", `scaleX(${(percent ?? 0) / 100})`);
    say(this.facts, this.described(job, percent));
    const error = job.error || {};
    say(this.message, error.message || "");
    say(this.hint, error.hint || "");
    for (const [name, states] of BUTTONS) {
      const button = this.byName.get(name);
      const hidden = !states.includes(job.state);
      if (hidden && document.activeElement === button) this.focusNext(name);
      if (button.hidden !== hidden) button.hidden = hidden;
      button.setAttribute("aria-label", `${name} ${title}`);
    }
  }

  described(job, percent) {
    const size = job.size ? `${format.size(job.bytes_stored)} of ${format.size(job.size)}` : format.size(job.bytes_stored);
    if (job.state === "done") {
      const proof = job.result && job.result.verified ? `proved by ${job.result.verified}` : "";
      return [format.size(job.size), proof, job.path].filter(Boolean).join(" · ");
    }
    const left = job.eta_seconds ? `${format.duration(job.eta_seconds)} left` : "";
    const percentText = percent === null ? "" : `${percent} %`;
    const parts = [percentText, size, format.rate(job.bytes_per_second), left];
    if (job.connections) parts.push(`${job.connections} connections`);
    if (job.waits_for) parts.push(job.waits_for.startsWith("waiting") ? job.waits_for : `waits for ${job.waits_for}`);
    return parts.filter(Boolean).join(" · ");
  }

  focusNext(name) {
    const other = { Pause: "Resume", Resume: "Pause", Retry: "Pause", Cancel: "Retry" }[name];
    queueMicrotask(() => { const next = this.byName.get(other); if (next && !next.hidden) next.focus(); });
  }

  pressed(name) {
    if (name === "Cancel") this.confirm();
    else if (name === "Blocks") this.canvas.hidden = !this.canvas.hidden;
    else this.act(name, this.job);
  }

  // Cancelling asks what becomes of the part, in the place of the buttons.
  confirm() {
    const asking = element("span", "confirm", "Keep what has arrived?");
    const done = (name) => { asking.remove(); this.buttons.hidden = false; if (name) this.act(name, this.job); };
    for (const [label, name] of [["Keep the part", "Cancel"], ["Remove the part", "Discard"], ["Don't cancel", ""]]) {
      const button = element("button", "", label);
      button.type = "button";
      button.addEventListener("click", () => done(name));
      asking.append(button);
    }
    this.buttons.hidden = true;
    this.node.insertBefore(asking, this.canvas);
    asking.querySelector("button").focus();
  }
}
