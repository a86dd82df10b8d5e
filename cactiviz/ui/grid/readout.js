// What a map says at a place, in words.

/** The column or row of a map at a share of its side. */
const stepAt = (share, steps) => clamp(Math.floor(share * steps), 0, steps - 1);

/** How much of a heat map is smaller than a size, 0..1. */
const rankAmong = (map, size, signed) => {
  map.ordered ??= map.data.map((value) => (signed ? Math.abs(value) : value)).sort();
  let [low, high] = [0, map.ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (map.ordered[middle] < size) low = middle + 1;
    else high = middle;
  }
  return low / map.ordered.length;
};

/** Of a map at shares of its height and width: {value, rank}. */
const readMap = (cell, map, down, across) => {
  const at = stepAt(down, map.height) * map.width + stepAt(across, map.width);
  if (COARSE.includes(cell.display)) {
    const value = map.data[at];
    const signed = cell.display === "diverging";
    return { value, rank: rankAmong(map, signed ? Math.abs(value) : value, signed) };
  }
  map.counts ??= histogramOf(cell, map);
  const total = map.counts.reduce((sum, count) => sum + count, 0);
  const levels = map.planes.map((plane) => plane[at]);
  const sides = levels.map((level) => (cell.display === "signed" ? level - MIDDLE_LEVEL : level));
  const side = sides.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most));
  const level = Math.min(Math.abs(side), cell.display === "signed" ? SIGNED_LEVELS : 255);
  const below = map.counts.subarray(0, level).reduce((sum, count) => sum + count, 0);
  // Levels are rounded: two digits are all that can be said.
  const size = Number(valueOfLevel(cell, level).toPrecision(2));
  return { value: side < 0 ? -size : size, rank: below / total };
};

/** What a cell says at shares of the picture's height and width. */
const wordsAt = (grid, cell, down, across) => {
  const { words } = grid.data;
  const { data, map, column, row } = cell;
  const names = { network: column.title, method: row.title };
  if (data.display === "picture" || !map?.width) return data.alt;
  const [top, left, height, width] = column.seen;
  const [y, x] = [(down - top) / height, (across - left) / width];
  if (y < 0 || y >= 1 || x < 0 || x >= 1) return filled(words.unseen, names);
  const { value, rank } = readMap(data, map, y, x);
  if (value === 0) return filled(words.value_zero, names);
  // Values come with four digits.
  const share = percent(Math.min(Math.round((1000 * Math.abs(value)) / data.most) / 1000, 1));
  return filled(words.value, { ...names, value: number(value), share, rank: percent(rank) });
};

/** Shares of an element's height and width at which a pointer is. */
const placeIn = (element, event) => {
  const { top, left, height, width } = element.getBoundingClientRect();
  return [(event.clientY - top) / height, (event.clientX - left) / width];
};

/** Say what is under the pointer, or about the cell that has the focus. */
const watch = (grid) => {
  const { says } = grid.toolbar;
  const cellOf = (event) => grid.cells.get(event.target.closest?.("[data-key]")?.dataset.key);
  grid.box.addEventListener("pointermove", (event) => {
    const cell = event.pointerType !== "touch" && cellOf(event);
    if (!cell) return;
    const [down, across] = placeIn(cell.stack, event);
    const inside = down >= 0 && down < 1 && across >= 0 && across < 1;
    say(says, inside ? wordsAt(grid, cell, down, across) : cell.data.alt);
  });
  const rest = () => say(says, grid.data.words.hint);
  grid.box.addEventListener("pointerleave", rest);
  grid.box.addEventListener("focusout", rest); // before the next cell says what it is
  grid.box.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (cell) say(says, cell.data.alt);
  });
};
