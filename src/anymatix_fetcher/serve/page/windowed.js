// A virtual list: only the visible rows are in the document. Rows may differ in height, which is measured. The focused
// row
// stays in the document, so that the keyboard and a screen reader keep their position.

const BEYOND_PX = 400;

export class Windowed {
  // list: the element for the rows; estimate: the height in pixels of a row that wasn't measured yet;
  // make(key): creates a row, `{ node, drop() }`; unmounting: the signal that ends the list.
  constructor(list, { estimate, make, unmounting }) {
    this.list = list;
    this.make = make;
    this.estimate = estimate;
    this.keys = [];
    this.rows = new Map();
    this.heights = new Map();
    this.byNode = new WeakMap();
    this.frame = 0;
    list.classList.add("af-windowed");
    this.measuring = new ResizeObserver((entries) => this.measured(entries));
    const soon = () => this.soon();
    addEventListener("scroll", soon, { capture: true, passive: true, signal: unmounting });
    addEventListener("resize", soon, { passive: true, signal: unmounting });
    this.watching = new ResizeObserver(soon);
    this.watching.observe(list);
    unmounting.addEventListener("abort", () => this.end());
  }

  end() {
    cancelAnimationFrame(this.frame);
    this.measuring.disconnect();
    this.watching.disconnect();
    for (const row of this.rows.values()) row.drop?.();
    this.rows.clear();
  }

  set(keys) {
    this.keys = keys;
    const kept = new Set(keys);
    for (const key of this.heights.keys()) if (!kept.has(key)) this.heights.delete(key);
    this.draw();
  }

  soon() {
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  measured(entries) {
    let hasChanged = false;
    for (const entry of entries) {
      const key = this.byNode.get(entry.target);
      const height = entry.borderBoxSize[0].blockSize;
      if (height && this.heights.get(key) !== height) { this.heights.set(key, height); hasChanged = true; }
    }
    if (hasChanged) this.soon();
  }

  draw() {
    const top = this.list.getBoundingClientRect().top;
    const [from, to] = [-top - BEYOND_PX, innerHeight - top + BEYOND_PX];
    const isShown = this.list.offsetParent !== null;
    const focused = this.focusedKey();
    const wanted = [];
    let offset = 0;
    this.keys.forEach((key, index) => {
      const height = this.heights.get(key) ?? this.estimate;
      if (isShown ? (offset + height > from && offset < to) || key === focused : this.rows.has(key)) wanted.push([key, index, offset]);
      offset += height;
    });
    const total = `${offset}px`;
    if (this.list.style.height !== total) this.list.style.height = total;
    const kept = new Set(wanted.map(([key]) => key));
    for (const [key, row] of this.rows) if (!kept.has(key)) this.drop(key, row);
    for (const [key, index, start] of wanted) this.place(key, index, start);
    this.arrange(wanted.map(([key]) => this.rows.get(key).node), this.rows.get(focused)?.node);
  }

  drop(key, row) {
    this.measuring.unobserve(row.node);
    row.node.remove();
    row.drop?.();
    this.rows.delete(key);
  }

  place(key, index, start) {
    let row = this.rows.get(key);
    if (!row) {
      row = this.make(key);
      this.rows.set(key, row);
      this.byNode.set(row.node, key);
      this.measuring.observe(row.node);
    }
    const moved = `translateY(${start}px)`;
    if (row.node.style.transform !== moved) row.node.style.transform = moved;
    row.node.setAttribute("aria-setsize", this.keys.length);
    row.node.setAttribute("aria-posinset", index + 1);
  }

  // Orders the nodes without moving the focused one, which would lose the focus.
  arrange(nodes, focused) {
    let at = this.list.firstElementChild;
    for (const node of nodes) {
      if (node === at) { at = at.nextElementSibling; continue; }
      if (node !== focused) { this.list.insertBefore(node, at); continue; }
      while (at && at !== focused) {
        const next = at.nextElementSibling;
        this.list.append(at);
        at = next;
      }
      at = focused.nextElementSibling;
    }
  }

  focusedKey() {
    const active = this.list.getRootNode().activeElement;
    const node = active && this.list.contains(active) ? [...this.list.children].find((one) => one.contains(active)) : null;
    return node ? this.byNode.get(node) : undefined;
  }
}
