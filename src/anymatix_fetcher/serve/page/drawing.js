// Draws the map of blocks and the graph of the rate. Colours come from the style sheet.

function fitted(canvas) {
  const scale = devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const draw = canvas.getContext("2d");
  draw.clearRect(0, 0, width, height);
  draw.fillStyle = getComputedStyle(canvas).color;
  draw.strokeStyle = draw.fillStyle;
  return draw;
}

const FULL = [0, 0.35, 0.7, 1]; // missing, arriving, stored, verified

export function drawBlocks(canvas, states) {
  const draw = fitted(canvas);
  const columns = Math.min(states.length, Math.max(1, Math.floor(canvas.width / 2)));
  for (let column = 0; column < columns; column += 1) {
    const from = Math.floor((column * states.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * states.length) / columns));
    let sum = 0;
    for (let at = from; at < to; at += 1) sum += FULL[states[at]] ?? 0;
    const [left, right] = [Math.round((column * canvas.width) / columns), Math.round(((column + 1) * canvas.width) / columns)];
    draw.globalAlpha = sum / (to - from);
    draw.fillRect(left, 0, right - left, canvas.height);
  }
  draw.globalAlpha = 1;
}

// The newest value is at the right edge; `slots` values fill the width.
export function drawRates(canvas, rates, slots) {
  const draw = fitted(canvas);
  if (!rates.length) return;
  const most = Math.max(1, ...rates);
  const x = (at) => canvas.width * (1 - (rates.length - 1 - at) / (slots - 1));
  const y = (value) => canvas.height - 1 - (0.92 * (canvas.height - 2) * value) / most;
  draw.beginPath();
  rates.forEach((value, at) => draw.lineTo(x(at), y(value)));
  draw.lineWidth = Math.max(1, 1.5 * (devicePixelRatio || 1));
  draw.lineJoin = "round";
  draw.stroke();
  draw.lineTo(x(rates.length - 1), canvas.height);
  draw.lineTo(x(0), canvas.height);
  draw.closePath();
  draw.globalAlpha = 0.16;
  draw.fill();
  draw.globalAlpha = 1;
}
