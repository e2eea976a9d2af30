// Status messages: shown in a corner, and announced politely to screen readers. Several at once are combined.

import { make, setText } from "./dom.js";

const TOGETHER_MS = 600;
const SHOWN_MS = 7000;

export class Telling {
  constructor(t, unmounting) {
    this.t = t;
    this.node = make("p", { class: "af-said", role: "status", "aria-live": "polite" });
    this.waiting = [];
    this.timer = 0;
    this.quieting = 0;
    unmounting.addEventListener("abort", () => { clearTimeout(this.timer); clearTimeout(this.quieting); });
  }

  say(text) {
    this.waiting.push(text);
    if (!this.timer) this.timer = setTimeout(() => this.now(), TOGETHER_MS);
  }

  // The response to the user's own action is shown at once.
  answer(text) {
    this.waiting.unshift(text);
    clearTimeout(this.timer);
    this.now();
  }

  wrong(error) {
    this.answer([error.message, error.hint].filter(Boolean).join(" "));
  }

  now() {
    this.timer = 0;
    const more = this.waiting.length - 3;
    const said = [...this.waiting.slice(0, 3), ...(more > 0 ? [this.t("and_more", { count: more })] : [])];
    this.waiting = [];
    setText(this.node, said.join("\n"));
    clearTimeout(this.quieting);
    this.quieting = setTimeout(() => setText(this.node, ""), SHOWN_MS);
  }
}

// A modal dialog with several choices; resolves to the chosen name, or "" if the dialog was closed.
export function ask(root, { title, text, answers }) {
  const { promise, resolve } = withResolvers();
  const dialog = make("dialog", { class: "af-dialog", "aria-label": title });
  const before = root.getRootNode().activeElement;
  const done = (name) => { dialog.close(); dialog.remove(); if (before?.isConnected) before.focus(); resolve(name); };
  const choices = answers.map(({ name, label, isDangerous }) => make("button", {
    type: "button", text: label, class: isDangerous ? "af-danger" : "", click: () => done(name),
  }));
  dialog.append(make("h2", { text: title }), text ? make("p", { text }) : "", make("div", { class: "af-answers" }, ...choices));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); done(""); });
  root.append(dialog);
  dialog.showModal();
  choices[0].focus();
  return promise;
}

function withResolvers() {
  let resolve;
  const promise = new Promise((given) => { resolve = given; });
  return { promise, resolve };
}
