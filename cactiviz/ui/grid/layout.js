// How large columns and cells are: so that all of it is on the screen at once where it can be.

const LARGEST = 420; // CSS pixels of a cell's picture, across and down
const ALONE = 640; // of a single row's
const SMALLEST_ALONE = 220; // and no less where something stands above it
const SMALLEST = 84; // down; then the page scrolls
const AT_ONCE = 4; // rows that fit on the screen; with more of them it scrolls anyway
const PHONE = 560; // a table narrower than this is one for a small screen
const GAP = 8;
const LAYER_LINE = 15; // down, where a map's layer is said below it
const RANGE_LINE = 22; // down, where its range is
const FOOT = 104; // down, for what stands below the table

/** The nearest part of the page that scrolls, also from within a shadow tree. */
const scrollerOf = (element) => {
  for (let at = element; at; at = at.parentElement ?? at.getRootNode()?.host) {
    const { overflowY } = getComputedStyle(at);
    if (/auto|scroll/.test(overflowY) && at !== element) return at;
    if (at === document.documentElement) break;
  }
  return document.scrollingElement;
};

/** Whether this is a small screen; false as long as nothing is shown. */
const isNarrow = (grid) => grid.root.clientWidth > 0 && grid.root.clientWidth < PHONE;

/** Set the sizes; true if any of them changed. */
const fit = (grid) => {
  const { rows, columns, offers, picture } = grid.data;
  const width = grid.root.clientWidth;
  if (!width) return false;
  const count = columns.length;
  const { phone, single, numbers } = grid;
  const more = offers.length && !phone ? 250 : 0;
  const aspect = picture.size[1] / picture.size[0];
  grid.root.classList.toggle("phone", phone);

  const scroller = scrollerOf(grid.root);
  const rootTop = grid.root.getBoundingClientRect().top + scroller.scrollTop;
  const bodyTop =
    grid.table.tBodies[0].getBoundingClientRect().top - grid.root.getBoundingClientRect().top;
  const free = window.innerHeight - Math.max(rootTop, 0) - bodyTop;
  const atOnce = Math.min(rows.length, AT_ONCE);
  const layers = numbers ? rows.slice(0, atOnce).filter((row) => row.atLayer).length : 0;
  const lines = LAYER_LINE * layers + (numbers ? RANGE_LINE * atOnce : 0);
  const each = Math.floor((free - FOOT - lines) / atOnce) - GAP;
  const largest = single ? ALONE : LARGEST;
  const high = phone ? largest : clamp(each, single ? SMALLEST_ALONE : SMALLEST, largest);
  // Of a single row the picture stands beside the maps, as large as they are.
  const beside = single && !phone ? 1 : 0;
  let side = beside ? 0 : phone ? (single ? 0 : 92) : count <= 2 ? 176 : 132;
  const least = phone ? (single ? Math.floor(width * 0.8) : 152) : 116;
  const most = single ? Math.max(high * aspect + 2 * GAP, least) : ([0, 640, 420][count] ?? LARGEST + 2 * GAP);
  const column = Math.floor(clamp((width - side - more) / (count + beside), least, most));
  if (beside) side = column;
  const table = side + count * column + more;
  grid.root.classList.toggle("scrolls", table > width);
  const across = Math.min(column - GAP, largest, high * aspect);
  const roomy = numbers && !single && !phone && column - across > 190;
  if (grid.root.classList.toggle("roomy", roomy) !== grid.roomy) {
    grid.roomy = roomy;
    for (const cell of grid.cells.values()) cell.describe();
  }
  const body = rows.length * (high + 26);
  const sizes = { side, column, more, table, high, largest, body, aspect: aspect.toFixed(4) };
  const said = JSON.stringify(sizes);
  if (grid.sizes === said) return false;
  grid.sizes = said;
  for (const [name, size] of Object.entries(sizes)) {
    grid.root.style.setProperty(`--${name}`, name === "aspect" ? size : `${size}px`);
  }
  return true;
};
