// The pictures to choose from, each a button with a thumbnail; and what opens the side panel.

const tileOf = (tile, press) => {
  const entry = document.createElement("li");
  const pressed = document.createElement("button");
  pressed.type = "button";
  pressed.className = tile.src ? "tile" : "tile sign";
  pressed.setAttribute("aria-pressed", String(tile.chosen));
  pressed.setAttribute("aria-label", tile.alt);
  pressed.title = tile.alt;
  const face = document.createElement(tile.src ? "img" : "span");
  face.className = "face";
  if (tile.src) {
    face.src = tile.src;
    face.alt = "";
  } else {
    face.textContent = tile.sign;
    face.setAttribute("aria-hidden", "true");
  }
  const title = document.createElement("span");
  title.className = "title";
  title.textContent = tile.title;
  pressed.append(face, title);
  pressed.onclick = () => press(tile.key);
  entry.append(pressed);
  return entry;
};

const linkOf = (title, press) => {
  const link = document.createElement("button");
  link.type = "button";
  link.className = "begin";
  link.textContent = title;
  link.onclick = press;
  return link;
};

/** Above the pictures: what one may begin with, and the networks. */
const topOf = (data, press) => {
  const top = document.createElement("div");
  top.className = "top";
  const label = document.createElement("span");
  label.textContent = data.begin;
  const links = document.createElement("span");
  links.className = "links";
  links.setAttribute("role", "group");
  links.setAttribute("aria-label", data.begin);
  links.append(label, ...data.beginnings.map(([key, title]) => linkOf(title, () => press(key))));
  const side = linkOf(data.networks, turnSidePanel);
  side.className = "side";
  top.append(links, side);
  return top;
};

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const press = (key) => setTriggerValue("pressed", key);
  let strip = parentElement.querySelector(".strip");
  if (!strip) {
    strip = document.createElement("div");
    strip.append(document.createElement("ul"));
    parentElement.append(strip);
  }
  const shown = JSON.stringify(data);
  if (strip.shown === shown) return; // the same pictures: keep focus and scroll
  strip.shown = shown;
  strip.className = data.small ? "strip small" : "strip";
  const list = strip.querySelector("ul");
  list.setAttribute("aria-label", data.label);
  // A button that stays is the same one, or a press that has just begun on it would be lost.
  const faces = JSON.stringify(data.tiles.map((tile) => ({ ...tile, chosen: false })));
  const buttons = [...list.querySelectorAll("button")];
  if (strip.faces === faces) {
    data.tiles.forEach((tile, at) => buttons[at].setAttribute("aria-pressed", String(tile.chosen)));
  } else {
    const at = buttons.indexOf(list.getRootNode().activeElement);
    list.replaceChildren(...data.tiles.map((tile) => tileOf(tile, press)));
    if (at >= 0) list.querySelectorAll("button")[at]?.focus();
  }
  strip.faces = faces;
  if (data.networks && !strip.querySelector(".top")) strip.prepend(topOf(data, press));
}
