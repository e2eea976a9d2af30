// A client of the server's REST API and of its event stream.
// `makeApi` returns an object with `request(method, path, body)`, which resolves to the parsed JSON or throws
// `Refused`, and
// `events(onEvent, onConnection)`, which returns a function that ends the stream. The panel takes any such object.

export class Refused extends Error {
  constructor(status, error) {
    super(error.message || `the server responded with status ${status}`);
    this.status = status;
    this.hint = error.hint || "";
  }
}

export class Unreachable extends Error {}

const LONGEST_PAUSE_MS = 15000;
// The server sends a keep-alive each 15 seconds; a stream without one is treated as dead.
const LONGEST_SILENCE_MS = 40000;

// base: the API's path, such as "/api/v1"; secret: returns the server's secret, or "" for none.
export function makeApi({ base = "/api/v1", secret = () => "", onLocked = () => {} } = {}) {
  const headers = (more) => (secret() ? { Authorization: `Bearer ${secret()}`, ...more } : more);

  async function answer(path, options) {
    try {
      return await fetch(base + path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Unreachable("the server can't be reached");
    }
  }

  async function request(method, path, body, { signal } = {}) {
    const options = { method, signal, headers: headers(body === undefined ? {} : { "Content-Type": "application/json" }) };
    if (body !== undefined) options.body = JSON.stringify(body);
    const response = await answer(path, options);
    const text = await response.text();
    let said = {};
    try { said = text ? JSON.parse(text) : {}; } catch { said = {}; }
    if (response.status === 401) onLocked();
    if (!response.ok) throw new Refused(response.status, said.error || {});
    return said;
  }

  // An EventSource can't send the Authorization field, so the stream is read by hand (HTML, section 9.2).
  function events(onEvent, onConnection = () => {}) {
    const ending = new AbortController();
    let last = "";
    async function read() {
      const reading = new AbortController();
      const stop = () => reading.abort();
      ending.signal.addEventListener("abort", stop);
      let watch = 0;
      const isAlive = () => { clearTimeout(watch); watch = setTimeout(stop, LONGEST_SILENCE_MS); };
      try {
        isAlive();
        await readStream(reading.signal, isAlive);
      } finally {
        clearTimeout(watch);
        ending.signal.removeEventListener("abort", stop);
      }
    }
    async function readStream(signal, isAlive) {
      const more = last ? { "Last-Event-ID": last } : {};
      const fields = headers({ Accept: "text/event-stream", ...more });
      const response = await answer("/events", { headers: fields, signal });
      if (response.status === 401) { ending.abort(); onLocked(); }
      if (!response.ok) throw new Refused(response.status, {});
      onConnection(true);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const { value, done } = await reader.read();
        if (done) return;
        isAlive();
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const event = parsed(part);
          if (event.id) last = event.id;
          if (event.data) onEvent(JSON.parse(event.data));
        }
      }
    }
    async function follow() {
      for (let failures = 0; !ending.signal.aborted; failures += 1) {
        const began = Date.now();
        try { await read(); } catch { /* told below, and tried again */ }
        if (ending.signal.aborted) return;
        onConnection(false);
        if (Date.now() - began > LONGEST_PAUSE_MS) failures = 0;
        await pause(Math.min(LONGEST_PAUSE_MS, 500 * 2 ** Math.min(failures, 5)), ending.signal);
      }
    }
    follow();
    return () => ending.abort();
  }

  return { request, events };
}

function parsed(text) {
  const event = { id: "", data: "" };
  for (const line of text.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) event[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, "");
  }
  return event;
}

// Ends early when the browser reports that it is online again.
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, milliseconds);
    addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}
