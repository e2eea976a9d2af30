// The form that adds jobs. It previews references and workflows before anything is downloaded.

import { button, make, newId, setHidden, setText } from "./dom.js";
import { title } from "./jobs.js";
import { readWorkflow } from "./workflow_file.js";

const LOOK_MS = 500;
const MOST_SHOWN = 8;
// Only complete references are resolved, not the first letters of one.
const LOOKS_WHOLE = /^(https?:\/\/[^/]+\/.+|hf:(\/\/)?[^/]+\/.+|[a-z0-9+]+:[^/\s].*\d.*|[a-z0-9+]+:\/?\/?[^/\s]+\/.+)$/i;
const TYPES = [
  "checkpoint", "diffusion-model", "lora", "vae", "text-encoder", "clip-vision", "controlnet", "upscaler", "embedding",
  "style-model", "ip-adapter", "hypernetwork", "motion-module", "model-patch", "audio-encoder", "latent-upscaler",
];

export class Adding {
  constructor(panel) {
    this.panel = panel;
    this.asked = 0;
    const { t } = panel;
    const [fieldId, hintId] = [newId(), newId()];
    this.field = make("textarea", {
      id: fieldId, rows: "1", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": hintId,
      keydown: (event) => this.pressed(event), input: () => this.typed(),
    });
    this.type = make("select", { "aria-label": t("type"), change: () => this.look() },
      panel.features.folder ? make("option", { value: "", text: t("type_folder") }) : null, make("option", { value: "auto", text: t("type_auto") }),
      ...TYPES.map((type) => make("option", { value: type, text: type })));
    this.file = make("input", { type: "file", accept: ".json,.png", hidden: true, change: () => this.chose(this.file.files) });
    this.found = make("div", { class: "af-found", "aria-live": "polite" });
    this.node = make("form", { class: "af-add", "aria-label": t("fetch"), submit: (event) => { event.preventDefault(); this.add(); } },
      make("label", { for: fieldId, text: t("reference") }),
      make("div", { class: "af-field" }, this.field, this.type,
        make("button", { type: "submit", class: "af-primary" }, make("span", { text: t("fetch") })),
        panel.features.workflow ? button(t("choose_file"), "file", () => this.file.click(), { class: "af-file" }) : null),
      make("p", { class: "af-hint", id: hintId, text: t("reference_hint") }), this.file, this.found);
    this.node.dataset.drop = t("drop");
    if (panel.features.workflow) this.takeDrops(panel.root);
    panel.unmounting.addEventListener("abort", () => clearTimeout(this.timer));
  }

  references() { return this.field.value.split(/\s*[\n\r]+\s*/).map((text) => text.trim()).filter(Boolean); }

