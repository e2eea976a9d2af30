// Reads the workflow from a file: ComfyUI's JSON, or a PNG with the workflow in a text chunk (PNG, section 11.3).

const KEYWORDS = ["workflow", "prompt"];
const PNG = [0x89, 0x50, 0x4e, 0x47];

// Returns the workflow, or null if there is none.
export async function readWorkflow(file) {
  const content = new Uint8Array(await file.arrayBuffer());
  const isPicture = PNG.every((byte, at) => content[at] === byte);
  const texts = isPicture ? pictureTexts(content) : [new TextDecoder().decode(content)];
  for (const text of texts) {
    try {
      const value = JSON.parse(text);
      if (value && typeof value === "object" && !Array.isArray(value)) return value;
    } catch { /* the next one */ }
  }
  return null;
}

function pictureTexts(content) {
  const view = new DataView(content.buffer);
  const found = new Map();
  for (let at = 8; at + 12 <= content.length;) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...content.subarray(at + 4, at + 8));
    const data = content.subarray(at + 8, at + 8 + length);
    const end = data.indexOf(0);
    const keyword = new TextDecoder("latin1").decode(data.subarray(0, Math.max(0, end)));
    if (kind === "tEXt") found.set(keyword, new TextDecoder("latin1").decode(data.subarray(end + 1)));
    if (kind === "iTXt" && data[end + 1] === 0) {
      const language = data.indexOf(0, end + 3);
      found.set(keyword, new TextDecoder().decode(data.subarray(data.indexOf(0, language + 1) + 1)));
    }
    at += 12 + length;
  }
  return KEYWORDS.filter((keyword) => found.has(keyword)).map((keyword) => found.get(keyword));
}
