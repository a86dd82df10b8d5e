// Small pictures as buttons: some are told to Python when they are pressed, some are enlarged.

const insideOf = (cell, images) => {
  if (!cell.small.length) {
    const image = make("img", "image");
    image.src = cell.src;
    image.alt = cell.alt;
    return image;
  }
  const pair = make("span", "pair");
  pair.append(...cell.small.map((pane) => paneOf(pane, images)));
  return pair;
};

const cellOf = (cell, images, press) => {
  const entry = make("li", "cell");
  if (cell.why) {
    const broken = make("div", "broken", cell.why);
    broken.title = cell.hint;
    entry.append(broken);
  } else {
    const pressed = button(cell.small.length ? "panes" : "picture", "", press);
    pressed.title = cell.hint;
    if (cell.small.length) pressed.setAttribute("aria-label", cell.alt);
    pressed.append(insideOf(cell, images));
    entry.append(pressed);
  }
  entry.append(make("div", "title", cell.title));
  if (cell.line) entry.append(make("div", "line", cell.line));
  return entry;
};

// Arrows move from picture to picture: left and right in the order of reading, up and down by column.
const move = (event, list) => {
  const all = [...list.querySelectorAll("button")];
  const here = list.getRootNode().activeElement;
  if (!all.includes(here)) return;
  const left = (one) => Math.round(one.getBoundingClientRect().left);
  const column = all.filter((one) => Math.abs(left(one) - left(here)) < 4);
  const step = (row, by) => row[row.indexOf(here) + by];
  const target = {
    ArrowRight: () => step(all, 1),
    ArrowLeft: () => step(all, -1),
    ArrowDown: () => step(column, 1),
    ArrowUp: () => step(column, -1),
    Home: () => all[0],
    End: () => all.at(-1),
  }[event.key];
  if (!target) return;
  event.preventDefault();
  target()?.focus();
};

const now = new WeakMap(); // what each wall shows

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let list = parentElement.querySelector("ul");
  if (!list) {
    list = make("ul", "grid");
    parentElement.append(list);
  }
  list.setAttribute("aria-label", data.label);
  list.onkeydown = (event) => move(event, list);
  now.set(parentElement, data);
  const shown = JSON.stringify([data.cells, data.images]);
  if (list.shown === shown) return; // the same pictures: keep focus and scroll
  list.shown = shown;
  const latest = () => now.get(parentElement);
  const press = (cell, index) => () =>
    cell.large.length ? enlarge(parentElement, latest, index) : setTriggerValue("pressed", cell.key);
  list.classList.toggle("of-panes", data.cells.some((cell) => cell.small.length));
  list.replaceChildren(
    ...data.cells.map((cell, index) => cellOf(cell, data.images, press(cell, index))),
  );
  const open = parentElement.querySelector("dialog[open]");
  if (open) data.cells.length ? fill(open, data, Math.min(open.dataset.index, data.cells.length - 1)) : open.close();
}
