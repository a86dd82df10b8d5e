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

/** The likeliest class as a sentence, and the next one; where nothing else is asked for. */
const sentenceOf = (column, words) => {
  const [first, second] = column.answers;
  const entry = make("div", "sentence");
  const line = make("div", "says-first");
  line.title = first.name;
  line.append(make("b", "class", first.name), make("span", "sure", `, ${filled(words.sure, { share: percent(first.share) })}`));
  const bar = make("div", "bar");
  bar.setAttribute("aria-hidden", "true");
  const fill = make("i", "fill");
  fill.style.width = `${100 * first.share}%`;
  bar.append(fill);
  const then = second && filled(words.then, { name: second.name, share: percent(second.share) });
  const next = make("div", "then", then);
  next.title = then ?? "";
  entry.append(line, bar, next);
  return entry;
};

const fillHead = (grid, head, column) => {
  const { words } = grid.data;
  const plain = !numbersWanted() && !column.answers.some((answer) => answer.change || answer.told);
  const said = JSON.stringify([column, plain]);
  if (head.dataset.said === said) return;
  head.dataset.said = said;
  const name = make("div", "name");
  name.append(make("span", "title", column.title));
  name.title = column.title;
  if (column.badge) name.append(make("span", "badge", column.badge));
  const parts = [name];
  if (column.note) parts.push(make("div", "warning", column.note));
  if (!column.why) parts.push(...remediesOf(grid, column));
  if (column.waiting) parts.push(make("div", "quiet coming", column.waiting));
  if (column.answers.length && plain) {
    parts.push(sentenceOf(column, words));
  } else if (column.answers.length) {
    const list = make("ol", "answers");
    list.append(...column.answers.map(answerOf));
    parts.push(list);
  }
  if (column.knows) parts.push(make("div", "knows", column.knows));
  head.replaceChildren(...parts);
};

/** What can be pressed in the place of a network that doesn't answer as it should. */
const remediesOf = (grid, column) => {
  if (!column.does) return [];
  const list = make("div", "remedies");
  for (const one of column.does) {
    const entry = button("remedy", one.text);
    entry.setAttribute("aria-label", `${column.title}: ${one.text}`);
    entry.onclick = () => grid.send(one.kind, one.name);
    list.append(entry);
  }
  return [list];
};

const rowHead = (grid, row) => {
  const head = make("th", "side");
  head.scope = "row";
  const title = make("div", "name", row.title);
  const asks = make("div", "asks");
  asks.append(make("span", "", row.asks));
  head.append(asks, title);
  if (grid.single) head.append(grid.original);
  if (row.limit) {
    const more = button("info", "i");
    more.setAttribute("aria-label", `${grid.data.words.limit}: ${row.title}`);
    const panel = popover(more, "note");
    panel.append(make("strong", "", grid.data.words.limit), make("p", "", row.limit));
    asks.append(" ", more, panel);
  }
  return head;
};

/** Beside the networks' answers the picture; of a single row it stands beside the maps, as large. */
const cornerOf = (grid) => {
  const corner = make("td", "corner");
  grid.original = make("img", "original");
  if (!grid.single) corner.append(grid.original);
  else corner.append(make("div", "name", grid.data.words.picture), make("div", "then", grid.data.picture.part));
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
