// A client of the pack's routes, based on ComfyUI's own API object.

export class Refused extends Error {
  constructor(status, error) {
    super(error.message || `the server responded with status ${status}`);
    this.status = status;
    this.hint = error.hint || "";
  }
}

// `ask("POST", "/anymatix/download", { ... })` resolves to the parsed JSON, or throws Refused.
export function makeRoutes(api) {
  return async function ask(method, path, body, { signal } = {}) {
    const options = { method, signal };
    if (body !== undefined || method === "POST" || method === "PATCH") {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(body ?? {});
    }
    const response = await api.fetchApi(path, options);
    const text = await response.text();
    let said = {};
    try { said = text ? JSON.parse(text) : {}; } catch { said = {}; }
    if (!response.ok) throw new Refused(response.status, said.error || {});
    return said;
  };
}

// The API object for the panel (see api.js of the queue's page); events come over ComfyUI's WebSocket.
export function makeQueue(api, ask) {
  const base = "/anymatix/api/v1";
  return {
    request: (method, path, body, options) => ask(method, base + path, body, options),
    events(onEvent, onConnection = () => {}) {
      const told = ({ detail }) => {
        for (const job of detail.jobs) onEvent({ event: "changed", ...job });
        for (const id of detail.removed) onEvent({ id, event: "removed" });
      };
      const lost = () => onConnection(false);
      const back = () => onConnection(true);
      api.addEventListener("anymatix_jobs", told);
      api.addEventListener("reconnecting", lost);
      api.addEventListener("reconnected", back);
      api.addEventListener("status", back, { once: true }); // the socket may open after the panel
      queueMicrotask(back);
      return () => {
        api.removeEventListener("anymatix_jobs", told);
        api.removeEventListener("reconnecting", lost);
        api.removeEventListener("reconnected", back);
        api.removeEventListener("status", back);
      };
    },
  };
}
