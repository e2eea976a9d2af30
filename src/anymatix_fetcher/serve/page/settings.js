// The settings and the free space.

import { make, setText } from "./dom.js";

export class Settings {
  constructor(panel) {
    this.panel = panel;
    const { t } = panel;
    this.rate = make("input", { type: "number", min: "0", step: "any", placeholder: t("limit_none"), inputmode: "decimal" });
    this.most = make("input", { type: "number", min: "1", max: "1000", step: "1", inputmode: "numeric" });
    this.roots = make("ul", { class: "af-roots" });
    this.version = make("p", { class: "af-hint" });
    this.node = make("section", { class: "af-settings" },
      make("form", { class: "af-limits", submit: (event) => { event.preventDefault(); this.apply(); } },
        make("label", { text: t("limit_rate") }, this.rate), make("label", { text: t("max_downloads") }, this.most),
        make("button", { type: "submit", text: t("apply") })),
      make("h2", { text: t("space") }), this.roots, this.version);
  }

  async shown() {
    const status = await this.panel.tried(() => this.panel.request("GET", "/status"));
    if (!status) return;
    const { t, format } = this.panel;
    const isTyping = this.node.contains(this.node.getRootNode().activeElement);
    if (!isTyping) {
      this.rate.value = status.limit_rate ? Number((status.limit_rate / 1e6).toFixed(3)) : "";
      this.most.value = status.max_downloads ?? "";
    }
    this.roots.replaceChildren(...status.space.map(({ root, free, total }) => {
      const used = make("div", { class: "af-fill" });
      used.style.transform = `scaleX(${total ? (total - free) / total : 0})`;
      return make("li", {}, make("span", { class: "af-path", text: root }),
        make("span", { class: "af-facts", text: t("space_of", { free: format.size(free), total: format.size(total) }) }),
        make("div", { class: "af-track", "aria-hidden": "true" }, used));
    }));
    setText(this.version, t("version", { version: status.version }));
  }

  async apply() {
    const rate = Number(this.rate.value);
    const body = { limit_rate: rate > 0 ? rate * 1e6 : null };
    if (Number(this.most.value) >= 1) body.max_downloads = Number(this.most.value);
    const said = await this.panel.tried(() => this.panel.request("PATCH", "/settings", body));
    if (said) this.panel.telling.answer(this.panel.t("settings_changed"));
  }
}
