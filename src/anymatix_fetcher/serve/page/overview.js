// The summary: the number of active jobs, the total rate, and its graph over the last minutes.

import { make, setText } from "./dom.js";
import { drawRates } from "./drawing.js";

const EACH_MS = 1000;
const SLOTS = 300;

export class Overview {
  // onSummary(text): called each second with a summary, for example for the window's title.
  constructor(panel, { onSummary = () => {} } = {}) {
    this.panel = panel;
    this.onSummary = onSummary;
    this.rates = [];
    this.rate = make("strong", { class: "af-total" });
    this.summary = make("span");
    this.peak = make("span", { class: "af-peak" });
    this.canvas = make("canvas", { class: "af-plot", role: "img", "aria-label": panel.t("rates") });
    this.node = make("div", { class: "af-overview" }, make("p", { class: "af-sum" }, this.rate, this.summary, this.peak), this.canvas);
    const timer = setInterval(() => this.tick(), EACH_MS);
    panel.unmounting.addEventListener("abort", () => clearInterval(timer));
  }

  tick() {
    const { t, format } = this.panel;
    const counts = this.panel.jobs.counts();
    this.rates.push(this.panel.isConnected ? counts.bytesPerSecond : 0);
    if (this.rates.length > SLOTS) this.rates.shift();
    if (document.hidden) { this.onSummary(format.rate(counts.bytesPerSecond)); return; }
    const most = Math.max(...this.rates);
    this.node.classList.toggle("af-flat", most === 0);
    setText(this.rate, format.rate(counts.bytesPerSecond));
    setText(this.summary, counts.open ? t("under_way", { active: counts.active, open: counts.open }) : t("idle"));
    setText(this.peak, most ? t("peak", { rate: format.rate(most) }) : "");
    if (this.canvas.offsetParent !== null) drawRates(this.canvas, this.rates, SLOTS);
    this.onSummary(format.rate(counts.bytesPerSecond));
  }
}
