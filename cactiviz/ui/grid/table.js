// The table: networks as columns, views as rows. What hasn't changed keeps its place in the page.

const keyOf = (row, column) => `${row.id} ${column.id}`;

/** What fits below a cell: its range on this scale, or what is special about it. */
const briefly = (grid, data, caption) => {
  const { words } = grid.data;
  const { scale } = grid.keeper.look;
  const parts = caption.split(" · ");
  const at = parts.findIndex((part) => part.startsWith("min "));
  if (at !== 1) return parts[0];
  const range = parts[1].replace("min ", "").replace(" max ", " to ");
  const full = data.full[scale];
  if (scale === "shared") return filled(words.range_shared, { most: number(data.most), full: number(full) });
  if (scale !== "evidence") return range;
  return filled(words.range_evidence, { share: `${number(100 * full)} %` });
};

/** Layer and grid of a map on one line, of which the beginning is cut short where it is narrow. */
const placeOf = (data) => {
  const line = make("span", "at-layer");
  if (!data.place) return line;
  const [start, end, told] = data.place;
  line.title = told || start + end;
  if (start) line.append(make("span", "start", start));
  line.append(make("span", "end", end));
  return line;
};

/** A part of the picture as CSS has it. */
const cssBox = (seen) => {
  const [top, left, height, width] = seen.map((share) => `${100 * share}%`);
  return { top, left, height, width };
};

class Cell {
  constructor(grid, key) {
    this.grid = grid;
    this.key = key;
    this.place = make("td", "place");
    this.said = "";
  }

  /** Show what is known of it; the same again changes nothing. */
  update(row, column, data) {
    Object.assign(this, { row, column, data });
    const said = JSON.stringify([data?.why ?? data?.id, column.seen, column.title, row.title]);
    if (this.said === said) {
      this.describe();
      return;
    }
    this.said = said;
    this.painted = "";
    this.grounded = "";
    this.map = null;
    this.button = null;
    if (!data) {
      const square = row.display === "picture" ? " square" : row.atLayer ? " layered" : "";
      this.place.replaceChildren(make("div", `waiting${square}`));
    } else if (data.why !== undefined) {
      this.place.replaceChildren(make("div", "why", data.why));
    } else {
      this.build();
    }
  }

  build() {
    const { data } = this;
    this.button = button("cell");
    this.button.tabIndex = -1;
    this.button.dataset.key = this.key;
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.onclick = () => this.grid.closer.open(this);
    this.stack = make("span", data.display === "picture" ? "stack whole" : "stack");
    if (data.display === "picture") {
      const image = make("img", "kernels");
      image.src = data.src;
      image.alt = "";
      this.stack.append(image);
    } else {
      this.ground = make("canvas", "ground");
      this.layer = make("canvas", "layer");
      Object.assign(this.layer.style, cssBox(this.column.seen));
      if (COARSE.includes(data.display)) this.layer.classList.add("over");
      this.stack.append(this.ground, this.layer);
    }
    this.range = make("span", "range");
    this.aside = make("span", "aside");
    this.below = make("span", "below-map");
    this.below.append(placeOf(data), this.range);
    this.button.append(this.stack, this.below, this.aside);
    this.place.replaceChildren(this.button);
    this.describe();
  }

  /** Its words, which depend on the scale. */
  describe() {
    const { data } = this;
    if (!this.button) return;
    const caption = this.caption();
    say(this.range, data.display === "picture" ? caption : briefly(this.grid, data, caption));
    this.range.title = caption;
    const told = [data.alt, data.place?.[2], caption, ...data.notes].filter(Boolean);
    this.button.setAttribute("aria-label", told.join(". "));
    if (!this.grid.root.classList.contains("roomy")) return; // it isn't shown
    const aside = [data.words, caption, ...data.notes].filter(Boolean);
    const shown = JSON.stringify([data.place, aside]);
    if (this.aside.dataset.said === shown) return;
    this.aside.dataset.said = shown;
    const parts = aside.map((words) => make("span", "", words));
    if (data.place) parts.unshift(placeOf(data));
    this.aside.replaceChildren(...parts);
  }

  caption() {
    return this.data.captions?.[this.grid.keeper.look.scale] ?? this.data.caption;
  }

  /** Remember the size at which it is shown. */
  measure() {
    if (!this.stack) return;
    this.ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.width = Math.round(this.stack.clientWidth * this.ratio);
    this.height = Math.max(1, Math.round(this.stack.clientHeight * this.ratio));
  }

