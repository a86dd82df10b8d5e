// What each network said first, and what it says now: a table, in which a phone stacks each row.

const cell = (tag, role, className, text) => {
  const element = make(tag, className, text);
  element.setAttribute("role", role); // which a changed display would take away
  return element;
};

const barOf = (row) => {
  const bar = make("span", "bar");
  bar.setAttribute("aria-hidden", "true");
  const fill = make("span", "fill");
  fill.style.width = `${100 * (row.now ?? row.first)}%`;
  const hair = make("span", "hair");
  hair.style.left = `${100 * row.first}%`;
  bar.append(fill, hair);
  return bar;
};

const rowOf = (row, words) => {
  const line = cell("tr", "row", row.waiting ? "waiting" : "");
  const head = cell("th", "rowheader", "network", row.title);
  head.scope = "row";
  if (row.note) head.append(make("span", "note", row.note));
  line.append(head);
  if (row.why) {
    const why = cell("td", "cell", "why", row.why);
    why.colSpan = 4;
    line.append(why);
    return line;
  }
  const answer = cell("td", "cell", "first");
  answer.append(make("span", "class", row.name), make("span", "share", row.firstText), barOf(row));
  const now = cell("td", "cell", "now", row.waiting ? "…" : row.nowText);
  const change = cell("td", "cell", `change ${row.sign}`, row.change);
  const top = cell("td", "cell", "top");
  if (row.unseen) top.append(make("span", "note", row.unseen));
  else if (row.topName) {
    top.append(make("span", row.changed ? "class changed" : "class", row.topName));
    top.append(make("span", "share", row.topText));
  }
  now.dataset.label = words.columns[2];
  change.dataset.label = words.columns[3];
  top.dataset.label = words.columns[4];
  line.append(answer, now, change, top);
  return line;
};

class Answers {
  constructor() {
    this.root = make("div", "answers");
    this.said = make("div", "unseen");
    this.said.setAttribute("role", "status");
    this.body = make("div");
    this.root.append(this.body, this.said);
  }

  update(data) {
    const { words, rows } = data;
    const state = JSON.stringify([rows, words, Boolean(data.box)]);
    if (this.state === state) return;
    this.state = state;
    if (!data.box) {
      this.said.textContent = "";
      this.body.replaceChildren(...words.start.map((text) => make("p", "", text)));
      return;
    }
    const table = cell("table", "table", "");
    table.setAttribute("aria-label", words.table);
    const head = cell("tr", "row", "");
    head.append(
      ...words.columns.map((text) => {
        const column = cell("th", "columnheader", "", text);
        column.scope = "col";
        return column;
      }),
    );
    const heads = cell("thead", "rowgroup", "");
    const body = cell("tbody", "rowgroup", "");
    heads.append(head);
    body.append(...rows.map((row) => rowOf(row, words)));
    table.append(heads, body);
    this.body.replaceChildren(table, make("p", "caution", words.caution));
    this.said.textContent = rows.some((row) => row.waiting) ? "" : words.done;
  }
}

const panels = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let panel = panels.get(parentElement);
  if (!panel || !parentElement.contains(panel.root)) {
    panel = { root: make("div", "whole"), editor: new Editor(), answers: new Answers() };
    const sides = make("div", "panel");
    sides.append(panel.editor.root, panel.answers.root);
    panel.root.append(sides);
    parentElement.append(panel.root);
    panels.set(parentElement, panel);
  }
  panel.editor.update(data, (value) => setTriggerValue("covered", value));
  panel.answers.update(data);
}
