// All that the panel says of itself, by language. What the server says (errors, hints, reasons) is shown as it is.
//
// A further language is a further table. What a table lacks is said in English.

import { fr } from "./strings_fr.js";

const en = {
  title: "Downloads", tab_downloads: "Downloads", tab_library: "Library", tab_settings: "Settings",
  reference: "Reference", fetch: "Fetch", choose_file: "Workflow file", type: "Type", type_folder: "server's folder", type_auto: "by its kind",
  reference_hint: "Paste a URL, civitai:VERSION, hf:ORG/REPO/FILE or github:OWNER/REPO@TAG/ASSET, or drop a workflow here.",
  looking: "Looking …", nothing_found: "Nothing was found there.", goes_to: "goes to {path}", free: "{size} free",
  here: "already here: {path}", here_other: "another file of this name is here", queued_already: "already in the queue", size_unknown: "size unknown",
  files: "{count} files, {size}", more_files: "and {count} more", too_large: "There isn't room for it: {free} are free.",
  added: "Added: {name}", added_many: "{count} added", same: "That is in the queue already.", drop: "Drop the workflow here",
  workflow: "{name}: {count} models", workflow_none: "{name} needs no models that are known.", workflow_bad: "{name} holds no workflow.",
  fetch_missing: "Fetch {count} missing", close: "Close", all_here: "All of it is here.",
  state_here: "here", "state_other content": "other content", state_missing: "missing", "state_no address": "no address",
  state_conflict: "conflict", "state_no folder": "no folder",
  state_queued: "waiting", state_active: "downloading", state_verifying: "verifying", state_paused: "paused", state_done: "done",
  state_failed: "failed", state_cancelled: "cancelled",
  pause: "Pause", resume: "Resume", cancel: "Cancel", retry: "Retry", remove: "Remove", details: "Details", move: "Move",
  move_hint: "Drag it, or move it by the arrow keys, Home and End.", moved: "{name}: place {place}",
  blocks: "Which parts of the file are here", jobs: "Jobs", shown: "Which jobs are shown", clear_done: "Clear done",
  group_all: "All", group_open: "Under way", group_done: "Done", group_failed: "Failed",
  empty: "Nothing is in the queue. Paste a reference above.", empty_group: "None.",
  amount: "{stored} of {size}", left: "{time} left", connection: "1 connection", connections: "{count} connections",
  waits_for: "waits for {what}", proved: "proved by {by}", proved_length: "only its length was checked",
  fact_reference: "From", fact_path: "File", fact_digest: "Digest", fact_added: "Added", fact_started: "Started", fact_attempts: "Failed tries",
  fact_again_at: "Next try", copy_anyfetch: "Copy as anyfetch command", copy_curl: "Copy as curl command", copied: "Copied",
  cancel_title: "Cancel {name}?", cancel_text: "{size} have arrived. Kept, a later try goes on from there.",
  cancel_text_empty: "It can be tried again later.", cancel_keep: "Keep the part", cancel_remove: "Remove the part", cancel_not: "Go on downloading",
  rates: "Bytes a second over the last five minutes", under_way: "{active} of {open} under way", idle: "Idle", peak: "peak {rate}",
  offline: "No connection to the server. It goes on by itself when the server is back.", online: "The server is back.",
  job_done: "{name} is done.", job_failed: "{name} failed.", and_more: "and {count} more",
  limit_rate: "Limit, MB/s", limit_none: "none", max_downloads: "Downloads at a time", apply: "Apply", settings_changed: "The settings are changed.",
  space: "Free space", space_of: "{free} of {total} free", version: "AnymatixFetcher {version}",
  search: "Search", all_types: "All types", library_count: "{count} models, {size}", library_empty: "No models are here yet.",
  library_none: "None fits the search.", refresh: "Refresh", sort: "Sort", sort_name: "by name", sort_size: "by size", sort_verified: "longest unverified",
  model_name: "Name", model_type: "Type", model_size: "Size", model_origin: "From", model_verified: "Verified", model_actions: "Actions",
  verify: "Verify", verifying: "Verifying …", never: "never", damaged: "damaged", written: "written to since", duplicate: "twice here",
  verified_intact: "{name} is intact.", verified_recorded: "{name}: nothing was recorded of it until now; its digest is known from now on.",
  verified_wrong: "{name}: {message}", verified_on: "{date}",
  remove_title: "Remove {name}?", remove_text: "The file and what is recorded of it go from the disk: {size}.", remove_yes: "Remove the file",
  remove_not: "Keep the file", removed: "{name} is removed.",
};