  /** Paint it at that size, if it isn't yet. */
  paint() {
    const { data, grid, width, height, ratio } = this;
    if (!this.button || data.display === "picture" || !grid.grounds || !width) return;
    this.map ??= grid.map(data);
    if (!this.map.width) return; // it is painted as soon as it is decoded
    const coarse = COARSE.includes(data.display);
    const { look } = grid.keeper;
    const { scale, palette } = look;
    const colours = data.display === "overlay" ? palette : "";
    const key = [width, height, scale, data.full[scale], colours, grid.data.picture.id].join();
    if (this.painted === key) return;
    this.painted = key;
    const [top, bottom] = span(this.column.seen[0], this.column.seen[2], height);
    const [left, right] = span(this.column.seen[1], this.column.seen[3], width);
    resize(this.layer, right - left, bottom - top);
    const something = paintMap(this.layer, data, this.map, look);
    this.layer.hidden = !something;
    const ground = !coarse || (something && data.display === "overlay") ? "colour" : "grey";
    const below = [width, height, ground, grid.data.picture.id].join();
    if (this.grounded === below) return;
    this.grounded = below;
    resize(this.ground, width, height);
    paintGround(this.ground, grid.grounds, ground, this.column.seen, ratio);
  }
}

const resize = (canvas, width, height) => {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
};

/** Lay the table out anew, with the cells that are there already. */
const layOut = (grid) => {
  const { rows, columns, offers, words } = grid.data;
  grid.single = rows.length === 1;
  grid.root.classList.toggle("single", grid.single);
  const focused = grid.parent.activeElement?.dataset?.key;
  grid.heads = columns.map(() => {
    const head = make("th", "head");
    head.scope = "col";
    return head;
  });
  const top = make("tr", "");
  top.append(cornerOf(grid), ...grid.heads);
  const beside = offers.length > 0 && !grid.phone;
  if (beside) {
    const head = make("th", "head more", words.more);
    head.scope = "col";
    top.append(head);
  }
  grid.below.hidden = !offers.length || beside;
  grid.below.replaceChildren(make("h2", "name", words.more), offersOf(grid));
  const kept = new Map();
  const body = rows.map((row, down) => {
    const line = make("tr", "");
    line.append(rowHead(grid, row));
    columns.forEach((column, across) => {
      if (column.why) {
        if (down === 0) {
          const place = make("td", "place");
          place.rowSpan = rows.length;
          const why = make("div", "why", column.why);
          why.append(...remediesOf(grid, column));
          place.append(why);
          line.append(place);
        }
        return;
      }
      const key = keyOf(row, column);
      const cell = grid.cells.get(key) ?? new Cell(grid, key);
      Object.assign(cell, { down, across });
      kept.set(key, cell);
      line.append(cell.place);
    });
    if (down === 0 && beside) {
      const place = make("td", "offers");
      place.rowSpan = rows.length;
      place.append(offersOf(grid));
      line.append(place);
    }
    return line;
  });
  grid.cells = kept;
  grid.table.tHead.replaceChildren(top);
  grid.table.tBodies[0].replaceChildren(...body);
  kept.get(focused)?.button?.focus();
};

/** Bring the table up to date. */
const updateTable = (grid) => {
  const { rows, columns, offers, cells, picture } = grid.data;
  const known = columns.map(({ id, why, does }) => [id, why, why && does]);
  const shape = JSON.stringify([rows, known, offers, grid.phone, picture.part]);
  if (grid.shape !== shape) {
    grid.shape = shape;
    layOut(grid);
  }
  if (grid.original.src !== picture.src) grid.original.src = picture.src;
  grid.original.alt = picture.alt;
  columns.forEach((column, across) => fillHead(grid, grid.heads[across], column));
  rows.forEach((row, down) => {
    columns.forEach((column, across) => {
      grid.cells.get(keyOf(row, column))?.update(row, column, cells[down][across]);
    });
  });
  rove(grid);
};

/** One cell of the table is in the order of the Tab key; arrows lead to the others. */
const rove = (grid, chosen) => {
  const open = [...grid.cells.values()].filter((cell) => cell.button);
  const now = chosen ?? open.find((cell) => cell.button.tabIndex === 0) ?? open[0];
  for (const cell of open) cell.button.tabIndex = cell === now ? 0 : -1;
};

/** The next cell that can be opened in a direction, or nothing. */
const neighbour = (grid, cell, down, across) => {
  const all = [...grid.cells.values()].filter((one) => one.button);
  const ahead = all.filter((one) =>
    down
      ? one.across === cell.across && (one.down - cell.down) * down > 0
      : one.down === cell.down && (one.across - cell.across) * across > 0,
  );
  const far = (one) => Math.abs(one.down - cell.down) + Math.abs(one.across - cell.across);
  return ahead.sort((a, b) => far(a) - far(b))[0];
};

const ARROWS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
