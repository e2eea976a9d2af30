// Numbers as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  let unit = 0;
  while (bytes >= 1000 && unit < UNITS.length - 1) { bytes /= 1000; unit += 1; }
  return `${unit === 0 ? bytes : bytes.toPrecision(3)} ${UNITS[unit]}`;
}

export function rate(bytesPerSecond) {
  return bytesPerSecond ? `${size(Math.round(bytesPerSecond))}/s` : "";
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function percent(job) {
  if (job.state === "done") return 100;
  return job.size ? Math.min(100, Math.floor((100 * job.bytes_stored) / job.size)) : null;
}
