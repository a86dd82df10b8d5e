// What stands at the table's edges: networks with their answers, views, and what can be added.

const answerOf = (answer) => {
  const entry = make("li", "answer");
  const line = make("div", "line");
  const name = make("span", "class", `${answer.sign ?? ""}${answer.name}`);
  name.title = answer.told ? `${answer.name}: ${answer.told}` : answer.name;
  if (answer.told) {
    entry.classList.add(`is-${answer.mark}`);
    name.append(make("span", "unseen", `, ${answer.told}`));
  }
  line.append(name, make("span", "share", answer.change ?? answer.said));
  const bar = make("div", "bar");
  bar.setAttribute("aria-hidden", "true");
  const fill = make("i", "fill");
  fill.style.width = `${100 * answer.share}%`;
  bar.append(fill);
  if (typeof answer.before === "number") {
    const was = make("i", "was");
    was.style.left = `${100 * answer.before}%`;
    bar.append(was);
  }
  if (answer.change) line.classList.add("changed");
  entry.append(line, bar);
  return entry;
};

const fillHead = (head, column) => {
  const said = JSON.stringify(column);
  if (head.dataset.said === said) return;
  head.dataset.said = said;
  const name = make("div", "name", column.title);
  name.title = column.title;
  const parts = [name];
  if (column.note) parts.push(make("div", "warning", column.note));
  if (column.waiting) parts.push(make("div", "quiet coming", column.waiting));
  if (column.answers.length) {
    const list = make("ol", "answers");
    list.append(...column.answers.map(answerOf));
    parts.push(list);
  }
  if (column.knows) parts.push(make("div", "knows", column.knows));
  head.replaceChildren(...parts);
};

const rowHead = (grid, row) => {
  const head = make("th", "side");
  head.scope = "row";
  const title = make("div", "name", row.title);
  const asks = make("div", "asks");
  asks.append(make("span", "", row.asks));
  head.append(title, asks);
  if (row.limit) {
    const more = button("info", "i");
    more.setAttribute("aria-label", `${grid.data.words.limit}: ${row.title}`);
    const panel = popover(more, "note");
    panel.append(make("strong", "", grid.data.words.limit), make("p", "", row.limit));
    asks.append(" ", more, panel);
  }
  return head;
};

const cornerOf = (grid) => {
  const corner = make("td", "corner");
  const image = make("img", "original");
  corner.append(image);
  grid.original = image;
  return corner;
};

const offersOf = (grid) => {
  const list = make("ul", "");
  for (const offer of grid.data.offers) {
    const entry = button("offer");
    entry.append(make("span", "title", offer.title), make("span", "quiet", offer.text));
    entry.onclick = () => grid.send("add", offer.name);
    const item = make("li", "");
    item.append(entry);
    list.append(item);
  }
  return list;
};
