// What the extension says beside the panel, by language; what a language lacks is said in English.

const TABLES = {
  en: {
    tab: "Model downloads", tab_tooltip: "Model downloads (AnymatixFetcher)",
    missing: "Models of this workflow", none_needed: "This workflow needs no models that are known.", all_here: "All {count} models of this workflow are here.",
    fetch: "Fetch", fetch_one: "Fetch {name}", fetch_all: "Fetch all {count} {size}", goes_to: "goes to {path}",
    "state_other content": "here with other content", "state_no address": "no address is known", state_conflict: "the workflow contradicts itself",
    "state_no folder": "there is no folder for it", state_missing: "no address that may be kept",
    refused: "{name} can't be downloaded", failed: "{name} wasn't downloaded", no_reason: "The panel of downloads tells more.",
  },
  de: {
    tab: "Modell-Downloads", tab_tooltip: "Modell-Downloads (AnymatixFetcher)",
    missing: "Modelle dieses Workflows", none_needed: "Dieser Workflow braucht keine bekannten Modelle.", all_here: "Alle {count} Modelle dieses Workflows sind da.",
    fetch: "Holen", fetch_one: "{name} holen", fetch_all: "Alle {count} holen {size}", goes_to: "kommt nach {path}",
    "state_other content": "mit anderem Inhalt da", "state_no address": "keine Adresse bekannt", state_conflict: "der Workflow widerspricht sich",
    "state_no folder": "kein Ordner dafür", state_missing: "keine Adresse, die behalten werden darf",
    refused: "{name} kann nicht geladen werden", failed: "{name} wurde nicht geladen", no_reason: "Die Liste der Downloads sagt mehr.",
  },
};

// language: asks ComfyUI for its own, each time. Gives `t("refused", { name })`, and `t.language()`.
export function texts(language) {
  const spoken = () => {
    const asked = String(language() || navigator.language || "en").slice(0, 2).toLowerCase();
    return asked in TABLES ? asked : "en";
  };
  const t = (name, values = {}) => (TABLES[spoken()][name] ?? TABLES.en[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  t.language = spoken;
  return t;
}
