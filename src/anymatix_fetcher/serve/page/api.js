// The server: its REST interface and its stream of events. The secret lives as long as the tab.

const KEPT = "anyfetch-secret";

export class Refused extends Error {
  constructor(status, error) {
    super(error.message || `the server answers ${status}`);
    this.status = status;
    this.hint = error.hint || "";
  }
}

export function secret() { return sessionStorage.getItem(KEPT) || ""; }

export function keepSecret(value) { sessionStorage.setItem(KEPT, value); }

function headers(more = {}) {
  const known = secret();
  return known ? { Authorization: `Bearer ${known}`, ...more } : more;
}

export async function ask(method, path, body) {
  const options = { method, headers: headers(body === undefined ? {} : { "Content-Type": "application/json" }) };
  if (body !== undefined) options.body = JSON.stringify(body);
  const response = await fetch(`/api/v1${path}`, options);
  const text = await response.text();
  let said = {};
  try { said = text ? JSON.parse(text) : {}; } catch { said = {}; }
  if (!response.ok) throw new Refused(response.status, said.error || {});
  return said;
}

// Calls onEvent for each event, onConnection(true or false) when the stream begins and breaks off; goes on for ever.
// An EventSource can't send the Authorization field, so the stream is read by hand (HTML, section 9.2).
export async function follow(onEvent, onConnection) {
  let last = "";
  for (let failures = 0; ; failures += 1) {
    try {
      const more = last ? { "Last-Event-ID": last } : {};
      const response = await fetch("/api/v1/events", { headers: headers({ Accept: "text/event-stream", ...more }) });
      if (response.status === 401) return;
      if (!response.ok) throw new Refused(response.status, {});
      onConnection(true);
      failures = 0;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const event = { id: "", data: "" };
          for (const line of part.split("\n")) {
            const at = line.indexOf(":");
            if (at > 0) event[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, "");
          }
          if (event.id) last = event.id;
          if (event.data) onEvent(JSON.parse(event.data));
        }
      }
    } catch { /* offline: told below, and tried again */ }
    onConnection(false);
    await new Promise((resolve) => setTimeout(resolve, Math.min(15000, 500 * 2 ** Math.min(failures, 5))));
  }
}
