// The two pictures: which blocks of a file are here, and how the rate went.

function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function fitted(canvas) {
  const scale = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale];
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  return canvas.getContext("2d");
}

const FULL = [0, 0.45, 0.8, 1]; // missing, arriving, stored, verified

export function blocks(canvas, states) {
  const draw = fitted(canvas);
  draw.clearRect(0, 0, canvas.width, canvas.height);
  const columns = Math.min(states.length, Math.max(1, Math.floor(canvas.width / 3)));
  const width = canvas.width / columns;
  for (let column = 0; column < columns; column += 1) {
    const from = Math.floor((column * states.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * states.length) / columns));
    let sum = 0;
    for (let at = from; at < to; at += 1) sum += FULL[states[at]] ?? 0;
    draw.globalAlpha = 1;
    draw.fillStyle = colour("--bar-back");
    draw.fillRect(column * width, 0, Math.ceil(width), canvas.height);
    draw.globalAlpha = sum / (to - from);
    draw.fillStyle = colour("--bar");
    draw.fillRect(column * width, 0, Math.ceil(width), canvas.height);
  }
  draw.globalAlpha = 1;
}

export function plot(canvas, rates) {
  const draw = fitted(canvas);
  draw.clearRect(0, 0, canvas.width, canvas.height);
  const most = Math.max(1, ...rates);
  draw.beginPath();
  draw.moveTo(0, canvas.height);
  rates.forEach((value, at) => {
    draw.lineTo((at * canvas.width) / Math.max(1, rates.length - 1), canvas.height * (1 - (0.95 * value) / most));
  });
  draw.lineTo(canvas.width, canvas.height);
  draw.closePath();
  draw.fillStyle = colour("--bar");
  draw.globalAlpha = 0.35;
  draw.fill();
  draw.globalAlpha = 1;
}
