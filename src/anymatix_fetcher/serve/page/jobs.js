// The state of all jobs as reported by the server. Independent of the display.

export const OPEN = ["active", "queued", "paused"];
export const GROUPS = { all: null, open: OPEN, done: ["done"], failed: ["failed", "cancelled"] };

export const hasEnded = (job) => !OPEN.includes(job.state);

// The title of a job: its file's name, or a guess from the reference.
export function title(job) {
  if (job.name) return job.name;
  const segment = /^https?:/i.test(job.reference) ? job.reference.split(/[?#]/)[0].split("/").pop() : "";
  try { return decodeURIComponent(segment) || job.reference; } catch { return segment || job.reference; }
}

// Jobs in their order of execution, followed by the ended ones, the newest first.
export function order(one, other) {
  const [ended, otherEnded] = [hasEnded(one), hasEnded(other)];
  if (ended !== otherEnded) return ended ? 1 : -1;
  if (ended) return (other.ended_at || 0) - (one.ended_at || 0);
  return other.priority - one.priority || one.position - other.position || one.created_at - other.created_at;
}

export class Jobs {
  constructor() {
    this.byId = new Map();
    this.toldAt = new Map(); // by job: the number of its latest update
    this.tellings = 0;
  }

  get(id) { return this.byId.get(id); }

  // Applies an event or a response to a job. Returns the job before and after, and whether the list has changed.
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

  // Whether a response requested after `count` updates is the latest state of a job. Updates since then may be newer.
  isNews(id, since) { return (this.toldAt.get(id) ?? 0) <= since; }

  // Replaces all jobs by a response requested after `count` updates; jobs that it lacks were removed.
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

  // The change to request for moving a job by some positions, or to another job's position.
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
