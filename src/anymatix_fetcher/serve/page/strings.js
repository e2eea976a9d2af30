// The panel's texts by language. Texts of the server (errors, hints, reasons) are shown unchanged.
//
// To add a language, add a table. Missing texts are shown in English.

import { fr } from "./strings_fr.js";

const en = {
  title: "Downloads", tab_downloads: "Downloads", tab_library: "Library", tab_settings: "Settings",
  reference: "Reference", fetch: "Fetch", choose_file: "Workflow file", type: "Type", type_folder: "server's folder", type_auto: "automatic",
  reference_hint: "Paste a URL, civitai:VERSION, hf:ORG/REPO/FILE or github:OWNER/REPO@TAG/ASSET, or drop a workflow here.",
  looking: "Resolving …", nothing_found: "No files were found.", goes_to: "destination: {path}", free: "{size} free",
  here: "already present: {path}", here_other: "another file with this name exists", queued_already: "already in the queue", size_unknown: "size unknown",
  files: "{count} files, {size}", more_files: "and {count} more", too_large: "Not enough disk space: {free} free.",
  added: "Added: {name}", added_many: "{count} added", same: "This is already in the queue.", drop: "Drop the workflow here",
  workflow: "{name}: {count} models", workflow_none: "{name} lists no known models.", workflow_bad: "{name} contains no workflow.",
  fetch_missing: "Fetch {count} missing", close: "Close", all_here: "All models are present.",
  state_here: "present", "state_other content": "other content", state_missing: "missing", "state_no address": "no URL",
  state_conflict: "conflict", "state_no folder": "no folder",
  state_queued: "waiting", state_active: "downloading", state_verifying: "verifying", state_paused: "paused", state_done: "done",
  state_failed: "failed", state_cancelled: "cancelled",
  pause: "Pause", resume: "Resume", cancel: "Cancel", retry: "Retry", remove: "Remove", details: "Details", move: "Move",
  move_hint: "Drag, or use the arrow keys, Home and End.", moved: "{name}: position {place}",
  blocks: "Stored parts of the file", jobs: "Jobs", shown: "Filter jobs", clear_done: "Clear done",
  group_all: "All", group_open: "In progress", group_done: "Done", group_failed: "Failed",
  empty: "The queue is empty. Paste a reference above.", empty_group: "No jobs.",
  amount: "{stored} of {size}", left: "{time} left", connection: "1 connection", connections: "{count} connections",
  waits_for: "waiting for {what}", proved: "verified by {by}", proved_length: "only the length was checked",
  fact_reference: "Source", fact_path: "File", fact_digest: "Digest", fact_added: "Added", fact_started: "Started", fact_attempts: "Failed attempts",
  fact_again_at: "Next attempt", copy_anyfetch: "Copy as anyfetch command", copy_curl: "Copy as curl command", copied: "Copied",
  cancel_title: "Cancel {name}?", cancel_text: "{size} are stored. If they are kept, a retry continues from there.",
  cancel_text_empty: "You can retry it later.", cancel_keep: "Keep the partial file", cancel_remove: "Remove the partial file", cancel_not: "Continue downloading",
  rates: "Download rate over the last five minutes", under_way: "{active} of {open} downloading", idle: "Idle", peak: "peak {rate}",
  offline: "No connection to the server. The page reconnects by itself.", online: "Reconnected to the server.",
  job_done: "{name} is done.", job_failed: "{name} failed.", and_more: "and {count} more",
  limit_rate: "Rate limit, MB/s", limit_none: "none", max_downloads: "Simultaneous downloads", apply: "Apply", settings_changed: "Settings saved.",
  space: "Free space", space_of: "{free} of {total} free", version: "AnymatixFetcher {version}",
  search: "Search", all_types: "All types", library_count: "{count} models, {size}", library_empty: "No models yet.",
  library_none: "No model matches.", refresh: "Refresh", sort: "Sort", sort_name: "by name", sort_size: "by size", sort_verified: "by last verification",
  model_name: "Name", model_type: "Type", model_size: "Size", model_origin: "Source", model_verified: "Verified", model_actions: "Actions",
  verify: "Verify", verifying: "Verifying …", never: "never", damaged: "damaged", written: "modified since", duplicate: "duplicate",
  verified_intact: "{name} is intact.", verified_recorded: "{name}: no digest was recorded before; it is recorded now.",
  verified_wrong: "{name}: {message}", verified_on: "{date}",
  remove_title: "Remove {name}?", remove_text: "The file and its records are deleted from the disk: {size}.", remove_yes: "Remove the file",
  remove_not: "Keep the file", removed: "{name} was removed.",
};

