// What fetches the same file in a terminal, to be copied. What a job shows holds no token, and so these don't either.

// A word as a POSIX shell reads it.
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function anyfetchCommand(job) {
  return ["anyfetch", ...(job.path ? ["-o", quoted(job.path)] : []), quoted(job.reference)].join(" ");
}

// curl knows URLs only: null for other references.
export function curlCommand(job) {
  if (!/^https?:/i.test(job.reference)) return null;
  const name = (job.path || job.name || "").split(/[\\/]/).pop();
  return ["curl -L --fail -C -", name ? `-o ${quoted(name)}` : "-O", quoted(job.reference)].join(" ");
}

// Browsers give the clipboard to secure pages only, if at all; elsewhere what is selected is copied.
export async function copy(text, beside) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "af-unseen";
    beside.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
