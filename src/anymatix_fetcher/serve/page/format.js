// Formats sizes, rates, durations and dates for a language.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export class Format {
  constructor(language) {
    this.language = language;
    this.few = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
    this.whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    this.day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
    this.clock = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  }

  size(bytes) {
    if (bytes === null || bytes === undefined) return "";
    let unit = 0;
    while (bytes >= 999.5 && unit < UNITS.length - 1) { bytes /= 1000; unit += 1; }
    return `${(bytes >= 100 ? this.whole : this.few).format(bytes)} ${UNITS[unit]}`;
  }

  rate(bytesPerSecond) {
    return bytesPerSecond ? `${this.size(Math.round(bytesPerSecond))}/s` : "";
  }

  count(number) { return this.whole.format(number); }

  // Seconds are shown only below 90 seconds, since an estimate is not more precise.
  duration(seconds) {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
    const whole = Math.max(1, Math.ceil(seconds));
    if (whole < 90) return `${whole} s`;
    const minutes = Math.round(whole / 60);
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    return `${Math.round(minutes / 1440)} d`;
  }

  moment(value) {
    const date = typeof value === "number" ? new Date(value * 1000) : new Date(value);
    return Number.isNaN(date.getTime()) ? "" : this.clock.format(date);
  }

  date(value) {
    const date = new Date(value);
    return Number.isNaN(date.getTime()) ? "" : this.day.format(date);
  }
}

// The stored percentage of a job's file, 0 to 100; null if its size is unknown.
export function percent(job) {
  if (job.state === "done") return 100;
  return job.size ? Math.min(100, Math.floor((100 * job.bytes_stored) / job.size)) : null;
}
