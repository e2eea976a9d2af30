// What the extension says beside the panel, by language; what a language lacks is said in English.

const TABLES = {
  en: {
    tab: "Model downloads", tab_tooltip: "Model downloads (AnymatixFetcher)",
    missing: "Models of this workflow", none_needed: "This workflow needs no models that are known.", all_here: "All {count} models of this workflow are here.",
    get: "Get", get_one: "Get {name}", get_all: "Get all {count} {size}", goes_to: "goes to {path}",
    "state_other content": "here with other content", "state_no address": "no address is known", state_conflict: "the workflow contradicts itself",
    "state_no folder": "there is no folder for it", state_missing: "no address that may be kept",
    refused: "{name} can't be downloaded", failed: "{name} wasn't downloaded", no_reason: "The panel of downloads tells more.",
  },
  fr: {
    tab: "Téléchargements", tab_tooltip: "Téléchargements de modèles (AnymatixFetcher)",
    missing: "Modèles de ce workflow", none_needed: "Ce workflow n'a besoin d'aucun modèle connu.", all_here: "Les {count} modèles de ce workflow sont là.",
    get: "Obtenir", get_one: "Obtenir {name}", get_all: "Obtenir les {count} {size}", goes_to: "ira dans {path}",
    "state_other content": "là avec un autre contenu", "state_no address": "aucune adresse connue", state_conflict: "le workflow se contredit",
    "state_no folder": "aucun dossier pour cela", state_missing: "aucune adresse qui puisse être gardée",
    refused: "{name} ne peut pas être téléchargé", failed: "{name} n'a pas été téléchargé", no_reason: "La liste des téléchargements en dit plus.",
  },
};

// language: asks ComfyUI for its own, each time. Gives `t("refused", { name })`, and `t.language()`.
export function texts(language) {
  const spoken = () => {
    const asked = String(language() || "en").slice(0, 2).toLowerCase();
    return asked in TABLES ? asked : "en";
  };
  const t = (name, values = {}) => (TABLES[spoken()][name] ?? TABLES.en[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  t.language = spoken;
  return t;
}
