// The panel: the user interface of a queue and its library, within one element.
//
//   import { mount } from "./panel.js";
//   import { makeApi } from "./api.js";
//   const { unmount } = mount(element, { api: makeApi({ base: "/api/v1" }) });
// The page loads the style sheet (`stylesheet`). Colours are custom properties (--af-fg, --af-bg, ...: see panel.css)
// that
// a page may set on the element or an ancestor. Nothing outside the element is changed.

import { Adding } from "./adding.js";
import { make, newId, setText } from "./dom.js";
import { Format } from "./format.js";
import { JobList } from "./job_list.js";
import { Jobs, title } from "./jobs.js";
import { Library } from "./library.js";
import { Overview } from "./overview.js";
import { Settings } from "./settings.js";
import { strings } from "./strings.js";
import { Telling } from "./telling.js";

export const stylesheet = new URL("./panel.css", import.meta.url).href;

const FEATURES = { workflow: true, library: true, settings: true, folder: true };

// element: an empty element; api: see api.js; features: the enabled parts; language: such as "de", by default the
// browser's;
// onSummary: called each second with a summary. Returns `unmount()`, which removes the panel and frees its resources.
export function mount(element, { api, features = {}, language, onSummary } = {}) {
  const ending = new AbortController();
  const { language: spoken, t } = strings(language);
  const panel = {
    root: element, jobs: new Jobs(), t, format: new Format(spoken), features: { ...FEATURES, ...features },
    unmounting: ending.signal, isConnected: true, request: (...asked) => api.request(...asked),
  };
  panel.telling = new Telling(t, ending.signal);
  panel.tried = async (action) => {
    try { return await action(); } catch (error) {
      if (!ending.signal.aborted && error.name !== "AbortError") panel.telling.wrong(error);
      return undefined;
    }
  };
  const list = new JobList(panel);
  panel.take = (event) => {
    const { before, job, hasMoved } = panel.jobs.take(event);
    list.changed(event.id, hasMoved);
    const isNews = before && job && before.state !== job.state && ["done", "failed"].includes(job.state);
    if (isNews) panel.telling.say(t(`job_${job.state}`, { name: title(job) }));
  };
  // Requests a change and applies the jobs of the response, unless the stream has delivered newer states of them.
  panel.change = async (method, path, body) => {
    const since = panel.jobs.tellings;
    const said = await panel.request(method, path, body);
    for (const job of said.jobs ?? [said]) if (job.id && panel.jobs.isNews(job.id, since)) panel.take(job);
    return said;
  };

  const offline = make("p", { class: "af-offline", role: "alert", hidden: true });
  const downloads = make("div", {}, new Adding(panel).node, new Overview(panel, { onSummary }).node, list.node);
  const parts = [["downloads", downloads, null]];
  for (const [name, Part] of [["library", Library], ["settings", Settings]]) {
    if (!panel.features[name]) continue;
    const part = new Part(panel);
    parts.push([name, part.node, () => part.shown()]);
  }
  element.classList.add("anyfetch");
  element.replaceChildren(offline, ...(parts.length > 1 ? [tabs(t, parts)] : []), ...parts.map(([, node]) => node), panel.telling.node);

  async function connected(isConnected) {
    if (ending.signal.aborted) return;
    const wasConnected = panel.isConnected;
    panel.isConnected = isConnected;
    offline.hidden = isConnected;
    setText(offline, isConnected ? "" : t("offline"));
    element.classList.toggle("af-is-offline", !isConnected);
    if (!isConnected) return;
    if (!wasConnected) panel.telling.say(t("online"));
    const since = panel.jobs.tellings;
    try {
      panel.jobs.replaceAll((await api.request("GET", "/jobs")).jobs, since);
      list.all();
    } catch { /* the stream tells of all jobs as well */ }
  }

  const end = api.events((event) => panel.take(event), connected);
  return {
    unmount() {
      end();
      ending.abort();
      element.classList.remove("anyfetch", "af-is-offline");
      element.replaceChildren();
    },
  };
}

// A tab for each part; the arrow keys move between them (the tabs pattern of WAI-ARIA).
function tabs(t, parts) {
  const buttons = parts.map(([name, node]) => {
    node.id = newId();
    node.setAttribute("role", "tabpanel");
    const tab = make("button", { type: "button", role: "tab", id: newId(), "aria-controls": node.id, text: t(`tab_${name}`) });
    node.setAttribute("aria-labelledby", tab.id);
    return tab;
  });
  const choose = (chosen) => parts.forEach(([, node, onShown], at) => {
    const isChosen = at === chosen;
    buttons[at].setAttribute("aria-selected", String(isChosen));
    buttons[at].tabIndex = isChosen ? 0 : -1;
    node.hidden = !isChosen;
    if (isChosen) onShown?.();
  });
  const line = make("div", { class: "af-tabs", role: "tablist" }, ...buttons);
  buttons.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(at));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: parts.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = (to + parts.length) % parts.length;
      choose(next);
      buttons[next].focus();
    });
  });
  choose(0);
  return line;
}
