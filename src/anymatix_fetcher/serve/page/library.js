// The list of models below the roots, with their origin and last verification; it may have thousands of rows.

import { button, make, setHidden, setText } from "./dom.js";
import { ask } from "./telling.js";
import { Windowed } from "./windowed.js";

const ROW_PX = 74;
const SORTS = {
  name: (one, other) => (one.name < other.name ? -1 : 1),
  size: (one, other) => other.size - one.size,
  verified: (one, other) => (one.verified_at || "").localeCompare(other.verified_at || ""),
};

export class Library {
  constructor(panel) {
    this.panel = panel;
    this.models = new Map();
    this.busy = new Set();
    const { t } = panel;
    this.search = make("input", { type: "search", "aria-label": t("search"), placeholder: t("search"), input: () => this.arrange() });
    this.type = make("select", { "aria-label": t("type"), change: () => this.arrange() });
    this.sort = make("select", { "aria-label": t("sort"), change: () => this.arrange() },
      ...Object.keys(SORTS).map((name) => make("option", { value: name, text: t(`sort_${name}`) })));
    this.count = make("p", { class: "af-hint", role: "status" });
    this.list = make("ul", { class: "af-models", "aria-label": t("tab_library") });
    this.empty = make("p", { class: "af-empty" });
    this.node = make("section", { class: "af-library" },
      make("div", { class: "af-line" }, this.search, this.type, this.sort, button(t("refresh"), "retry", () => this.shown(), { class: "af-quiet" })),
      this.count, this.list, this.empty);
    this.windowed = new Windowed(this.list, { estimate: ROW_PX, make: (path) => this.row(path), unmounting: panel.unmounting });
  }

  async shown() {
    setText(this.count, this.models.size ? this.count.textContent : this.panel.t("looking"));
    const found = await this.panel.tried(() => this.panel.request("GET", "/models"));
    if (!found) return;
    this.models = new Map(found.models.map((model) => [model.path, model]));
    const chosen = this.type.value;
    const types = [...new Set(found.models.map((model) => model.folder).filter(Boolean))].sort();
    this.type.replaceChildren(make("option", { value: "", text: this.panel.t("all_types") }), ...types.map((type) => make("option", { value: type, text: type })));
    this.type.value = types.includes(chosen) ? chosen : "";
    this.redraw();
  }

  redraw() {
    for (const [key, row] of [...this.windowed.rows]) {
      if (!this.models.has(key)) continue;
      this.fill(row, this.models.get(key));
    }
    this.arrange();
  }

  arrange() {
    const { t, format } = this.panel;
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...this.models.values()].filter((model) => (
      (!this.type.value || model.folder === this.type.value)
      && words.every((word) => `${model.name} ${model.source || ""}`.toLowerCase().includes(word))
    )).sort(SORTS[this.sort.value]);
    const size = chosen.reduce((sum, model) => sum + model.size, 0);
    setText(this.count, chosen.length ? t("library_count", { count: format.count(chosen.length), size: format.size(size) }) : "");
    setText(this.empty, t(this.models.size ? "library_none" : "library_empty"));
    setHidden(this.empty, chosen.length > 0);
    this.windowed.set(chosen.map((model) => model.path));
  }

  row(path) {
    const { t } = this.panel;
    const row = {
      folder: make("span", { class: "af-folder" }), file: make("span"), state: make("span", { class: "af-state" }), facts: make("p", { class: "af-facts" }),
      verify: button(t("verify"), "verify", () => this.verify(path), { class: "af-quiet" }),
      remove: button(t("remove"), "remove", () => this.remove(path), { class: "af-quiet" }),
    };
    const label = make("div", { class: "af-head" }, make("span", { class: "af-name" }, row.folder, row.file), row.state);
    row.node = make("li", { class: "af-model" }, make("div", { class: "af-card" }, label,
      make("div", { class: "af-foot" }, row.facts, make("div", { class: "af-buttons" }, row.verify, row.remove))));
    this.fill(row, this.models.get(path));
    return row;
  }

  fill(row, model) {
    const { t, format } = this.panel;
    const isBusy = this.busy.has(model.path);
    const at = Math.max(model.name.lastIndexOf("/"), model.name.lastIndexOf("\\"));
    setText(row.folder, model.name.slice(0, at + 1));
    setText(row.file, model.name.slice(at + 1));
    const wrong = model.damaged ? t("damaged") : model.changed ? t("written") : "";
    const verified = model.verified_at ? format.date(model.verified_at) : t("never");
    const isProved = model.verified_at && !["none", "length"].includes(model.verified);
    setText(row.state, isBusy ? t("verifying") : wrong || (isProved ? `✓ ${verified}` : ""));
    row.node.firstElementChild.className = `af-card${wrong ? " af-is-failed" : isProved ? " af-is-done" : ""}`;
    row.node.setAttribute("aria-label", model.name);
    setText(row.facts, [
      format.size(model.size), model.folder, model.origin, `${t("model_verified").toLowerCase()}: ${verified}${model.verified_at ? ` (${model.verified})` : ""}`,
      model.duplicates?.length ? t("duplicate") : "",
    ].filter(Boolean).join(" · "));
    row.facts.title = [model.path, model.source].filter(Boolean).join("\n");
    row.verify.setAttribute("aria-busy", String(isBusy));
  }

  async verify(path) {
    const { t, telling } = this.panel;
    if (this.busy.has(path)) return;
    this.mark(path, () => this.busy.add(path));
    const said = await this.panel.tried(() => this.panel.request("POST", "/models/verify", { paths: [path] }));
    this.mark(path, () => this.busy.delete(path));
    if (!said) return;
    for (const one of said.models) {
      const name = this.models.get(one.path)?.name ?? one.path;
      telling.answer(one.error ? t("verified_wrong", { name, message: one.error.message }) : t(`verified_${one.condition}`, { name }));
    }
    await this.shown();
  }

  mark(path, change) {
    change();
    const [row, model] = [this.windowed.rows.get(path), this.models.get(path)];
    if (row && model) this.fill(row, model);
  }

  async remove(path) {
    const { t, format, telling } = this.panel;
    const model = this.models.get(path);
    const answer = await ask(this.panel.root, {
      title: t("remove_title", { name: model.name }),
      text: t("remove_text", { size: format.size(model.size) }),
      answers: [{ name: "", label: t("remove_not") }, { name: "remove", label: t("remove_yes"), isDangerous: true }],
    });
    if (!answer) return;
    const said = await this.panel.tried(() => this.panel.request("POST", "/models/remove", { paths: [path] }));
    if (!said) return;
    this.search.focus();
    telling.answer(t("removed", { name: model.name }));
    await this.shown();
  }
}
