// One map in the dialog: the picture below, the map above it, both zoomed and moved together.

const LARGE_SIDE = 900; // pixels of a heat map's canvas, at most

class Pane {
  constructor(grid, cell, large) {
    Object.assign(this, { grid, cell, large });
    this.root = make("div", large ? "pane large" : "pane");
    this.parts = [];
    if (cell.data.display === "picture") {
      const image = make("img", "kernels");
      image.src = cell.data.src;
      image.alt = cell.data.alt;
      this.scene("map").append(image);
      this.root.classList.add("kernels-pane");
      return;
    }
    if (large) {
      this.plain = make("canvas", "ground");
      this.scene("plain").append(this.plain);
    }
    this.ground = make("canvas", "ground");
    this.layer = make("canvas", "layer");
    Object.assign(this.layer.style, cssBox(cell.column.seen));
    if (COARSE.includes(cell.data.display)) this.layer.classList.add("over");
    this.scene("map").append(this.ground, this.layer);
  }

  /** What is zoomed and moved, inside of what cuts it off. */
  scene(name) {
    const cut = make("div", `cut ${name}`);
    const scene = make("div", "scene");
    cut.append(scene);
    this.root.append(cut);
    this.parts.push(cut);
    return scene;
  }

  paint() {
    const { cell, grid } = this;
    const grounds = grid.largeGrounds ?? grid.grounds;
    if (!this.layer || !grounds || !cell.map?.width) return;
    const { look } = grid.keeper;
    const shown = this.root.clientWidth * Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(this.large ? Math.max(shown, LARGE_SIDE) : shown);
    const { size } = grid.data.picture;
    const height = Math.max(1, Math.round((width * size[0]) / size[1]));
    if (!width) return;
    const key = [width, cell.data.id, look.scale, look.palette, grounds.width].join();
    if (this.painted === key) return;
    this.painted = key;
    const { data, map, column } = cell;
    const coarse = COARSE.includes(data.display);
    const [top, bottom] = span(column.seen[0], column.seen[2], height);
    const [left, right] = span(column.seen[1], column.seen[3], width);
    // A gradient keeps its own pixels, so that each can be looked at.
    const [wide, high] = coarse ? [right - left, bottom - top] : [map.width, map.height];
    resize(this.layer, wide, high);
    const something = paintMap(this.layer, data, map, look);
    this.layer.hidden = !something;
    const kind = !coarse || (something && data.display === "overlay") ? "colour" : "grey";
    const ratio = Math.max(1, width / Math.max(1, this.root.clientWidth));
    resize(this.ground, width, height);
    paintGround(this.ground, grounds, kind, column.seen, ratio);
    if (!this.plain) return;
    resize(this.plain, width, height);
    paintGround(this.plain, grounds, "colour", [0, 0, 1, 1], ratio);
  }
}

/** Zoom and position, the same for all panes of the dialog. */
class Zoom {
  constructor(element) {
    this.element = element;
    this.fit();
  }

  fit() {
    Object.assign(this, { zoom: 1, left: 0, top: 0 });
    this.show();
  }

  /** Enlarge around a place, given as shares of the pane's height and width. */
  by(factor, down = 0.5, across = 0.5) {
    const zoom = clamp(this.zoom * factor, 1, MOST_ZOOM);
    const change = 1 / this.zoom - 1 / zoom;
    this.zoom = zoom;
    this.move(down * change, across * change);
  }

  /** Move by shares of the picture's height and width. */
  move(down, across) {
    const most = 1 - 1 / this.zoom;
    this.top = clamp(this.top + down, 0, most);
    this.left = clamp(this.left + across, 0, most);
    this.show();
  }

  /** Shares of the picture at shares of the pane. */
  at([down, across]) {
    return [this.top + down / this.zoom, this.left + across / this.zoom];
  }

  show() {
    const { style } = this.element;
    style.setProperty("--zoom", this.zoom);
    style.setProperty("--left", this.left * this.zoom);
    style.setProperty("--top", this.top * this.zoom);
    this.element.classList.toggle("zoomed", this.zoom > 1);
    this.element.classList.toggle("pixels", this.zoom >= 4);
  }
}

const MOST_ZOOM = 16;

/** Wheel and two fingers zoom, one finger or the mouse moves. */
const handle = (pane, zoom, changed) => {
  const pointers = new Map();
  let apart = 0;
  const done = (event) => {
    pointers.delete(event.pointerId);
    apart = 0;
  };
  pane.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom.by(Math.exp(-event.deltaY / (event.deltaMode ? 20 : 400)), ...placeIn(pane, event));
      changed();
    },
    { passive: false },
  );
  pane.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".divider")) return;
    pane.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeIn(pane, event));
  });
  pane.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = placeIn(pane, event);
    pointers.set(event.pointerId, now);
    const all = [...pointers.values()];
    if (all.length === 1) {
      zoom.move((before[0] - now[0]) / zoom.zoom, (before[1] - now[1]) / zoom.zoom);
    } else {
      const [[y, x], [v, u]] = all;
      const distance = Math.hypot((y - v) * pane.clientHeight, (x - u) * pane.clientWidth);
      if (apart) zoom.by(distance / apart, (y + v) / 2, (x + u) / 2);
      apart = distance;
    }
    changed();
  });
  for (const name of ["pointerup", "pointercancel"]) pane.addEventListener(name, done);
};