  pressed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.node.requestSubmit(); }
  }

  typed() {
    this.field.rows = Math.min(6, this.field.value.split("\n").length);
    clearTimeout(this.timer);
    this.asked += 1;
    if (!this.field.value.trim()) { this.found.replaceChildren(); return; }
    this.timer = setTimeout(() => this.look(), LOOK_MS);
  }

  // ---- References ----

  async look() {
    const references = this.references().filter((text) => LOOKS_WHOLE.test(text)).slice(0, MOST_SHOWN);
    if (!references.length) { this.found.replaceChildren(); return; }
    this.asked += 1;
    const asked = this.asked;
    this.found.replaceChildren(make("p", { class: "af-hint", text: this.panel.t("looking") }));
    const cards = await Promise.all(references.map((reference) => this.card(reference)));
    if (asked === this.asked) this.found.replaceChildren(...cards);
  }

  async card(reference) {
    const { t } = this.panel;
    try {
      const body = this.type.value ? { reference, type: this.type.value } : { reference };
      const { files } = await this.panel.request("POST", "/resolve", body);
      if (!files?.length) return this.box(reference, [t("nothing_found")]);
      return files.length === 1 ? this.fileBox(files[0]) : this.filesBox(reference, files);
    } catch (error) {
      return this.errorBox(reference, error);
    }
  }

  errorBox(heading, error) {
    return make("div", { class: "af-box af-wrong" }, make("strong", { text: heading }),
      make("p", { class: "af-message", text: error.message }), error.hint ? make("p", { class: "af-hint", text: error.hint }) : null);
  }

  box(heading, lines) {
    return make("div", { class: "af-box" }, make("strong", { text: heading }),
      ...lines.filter(Boolean).map((text) => make("p", { class: "af-facts", text })));
  }

  fileBox(file) {
    const { t, format } = this.panel;
    const what = [file.size === null ? t("size_unknown") : format.size(file.size), file.type, file.base_model, file.source];
    const box = this.box(file.name, [
      file.title,
      what.filter(Boolean).join(" · "),
      file.destination ? t("goes_to", { path: file.destination }) : "",
    ]);
    for (const path of file.here || []) box.append(make("p", { class: "af-good", text: t("here", { path }) }));
    if (file.taken) box.append(make("p", { class: "af-warning", text: t("here_other") }));
    if (file.job) box.append(make("p", { class: "af-good", text: t("queued_already") }));
    if (file.free !== null && file.free < file.size) {
      box.append(make("p", { class: "af-message", text: t("too_large", { free: format.size(file.free) }) }));
    }
    if (file.error) box.append(make("p", { class: "af-message", text: file.error.message }), make("p", { class: "af-hint", text: file.error.hint }));
    return box;
  }

  filesBox(reference, files) {
    const { t, format } = this.panel;
    const size = files.reduce((sum, file) => sum + (file.size || 0), 0);
    const names = files.slice(0, MOST_SHOWN).map((file) => [file.name, format.size(file.size)].filter(Boolean).join(" · "));
    const more = files.length - names.length;
    return this.box(reference, [t("files", { count: files.length, size: format.size(size) }), ...names,
      more > 0 ? t("more_files", { count: more }) : ""]);
  }

  async add() {
    const references = this.references();
    if (!references.length) { this.field.focus(); return; }
    const body = this.type.value ? { references, type: this.type.value } : { references };
    const text = this.field.value;
    this.field.value = "";
    this.typed();
    this.field.focus();
    const error = await this.post([body]);
    if (!error || this.field.value) return;
    this.field.value = text; // the server refused it, so it is shown again
    this.typed();
    clearTimeout(this.timer);
    this.found.replaceChildren(this.errorBox(references.join(", "), error));
  }

  // Sends these requests and announces the new jobs. Returns the error of the first refused request, or null.
  async post(bodies) {
    const { t, telling, jobs } = this.panel;
    const known = new Set(jobs.byId.keys());
    const fresh = [];
    for (const body of bodies) {
      let said;
      try { said = await this.panel.change("POST", "/jobs", body); } catch (error) { return error; }
      fresh.push(...said.jobs.filter((job) => !known.has(job.id)));
    }
    if (!fresh.length) telling.answer(t("same"));
    else telling.answer(fresh.length === 1 ? t("added", { name: title(fresh[0]) }) : t("added_many", { count: fresh.length }));
    return null;
  }

  // ---- Workflows ----

  takeDrops(root) {
    const options = { signal: this.panel.unmounting };
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    root.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.node.classList.add("af-over");
    }, options);
    root.addEventListener("dragleave", (event) => {
      if (!root.contains(event.relatedTarget)) this.node.classList.remove("af-over");
    }, options);
    root.addEventListener("drop", (event) => {
      this.node.classList.remove("af-over");
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.chose(event.dataTransfer.files);
    }, options);
  }

  async chose(files) {
    const { t, telling } = this.panel;
    const [file] = files;
    if (!file) return;
    const workflow = await readWorkflow(file);
    this.file.value = "";
    if (!workflow) { telling.answer(t("workflow_bad", { name: file.name })); return; }
    this.asked += 1;
    this.found.replaceChildren(make("p", { class: "af-hint", text: t("looking") }));
    const plan = await this.panel.tried(() => this.panel.request("POST", "/workflow", { workflow }));
    this.found.replaceChildren(...(plan ? [this.planBox(file.name, plan.models)] : []));
  }

  planBox(name, models) {
    const { t, format } = this.panel;
    const heading = models.length ? t("workflow", { name, count: models.length }) : t("workflow_none", { name });
    const missing = models.filter((model) => model.state === "missing" && model.reference);
    const close = button(t("close"), "cancel", () => this.found.replaceChildren(), { class: "af-quiet" });
    const rows = models.map((model) => this.planRow(model, missing.includes(model)));
    const box = make("div", { class: "af-box af-plan" }, make("strong", { text: heading }), make("ul", {}, ...rows.map((row) => row.node)));
    const fetch = button("", "fetch", () => this.fetchChosen(rows), { class: "af-primary" });
    const count = () => {
      const chosen = rows.filter((row) => row.tick?.checked);
      const size = chosen.reduce((sum, row) => sum + (row.model.size || 0), 0);
      setText(fetch.lastElementChild, t("fetch_missing", { count: chosen.length }) + (size ? ` (${format.size(size)})` : ""));
      fetch.disabled = !chosen.length;
    };
    box.addEventListener("change", count);
    count();
    setHidden(fetch, !missing.length);
    box.append(make("div", { class: "af-answers" }, fetch, close));
    if (models.length && models.every((model) => model.state === "here")) box.append(make("p", { class: "af-good", text: t("all_here") }));
    return box;
  }

  planRow(model, isMissing) {
    const { t, format } = this.panel;
    const facts = [t(`state_${model.state}`), format.size(model.size), model.path, model.copy ? t("here", { path: model.copy }) : "", model.note, model.error?.message].filter(Boolean);
    const tick = isMissing ? make("input", { type: "checkbox", checked: true }) : null;
    const text = make("span", {}, make("b", { text: model.name || model.url || model.digest }), make("span", { class: "af-facts", text: facts.join(" · ") }));
    return { model, tick, node: make("li", { class: `af-${model.state.replace(" ", "-")}` }, tick ? make("label", {}, tick, text) : text) };
  }

  async fetchChosen(rows) {
    const bodies = rows.filter((row) => row.tick?.checked).map(({ model }) => ({
      references: [model.reference],
      type: model.directory || undefined,
      output: model.name || undefined,
      digests: model.digest ? [model.digest] : undefined,
      author: "file",
    }));
    const error = await this.post(bodies);
    if (error) { this.panel.telling.wrong(error); return; }
    this.found.replaceChildren();
    this.field.focus();
  }
}
