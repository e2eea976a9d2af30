// The sidebar tab: the missing models of the open workflow, and the queue's panel in ComfyUI's colours.

import { MissingModels } from "./missing.js";

export const TAB_ID = "anymatix-fetcher";
const STYLE = new URL("./anymatix_fetcher.css", import.meta.url).href;

export function sidebarTab({ api, app, routes, queue, t, toast, watching }) {
  const page = api.apiURL("/anymatix/page");
  let missing = null;
  let mounted = null;
  let ending = null;

  // The panel's scripts are loaded when the tab is first opened.
  async function render(element) {
    destroy();
    ending = new AbortController();
    const mine = ending;
    loadStyles([`${page}/panel.css`, STYLE]);
    const root = document.createElement("div");
    root.className = "anymatix-panel";
    root.lang = t.language();
    element.replaceChildren(root);
    followTheme(root, mine.signal);
    const [panel, dom, format] = await Promise.all(
      ["panel.js", "dom.js", "format.js"].map((name) => import(`${page}/${name}`)),
    );
    if (mine.signal.aborted) return;
    const above = document.createElement("div");
    const below = document.createElement("div");
    root.replaceChildren(above, below);
    missing = new MissingModels({ app, routes, queue, t, toast, watching, dom, format: new format.Format(t.language()), root: above, ending: mine.signal });
    mounted = panel.mount(below, { api: queue, language: t.language(), features: { folder: false } });
    missing.look();
  }

  function destroy() {
    ending?.abort();
    mounted?.unmount();
    ending = mounted = missing = null;
  }

  return {
    id: TAB_ID,
    icon: "pi pi-download",
    title: t("tab"),
    tooltip: t("tab_tooltip"),
    type: "custom",
    render: (element) => { render(element).catch((error) => toast("error", t("tab"), error.message)); },
    destroy,
    workflowChanged: () => missing?.soon(),
  };
}

function loadStyles(addresses) {
  for (const address of addresses) {
    if (document.head.querySelector(`link[href="${CSS.escape(address)}"]`)) continue;
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address;
    document.head.append(link);
  }
}

// The brightness of ComfyUI's text colour tells whether its palette is light or dark.
function followTheme(root, signal) {
  const look = () => {
    const [red, green, blue] = (getComputedStyle(root).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
    root.style.colorScheme = red * 0.3 + green * 0.59 + blue * 0.11 > 127 ? "dark" : "light";
  };
  const observer = new MutationObserver(look);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: ["class", "style"] });
  }
  signal.addEventListener("abort", () => observer.disconnect());
  setTimeout(look, 0);
}
