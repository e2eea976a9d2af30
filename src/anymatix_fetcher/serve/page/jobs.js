// All jobs as the server tells them: their order, their counts. Nothing here is drawn.

export const OPEN = ["active", "queued", "paused"];
export const GROUPS = { all: null, open: OPEN, done: ["done"], failed: ["failed", "cancelled"] };

export const hasEnded = (job) => !OPEN.includes(job.state);

// What a job is called: its file, or what that will most likely be called.
export function title(job) {
  if (job.name) return job.name;
  const segment = /^https?:/i.test(job.reference) ? job.reference.split(/[?#]/)[0].split("/").pop() : "";
  try { return decodeURIComponent(segment) || job.reference; } catch { return segment || job.reference; }
}

// The order in which they go; those that have ended come last, the newest first.
export function order(one, other) {
  const [ended, otherEnded] = [hasEnded(one), hasEnded(other)];
  if (ended !== otherEnded) return ended ? 1 : -1;
  if (ended) return (other.ended_at || 0) - (one.ended_at || 0);
  return other.priority - one.priority || one.position - other.position || one.created_at - other.created_at;
}

export class Jobs {
  constructor() {
    this.byId = new Map();
    this.toldAt = new Map(); // by job: which of all tellings was its last
    this.tellings = 0;
  }

  get(id) { return this.byId.get(id); }

  // What an event, or an answer, says of a job. Returns how it was before and is now, and whether the list looks different.
  take(event) {
    this.tellings += 1;
    this.toldAt.set(event.id, this.tellings);
    const before = this.byId.get(event.id);
    if (event.event === "removed") {
      this.byId.delete(event.id);
      return { before, job: null, hasMoved: Boolean(before) };
    }
    const job = { ...before, ...event };
    this.byId.set(job.id, job);
    const hasMoved = !before || ["state", "priority", "position"].some((key) => before[key] !== job[key]);
    return { before, job, hasMoved };
  }

  // Whether an answer that was asked for after so many tellings is the newest that is known of a job: what has been told
  // of it since may be newer, and stays.
  isNews(id, since) { return (this.toldAt.get(id) ?? 0) <= since; }

  // All jobs, as an answer has them that was asked for after so many tellings; those that it doesn't have are gone.
  replaceAll(list, since) {
    const kept = new Set(list.map((job) => job.id));
    for (const id of [...this.byId.keys()]) if (!kept.has(id) && this.isNews(id, since)) this.byId.delete(id);
    for (const job of list) if (this.isNews(job.id, since)) this.byId.set(job.id, job);
  }

  chosen(group) {
    const states = GROUPS[group];
    const all = [...this.byId.values()];
    return (states ? all.filter((job) => states.includes(job.state)) : all).sort(order);
  }

  counts() {
    const counts = { all: 0, open: 0, active: 0, done: 0, failed: 0, bytesPerSecond: 0 };
    for (const job of this.byId.values()) {
      counts.all += 1;
      if (!hasEnded(job)) counts.open += 1;
      else counts[job.state === "done" ? "done" : "failed"] += 1;
      if (job.state === "active") { counts.active += 1; counts.bytesPerSecond += job.bytes_per_second || 0; }
    }
    return counts;
  }

  // What moving a job by so many places, or to another job's place, asks the server for.
  moveTo(id, index) {
    const line = this.chosen("open");
    const from = line.findIndex((job) => job.id === id);
    const position = Math.max(0, Math.min(line.length - 1, index));
    if (from < 0 || position === from) return null;
    const neighbour = line[position];
    const change = { position };
    if (neighbour.priority !== line[from].priority) change.priority = neighbour.priority;
    return change;
  }

  indexOf(id) { return this.chosen("open").findIndex((job) => job.id === id); }
}
