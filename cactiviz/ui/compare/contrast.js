// How each network shares its answer between two classes: a heading, and a card for each.

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

const cardOf = (card) => {
  const item = make("li", "card");
  item.append(make("strong", "", card.title));
  if (card.why) {
    item.append(make("span", "why", card.why));
    return item;
  }
  const bar = make("span", "bar");
  bar.setAttribute("aria-hidden", "true");
  const fill = make("span", "fill");
  fill.style.width = `${100 * card.part}%`;
  bar.append(fill);
  item.append(make("span", "ahead", card.ahead), bar);
  const shares = make("span", "shares");
  for (const [className, text] of [["for", card.first], ["against", card.second]]) {
    const share = make("span", className);
    share.append(make("span", "dot"), make("span", "", text));
    shares.append(share);
  }
  item.append(shares);
  return item;
};

export default function (component) {
  const { data, parentElement } = component;
  let root = parentElement.querySelector("section");
  if (!root) {
    root = make("section");
    parentElement.append(root);
  }
  const shown = JSON.stringify(data);
  if (root.dataset.shown === shown) return;
  root.dataset.shown = shown;
  root.setAttribute("aria-label", data.title);
  root.style.setProperty("--for", data.colours[1]);
  root.style.setProperty("--against", data.colours[0]);
  const list = make("ul");
  list.append(...data.cards.map(cardOf));
  root.replaceChildren(make("h2", "", data.title), list, ...data.notes.map((note) => make("p", "", note)));
}