const de = {
  title: "Downloads", tab_downloads: "Downloads", tab_library: "Bibliothek", tab_settings: "Einstellungen",
  reference: "Referenz", fetch: "Holen", choose_file: "Workflow-Datei", type: "Typ", type_folder: "Ordner des Servers", type_auto: "automatisch",
  reference_hint: "Eine URL, civitai:VERSION, hf:ORG/REPO/DATEI oder github:OWNER/REPO@TAG/ASSET einfügen, oder einen Workflow hier ablegen.",
  looking: "Wird aufgelöst …", nothing_found: "Keine Dateien gefunden.", goes_to: "Ziel: {path}", free: "{size} frei",
  here: "schon vorhanden: {path}", here_other: "eine andere Datei mit diesem Namen ist vorhanden", queued_already: "schon in der Warteschlange",
  size_unknown: "Größe unbekannt", files: "{count} Dateien, {size}", more_files: "und {count} weitere",
  too_large: "Zu wenig Speicherplatz: {free} frei.",
  added: "Hinzugefügt: {name}", added_many: "{count} hinzugefügt", same: "Das ist schon in der Warteschlange.", drop: "Den Workflow hier ablegen",
  workflow: "{name}: {count} Modelle", workflow_none: "{name} nennt keine bekannten Modelle.", workflow_bad: "{name} enthält keinen Workflow.",
  fetch_missing: "{count} fehlende holen", close: "Schließen", all_here: "Alle Modelle sind vorhanden.",
  state_here: "vorhanden", "state_other content": "anderer Inhalt", state_missing: "fehlt", "state_no address": "keine URL",
  state_conflict: "Konflikt", "state_no folder": "kein Ordner",
  state_queued: "wartet", state_active: "lädt", state_verifying: "wird geprüft", state_paused: "angehalten", state_done: "fertig",
  state_failed: "gescheitert", state_cancelled: "abgebrochen",
  pause: "Anhalten", resume: "Fortsetzen", cancel: "Abbrechen", retry: "Wiederholen", remove: "Entfernen", details: "Einzelheiten", move: "Verschieben",
  move_hint: "Ziehen, oder mit den Pfeiltasten, Pos1 und Ende verschieben.", moved: "{name}: Position {place}",
  blocks: "Gespeicherte Teile der Datei", jobs: "Aufträge", shown: "Aufträge filtern", clear_done: "Fertige entfernen",
  group_all: "Alle", group_open: "Laufend", group_done: "Fertig", group_failed: "Gescheitert",
  empty: "Die Warteschlange ist leer. Oben eine Referenz einfügen.", empty_group: "Keine Aufträge.",
  amount: "{stored} von {size}", left: "noch {time}", connection: "1 Verbindung", connections: "{count} Verbindungen",
  waits_for: "wartet auf {what}", proved: "geprüft mit {by}", proved_length: "nur die Länge wurde geprüft",
  fact_reference: "Von", fact_path: "Datei", fact_digest: "Prüfsumme", fact_added: "Hinzugefügt", fact_started: "Begonnen",
  fact_attempts: "Gescheiterte Versuche", fact_again_at: "Nächster Versuch",
  copy_anyfetch: "Als anyfetch-Befehl kopieren", copy_curl: "Als curl-Befehl kopieren", copied: "Kopiert",
  cancel_title: "{name} abbrechen?", cancel_text: "{size} sind gespeichert. Werden sie behalten, geht es beim nächsten Versuch dort weiter.",
  cancel_text_empty: "Es kann später wiederholt werden.", cancel_keep: "Teildatei behalten", cancel_remove: "Teildatei löschen",
  cancel_not: "Weiter herunterladen",
  rates: "Datenrate in den letzten fünf Minuten", under_way: "{active} von {open} laden", idle: "Leerlauf", peak: "Spitze {rate}",
  offline: "Keine Verbindung zum Server. Sie wird von selbst wiederhergestellt.", online: "Wieder mit dem Server verbunden.",
  job_done: "{name} ist fertig.", job_failed: "{name} ist gescheitert.", and_more: "und {count} weitere",
  limit_rate: "Begrenzung, MB/s", limit_none: "keine", max_downloads: "Gleichzeitige Downloads", apply: "Übernehmen",
  settings_changed: "Einstellungen gespeichert.", space: "Freier Platz", space_of: "{free} von {total} frei", version: "AnymatixFetcher {version}",
  search: "Suche", all_types: "Alle Typen", library_count: "{count} Modelle, {size}", library_empty: "Noch keine Modelle.",
  library_none: "Kein Modell passt zur Suche.", refresh: "Neu lesen", sort: "Ordnen", sort_name: "nach Name", sort_size: "nach Größe", sort_verified: "nach letzter Prüfung",
  model_name: "Name", model_type: "Typ", model_size: "Größe", model_origin: "Von", model_verified: "Geprüft", model_actions: "Aktionen",
  verify: "Prüfen", verifying: "Wird geprüft …", never: "nie", damaged: "beschädigt", written: "seither geändert", duplicate: "doppelt",
  verified_intact: "{name} ist unversehrt.", verified_recorded: "{name}: bisher war keine Prüfsumme verzeichnet; jetzt ist sie es.",
  verified_wrong: "{name}: {message}", verified_on: "{date}",
  remove_title: "{name} löschen?", remove_text: "Die Datei und ihre Aufzeichnungen werden gelöscht: {size}.", remove_yes: "Die Datei löschen",
  remove_not: "Die Datei behalten", removed: "{name} wurde gelöscht.",
};

const TABLES = { en, de, fr };

// The first preferred language that has a table, and its function `t("left", { time: "3 s" })`.
export function strings(wanted = globalThis.navigator?.languages ?? ["en"]) {
  const asked = (Array.isArray(wanted) ? wanted : [wanted]).map((one) => String(one));
  const language = asked.find((one) => TABLES[one.slice(0, 2).toLowerCase()]) ?? "en";
  const table = TABLES[language.slice(0, 2).toLowerCase()];
  const t = (name, values = {}) => (table[name] ?? en[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  return { language, t };
}
