// Small pictures as buttons. Names are set as text, never as HTML.

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
};

const cellOf = (cell, press) => {
  const entry = make("li", "cell");
  if (cell.why) {
    const broken = make("div", "broken", cell.why);
    broken.title = cell.hint;
    entry.append(broken);
  } else {
    const button = make("button", "picture");
    button.type = "button";
    button.title = cell.hint;
    const image = make("img", "image");
    image.src = cell.src;
    image.alt = cell.alt;
    button.append(image);
    button.onclick = () => press(cell.address);
    entry.append(button);
  }
  entry.append(make("div", "title", cell.title));
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

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let list = parentElement.querySelector("ul");
  if (!list) {
    list = make("ul", "grid");
    parentElement.append(list);
  }
  list.setAttribute("aria-label", data.label);
  list.onkeydown = (event) => move(event, list);
  const shown = JSON.stringify(data.cells.map((cell) => [cell.address, cell.title, cell.why]));
  if (list.dataset.shown === shown) return; // the same pictures: keep focus and scroll
  list.dataset.shown = shown;
  const press = (address) => setTriggerValue("pressed", address);
  list.replaceChildren(...data.cells.map((cell) => cellOf(cell, press)));
}
