// The extension's texts by language; missing texts are shown in English.

const TABLES = {
  en: {
    tab: "Model downloads", tab_tooltip: "Model downloads (AnymatixFetcher)",
    missing: "Models of this workflow", none_needed: "No known models were found in this workflow.", all_here: "All {count} models of this workflow are present.",
    get: "Get", get_one: "Get {name}", get_all: "Get all {count} {size}", goes_to: "destination: {path}",
    "state_other content": "present with other content", "state_no address": "no URL known", state_conflict: "the workflow has conflicting entries",
    "state_no folder": "no folder for this type", state_missing: "the URL contains a secret and can't be stored",
    refused: "{name} can't be downloaded", failed: "{name} wasn't downloaded", no_reason: "See the downloads panel for details.",
  },
  fr: {
    tab: "Téléchargements", tab_tooltip: "Téléchargements de modèles (AnymatixFetcher)",
    missing: "Modèles de ce workflow", none_needed: "Aucun modèle connu dans ce workflow.", all_here: "Les {count} modèles de ce workflow sont présents.",
    get: "Obtenir", get_one: "Obtenir {name}", get_all: "Obtenir les {count} {size}", goes_to: "destination : {path}",
    "state_other content": "présent avec un autre contenu", "state_no address": "aucune URL connue", state_conflict: "le workflow a des entrées contradictoires",
    "state_no folder": "aucun dossier pour ce type", state_missing: "l'URL contient un secret et ne peut pas être enregistrée",
    refused: "{name} ne peut pas être téléchargé", failed: "{name} n'a pas été téléchargé", no_reason: "Voir le panneau des téléchargements.",
  },
};

// language: returns ComfyUI's language; called each time. Returns `t("refused", { name })`, with `t.language()`.
export function texts(language) {
  const spoken = () => {
    const asked = String(language() || "en").slice(0, 2).toLowerCase();
    return asked in TABLES ? asked : "en";
  };
  const t = (name, values = {}) => (TABLES[spoken()][name] ?? TABLES.en[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  t.language = spoken;
  return t;
}
