// Mounting: one grid for each place, brought up to date each time that data comes.

const grids = new WeakMap();
const STAMP = 32; // bytes before the JSON that tell one message from another

/** What came, unless it is what came last. */
const unpacked = (bytes, before) => {
  const decoder = new TextDecoder();
  const stamp = decoder.decode(bytes.subarray(0, STAMP));
  return stamp === before ? null : [stamp, JSON.parse(decoder.decode(bytes.subarray(STAMP)))];
};

class Grid {
  constructor(parent) {
    this.parent = parent;
    this.cells = new Map();
    this.maps = new Map();
    this.root = make("div", "grid");
    this.box = make("div", "box");
    this.box.setAttribute("role", "region");
    this.table = make("table", "table");
    this.table.append(make("thead"), make("tbody"));
    this.box.append(this.table);
    this.below = make("div", "below");
    this.root.append(this.box);
    parent.append(this.root);
    this.box.addEventListener("keydown", (event) => this.move(event));
    this.box.addEventListener("focusin", (event) => this.focused(event));
    this.observer = new ResizeObserver(() => this.repaint());
    this.observer.observe(this.box);
    this.resized = () => this.repaint();
    window.addEventListener("resize", this.resized);
  }

  update({ data: bytes, setTriggerValue }) {
    this.trigger = setTriggerValue;
    const news = unpacked(bytes, this.stamp);
    if (!news) {
      this.keeper.write();
      return;
    }
    const first = !this.data;
    const [stamp, data] = news;
    Object.assign(this, { stamp, data });
    if (first) {
      this.keeper = new LookKeeper(data.look);
      this.toolbar = new Toolbar(this);
      this.explained = make("p", "explained");
      this.explained.setAttribute("role", "status");
      this.root.prepend(this.toolbar.root, this.explained, this.toolbar.line);
      this.root.append(this.toolbar.foot, this.below);
      this.closer = new Closer(this);
      watch(this);
    }
    this.root.style.setProperty("--strength", this.keeper.look.strength);
    this.keeper.write();
    this.toolbar.update();
    if (data.download && save(data.download)) this.toolbar.busy(false);
    if (data.problem) this.complain(data.problem);
    this.box.setAttribute("aria-label", data.words.label);
    say(this.explained, data.explained);
    this.explained.hidden = !data.explained;
    this.ground();
    this.phone = isNarrow(this);
    updateTable(this);
    this.forget();
    this.closer.refresh();
    fit(this);
    this.repaint();
  }

  /** Change a part of the look; none of it needs Python. */
  look(part) {
    this.keeper.change(part);
    this.root.style.setProperty("--strength", this.keeper.look.strength);
    this.toolbar.update();
    if (!("strength" in part)) {
      for (const cell of this.cells.values()) {
        cell.paint();
        cell.describe();
      }
      this.closer.refresh();
    }
  }

  send(kind, value) {
    this.trigger("event", { kind, value, look: this.keeper.look });
  }

  complain(problem) {
    this.toolbar.busy(false);
    this.toolbar.announce(problem);
    say(this.toolbar.says, problem);
  }

  /** Decode the picture, if it is another one. */
  ground() {
    const { picture } = this.data;
    if (this.groundId === picture.id) return;
    this.groundId = picture.id;
    this.grounds = null;
    groundsOf(picture.src).then((grounds) => {
      if (this.groundId !== picture.id) return;
      this.grounds = grounds;
      this.repaint();
    });
  }

  /** A map, decoded once: its ``width`` is there when it is. */
  map(cell) {
    let map = this.maps.get(cell.id);
    if (!map) {
      map = {};
      this.maps.set(cell.id, map);
      decoded(cell).then((found) => {
        Object.assign(map, found);
        this.repaint();
      });
    }
    return map;
  }

  /** Let go of maps that are no longer shown. */
  forget() {
    const shown = new Set(this.data.cells.flat().map((cell) => cell?.id));
    for (const id of this.maps.keys()) if (!shown.has(id)) this.maps.delete(id);
  }

  /** Paint what needs it, before the next frame. */
  repaint() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      const numbers = numbersWanted();
      if (this.phone !== isNarrow(this) || this.numbers !== numbers) {
        this.phone = isNarrow(this);
        this.numbers = numbers;
        updateTable(this);
      }
      if (fit(this)) fit(this); // a table that became narrower may be less high
      // All sizes are read before anything is written, or each would cost a layout.
      for (const cell of this.cells.values()) cell.measure();
      for (const cell of this.cells.values()) cell.paint();
      this.closer.paint();
    });
  }

  move(event) {
    const cell = this.cells.get(event.target.dataset?.key);
    const step = ARROWS[event.key];
    if (!cell || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    neighbour(this, cell, ...step)?.button.focus();
  }

  focused(event) {
    const cell = this.cells.get(event.target.dataset?.key);
    if (cell) rove(this, cell);
  }

  end() {
    this.observer.disconnect();
    this.keeper.end();
    window.removeEventListener("resize", this.resized);
    cancelAnimationFrame(this.asked);
    this.root.remove();
    grids.delete(this.parent);
  }
}

export default function (component) {
  const { parentElement } = component;
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = new Grid(parentElement);
    grids.set(parentElement, grid);
  }
  grid.update(component);
  return () => grid.end();
}
