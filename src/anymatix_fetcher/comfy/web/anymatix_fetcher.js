// The extension of ComfyUI's page: the sidebar panel, the bridge for the stock buttons, and messages about errors.

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { Bridge } from "./bridge.js";
import { makeQueue, makeRoutes } from "./routes.js";
import { sidebarTab, TAB_ID } from "./sidebar.js";
import { texts } from "./texts.js";
import { Watching } from "./watching.js";

const BRIDGE = "AnymatixFetcher.Bridge";
const RESCAN = "AnymatixFetcher.Rescan";

const t = texts(() => app.extensionManager?.setting?.get?.("Comfy.Locale"));
const routes = makeRoutes(api);
const toast = (severity, summary, detail) => app.extensionManager?.toast?.add({ severity, summary, detail, life: severity === "error" ? 15000 : 5000 });
const watching = new Watching({ api, app, toast, t });
const bridge = new Bridge({ window, routes, toast, t, watching });
let tab = null;

app.registerExtension({
  name: "AnymatixFetcher",
  settings: [
    {
      id: BRIDGE,
      category: ["AnymatixFetcher", "Missing models", "Bridge"],
      name: "Missing models: download on the server with ComfyUI's own buttons",
      tooltip: "If off, the buttons open the URL in the browser, as without this pack.",
      type: "boolean",
      defaultValue: true,
      onChange: (value) => { if (value) bridge.put(); else bridge.take(); },
    },
    {
      id: RESCAN,
      category: ["AnymatixFetcher", "Missing models", "Rescan"],
      name: "Check for missing models again after a download",
      type: "boolean",
      defaultValue: true,
      onChange: (value) => { watching.rescans = value; },
    },
  ],
  commands: [
    {
      id: "AnymatixFetcher.Panel",
      label: "AnymatixFetcher: show downloads",
      icon: "pi pi-download",
      function: () => app.extensionManager.command?.execute?.(`Workspace.ToggleSidebarTab.${TAB_ID}`),
    },
  ],
  aboutPageBadges: [{ label: "AnymatixFetcher", url: "https://github.com/anymatix/anymatix-fetcher", icon: "pi pi-download" }],
  async setup() {
    if (app.extensionManager.setting.get(BRIDGE) ?? true) bridge.put();
    watching.rescans = app.extensionManager.setting.get(RESCAN) ?? true;
    watching.begin();
    tab = sidebarTab({ api, app, routes, queue: makeQueue(api, routes), t, toast, watching });
    app.extensionManager.registerSidebarTab(tab);
  },
  afterConfigureGraph() { tab?.workflowChanged(); },
});
