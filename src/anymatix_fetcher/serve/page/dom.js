// Creates elements without parsing markup, so text can't become HTML.

const SVG = "http://www.w3.org/2000/svg";

// `make("button", { class: "x", text: "Go", "aria-label": "Go", click: f }, child, ...)`; functions are listeners.
export function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (typeof value === "function") node.addEventListener(key, value);
    else if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else if (typeof value === "boolean" && key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

// Writes only changed text, so that nothing is drawn or read aloud again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, text) {
  setText(node, text || "");
  setHidden(node, !text);
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

let made = 0;
// An id that is unique in the document, even with several panels.
export function newId() {
  made += 1;
  return `anyfetch-${made}`;
}

const SHAPES = {
  pause: "M8 5v14M16 5v14",
  resume: "M8 5l11 7-11 7z",
  cancel: "M6 6l12 12M18 6L6 18",
  retry: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  details: "M6 9l6 6 6-6",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  verify: "M5 12l5 5 9-10",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  fetch: "M12 4v11m-5-5 5 5 5-5M5 20h14",
};

export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.setAttribute("class", `af-icon af-icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  picture.append(path);
  return picture;
}

export function button(text, picture, onPress, properties = {}) {
  return make("button", { type: "button", click: onPress, ...properties }, picture && icon(picture), make("span", { text }));
}
