// Shell commands that fetch a job's file. A job's reference contains no token, so neither do the commands.

// Quotes a word for a POSIX shell.
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function anyfetchCommand(job) {
  return ["anyfetch", ...(job.path ? ["-o", quoted(job.path)] : []), quoted(job.reference)].join(" ");
}

// Returns null for references that are not URLs, since curl can't fetch them.
export function curlCommand(job) {
  if (!/^https?:/i.test(job.reference)) return null;
  const name = (job.path || job.name || "").split(/[\\/]/).pop();
  return ["curl -L --fail -C -", name ? `-o ${quoted(name)}` : "-O", quoted(job.reference)].join(" ");
}

// Browsers offer the clipboard to secure pages only; elsewhere the text is selected and copied.
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
