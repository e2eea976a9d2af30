// The models of the open workflow, including subgraphs and group nodes, and whether they are present.

const SOON_MS = 400;
const FETCHABLE = "missing";

export class MissingModels {
  // dom, format: modules of the queue's page; root: an empty element; ending: aborted when the tab is closed.
  constructor({ app, routes, queue, t, toast, watching, dom, format, root, ending }) {
    Object.assign(this, { app, routes, queue, t, toast, dom, format, root, ending });
    this.timer = 0;
    this.asked = 0;
    root.className = "anyfetch anymatix-missing";
    const forget = watching.onArrival(() => this.soon());
    ending.addEventListener("abort", () => { forget(); clearTimeout(this.timer); });
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), SOON_MS);
  }

  async look() {
    this.asked += 1;
    const workflow = JSON.parse(JSON.stringify(this.app.graph.serialize()));
    // First the result of the local check, then that of other servers.
    if (await this.plan(workflow, this.asked, true)) await this.plan(workflow, this.asked, false);
  }

  // Shows the models of a workflow; returns whether other servers should be asked as well.
  async plan(workflow, asked, quick) {
    let models = [];
    let error = null;
    try {
      if (workflow.nodes?.length) models = (await this.queue.request("POST", "/workflow", { workflow, quick }, { signal: this.ending })).models;
    } catch (raised) {
      error = raised;
    }
    if (asked !== this.asked || this.ending.aborted) return false;
    this.show(models, error);
    return models.some((model) => model.state === FETCHABLE);
  }

  show(models, error) {
    const { make, button } = this.dom;
    const { t, format } = this;
    const wanted = models.filter((model) => model.state !== "here");
    const fetchable = wanted.filter((model) => model.state === FETCHABLE && model.reference);
    if (error) { this.root.replaceChildren(this.box(make("p", { class: "af-message", text: error.message }))); return; }
    if (!wanted.length) {
      const text = models.length ? t("all_here", { count: models.length }) : t("none_needed");
      this.root.replaceChildren(this.box(make("p", { class: models.length ? "af-good" : "af-hint", text })));
      return;
    }
    const size = fetchable.reduce((sum, model) => sum + (model.size || 0), 0);
    const all = button(t("get_all", { count: fetchable.length, size: size ? `(${format.size(size)})` : "" }).trim(), "fetch", () => this.fetch(fetchable), { class: "af-primary" });
    this.root.replaceChildren(this.box(
      make("ul", { class: "anymatix-models", "aria-label": t("missing") }, ...wanted.map((model) => this.row(model))),
      fetchable.length > 1 ? make("div", { class: "af-answers" }, all) : null,
    ));
  }

  box(...children) {
    const { make } = this.dom;
    return make("section", { class: "af-box", "aria-label": this.t("missing") }, make("strong", { text: this.t("missing") }), ...children);
  }

  row(model) {
    const { make, button } = this.dom;
    const { t, format } = this;
    const isFetchable = model.state === FETCHABLE && model.reference;
    const facts = [model.size ? format.size(model.size) : "", model.directory, isFetchable ? hostOf(model.reference) : t(`state_${model.state}`)];
    const why = model.error ? [model.error.message, model.error.hint].filter(Boolean).join(". ") : model.note;
    const name = model.name ?? model.digest ?? model.url ?? "";
    return make("li", {},
      make("div", { class: "anymatix-line" },
        make("span", { class: "af-name", text: name, title: model.path ? t("goes_to", { path: model.path }) : "" }),
        isFetchable ? button(t("get"), "fetch", () => this.fetch([model]), { class: "af-quiet", "aria-label": t("get_one", { name }) }) : null),
      make("p", { class: "af-facts", text: facts.filter(Boolean).join(" · ") }),
      why ? make("p", { class: model.error ? "af-message" : "af-hint", text: why }) : null);
  }

  async fetch(models) {
    for (const model of models) {
      const digests = model.digest ? [model.digest] : [];
      try {
        await this.routes("POST", "/anymatix/download", { url: model.reference, name: model.name, directory: model.directory, digests });
      } catch (error) {
        this.toast("error", this.t("refused", { name: model.name }), [error.message, error.hint].filter(Boolean).join(". "));
      }
    }
  }
}

function hostOf(reference) {
  try { return new URL(reference).host; } catch { return ""; }
}
