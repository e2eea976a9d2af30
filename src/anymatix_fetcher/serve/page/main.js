// The server's page: asks for the secret and mounts the panel. The secret is kept as long as the tab is open.

import { makeApi, Refused } from "./api.js";
import { mount } from "./panel.js";

const KEPT = "anyfetch-secret";
const TITLE = document.title;

const unlock = document.getElementById("unlock");
const field = document.getElementById("secret");
const refused = document.getElementById("refused");
const root = document.getElementById("panel");
let mounted = null;

const api = makeApi({ secret: () => sessionStorage.getItem(KEPT) || "", onLocked: lock });

function lock() {
  mounted?.unmount();
  mounted = null;
  root.hidden = true;
  unlock.hidden = false;
  document.title = TITLE;
  field.focus();
}

async function begin() {
  try {
    const { needs_secret: needsSecret } = await (await fetch("/healthz")).json();
    if (needsSecret && !sessionStorage.getItem(KEPT)) { lock(); return; }
    await api.request("GET", "/settings");
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      if (sessionStorage.getItem(KEPT)) refused.textContent = "That isn't the secret of this server.";
      return;
    }
    if (error instanceof Refused) { refused.textContent = `${error.message} ${error.hint}`; lock(); return; }
  }
  refused.textContent = "";
  unlock.hidden = true;
  root.hidden = false;
  mounted ??= mount(root, { api, onSummary: (rate) => { document.title = rate ? `${rate} · ${TITLE}` : TITLE; } });
}

unlock.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEPT, field.value.trim());
  field.value = "";
  begin();
});

begin();