const de = {
  title: "Downloads", tab_downloads: "Downloads", tab_library: "Bibliothek", tab_settings: "Einstellungen",
  reference: "Referenz", fetch: "Holen", choose_file: "Workflow-Datei", type: "Typ", type_folder: "Ordner des Servers", type_auto: "nach seiner Art",
  reference_hint: "Eine URL, civitai:VERSION, hf:ORG/REPO/DATEI oder github:OWNER/REPO@TAG/ASSET einfügen, oder einen Workflow hier ablegen.",
  looking: "Es wird nachgesehen …", nothing_found: "Dort ist nichts.", goes_to: "kommt nach {path}", free: "{size} frei",
  here: "schon da: {path}", here_other: "eine andere Datei dieses Namens ist da", queued_already: "schon in der Warteschlange",
  size_unknown: "Größe unbekannt", files: "{count} Dateien, {size}", more_files: "und {count} weitere",
  too_large: "Der Platz reicht nicht: {free} sind frei.",
  added: "Hinzugefügt: {name}", added_many: "{count} hinzugefügt", same: "Das ist schon in der Warteschlange.", drop: "Den Workflow hier ablegen",
  workflow: "{name}: {count} Modelle", workflow_none: "{name} braucht keine bekannten Modelle.", workflow_bad: "{name} enthält keinen Workflow.",
  fetch_missing: "{count} fehlende holen", close: "Schließen", all_here: "Alles ist da.",
  state_here: "da", "state_other content": "anderer Inhalt", state_missing: "fehlt", "state_no address": "ohne Adresse",
  state_conflict: "Widerspruch", "state_no folder": "ohne Ordner",
  state_queued: "wartet", state_active: "lädt", state_verifying: "wird geprüft", state_paused: "angehalten", state_done: "fertig",
  state_failed: "gescheitert", state_cancelled: "abgebrochen",
  pause: "Anhalten", resume: "Fortsetzen", cancel: "Abbrechen", retry: "Wiederholen", remove: "Entfernen", details: "Einzelheiten", move: "Verschieben",
  move_hint: "Ziehen, oder mit den Pfeiltasten, Pos1 und Ende verschieben.", moved: "{name}: Platz {place}",
  blocks: "Welche Teile der Datei da sind", jobs: "Aufträge", shown: "Welche Aufträge gezeigt werden", clear_done: "Fertige entfernen",
  group_all: "Alle", group_open: "Laufend", group_done: "Fertig", group_failed: "Gescheitert",
  empty: "Die Warteschlange ist leer. Oben eine Referenz einfügen.", empty_group: "Keine.",
  amount: "{stored} von {size}", left: "noch {time}", connection: "1 Verbindung", connections: "{count} Verbindungen",
  waits_for: "wartet auf {what}", proved: "bewiesen durch {by}", proved_length: "nur die Länge wurde geprüft",
  fact_reference: "Von", fact_path: "Datei", fact_digest: "Prüfsumme", fact_added: "Hinzugefügt", fact_started: "Begonnen",
  fact_attempts: "Gescheiterte Versuche", fact_again_at: "Nächster Versuch",
  copy_anyfetch: "Als anyfetch-Befehl kopieren", copy_curl: "Als curl-Befehl kopieren", copied: "Kopiert",
  cancel_title: "{name} abbrechen?", cancel_text: "{size} sind angekommen. Werden sie behalten, geht es später dort weiter.",
  cancel_text_empty: "Es kann später wiederholt werden.", cancel_keep: "Den Teil behalten", cancel_remove: "Den Teil löschen",
  cancel_not: "Weiter laden",
  rates: "Bytes je Sekunde in den letzten fünf Minuten", under_way: "{active} von {open} laufen", idle: "Nichts zu tun", peak: "höchstens {rate}",
  offline: "Keine Verbindung zum Server. Es geht von selbst weiter, sobald er wieder da ist.", online: "Der Server ist wieder da.",
  job_done: "{name} ist fertig.", job_failed: "{name} ist gescheitert.", and_more: "und {count} weitere",
  limit_rate: "Grenze, MB/s", limit_none: "keine", max_downloads: "Downloads zugleich", apply: "Übernehmen",
  settings_changed: "Die Einstellungen sind geändert.", space: "Freier Platz", space_of: "{free} von {total} frei", version: "AnymatixFetcher {version}",
  search: "Suche", all_types: "Alle Typen", library_count: "{count} Modelle, {size}", library_empty: "Noch sind keine Modelle da.",
  library_none: "Keines passt zur Suche.", refresh: "Neu lesen", sort: "Ordnen", sort_name: "nach Name", sort_size: "nach Größe", sort_verified: "am längsten ungeprüft",
  model_name: "Name", model_type: "Typ", model_size: "Größe", model_origin: "Von", model_verified: "Geprüft", model_actions: "Aktionen",
  verify: "Prüfen", verifying: "Wird geprüft …", never: "nie", damaged: "beschädigt", written: "seither beschrieben", duplicate: "doppelt da",
  verified_intact: "{name} ist unversehrt.", verified_recorded: "{name}: bisher war nichts verzeichnet; ab jetzt ist die Prüfsumme bekannt.",
  verified_wrong: "{name}: {message}", verified_on: "{date}",
  remove_title: "{name} löschen?", remove_text: "Die Datei und was über sie verzeichnet ist werden gelöscht: {size}.", remove_yes: "Die Datei löschen",
  remove_not: "Die Datei behalten", removed: "{name} ist gelöscht.",
};

const TABLES = { en, de, fr };

// The best language there is a table for, and what says its strings: `t("left", { time: "3 s" })`.
export function strings(wanted = globalThis.navigator?.languages ?? ["en"]) {
  const asked = (Array.isArray(wanted) ? wanted : [wanted]).map((one) => String(one));
  const language = asked.find((one) => TABLES[one.slice(0, 2).toLowerCase()]) ?? "en";
  const table = TABLES[language.slice(0, 2).toLowerCase()];
  const t = (name, values = {}) => (table[name] ?? en[name] ?? name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  return { language, t };
}
