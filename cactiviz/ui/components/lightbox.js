// The enlarged view: a dialog with the panes large, arrows to the pictures beside, Esc to close.

const FIRST_STRENGTH = 0.7;

const button = (className, text, press) => {
  const made = make("button", className, text);
  made.type = "button";
  made.onclick = press;
  return made;
};

const strengthOf = (dialog, says) => {
  const label = make("label", "strength", says.strength);
  const range = make("input", "range");
  Object.assign(range, { type: "range", min: "0", max: "1", step: "0.05" });
  range.value = dialog.dataset.strength ?? String(FIRST_STRENGTH);
  const apply = () => {
    dialog.dataset.strength = range.value;
    dialog.style.setProperty("--strength", range.value);
  };
  range.oninput = apply;
  apply();
  label.append(range);
  return label;
};

const figureOf = (pane, images) => {
  const figure = make("figure", "figure");
  figure.append(make("figcaption", "caption", pane.title), paneOf(pane, images));
  return figure;
};

const fill = (dialog, data, index) => {
  const cell = data.cells[index];
  dialog.dataset.index = index;
  dialog.querySelector("h2").textContent = cell.heading || cell.title;
  dialog.querySelector(".place").textContent = `${index + 1} / ${data.cells.length}`;
  dialog.querySelector(".previous").disabled = index === 0;
  dialog.querySelector(".next").disabled = index === data.cells.length - 1;
  const body = dialog.querySelector(".body");
  const panes = make("div", "large");
  panes.append(...cell.large.map((pane) => figureOf(pane, data.images)));
  const words = make("div", "words");
  words.append(...cell.words.map((sentence) => make("p", "sentence", sentence)));
  const fades = cell.large.some((pane) => pane.films.some((film) => film.fades));
  body.replaceChildren(panes, ...(fades ? [strengthOf(dialog, data.says)] : []), words);
};

const turn = (dialog, data, by) => {
  const index = Number(dialog.dataset.index) + by;
  if (index >= 0 && index < data.cells.length) fill(dialog, data, index);
};

const newDialog = (parent, latest) => {
  const dialog = make("dialog", "dialog");
  const { says } = latest();
  const heading = make("h2", "heading");
  heading.setAttribute("aria-live", "polite");
  const bar = make("div", "bar");
  bar.append(
    heading,
    make("span", "place"),
    button("previous", "‹", () => turn(dialog, latest(), -1)),
    button("next", "›", () => turn(dialog, latest(), 1)),
    button("close", "×", () => dialog.close()),
  );
  for (const name of ["previous", "next", "close"])
    bar.querySelector(`.${name}`).setAttribute("aria-label", says[name]);
  dialog.append(bar, make("div", "body"));
  dialog.onkeydown = (event) => {
    event.stopPropagation(); // the wall behind has arrows of its own
    if (event.target.type === "range") return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    turn(dialog, latest(), by);
  };
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // on the ground around it
  };
  dialog.onclose = () => parent.querySelectorAll("li")[dialog.dataset.index]?.querySelector("button")?.focus();
  parent.append(dialog);
  return dialog;
};

// `latest` gives the data as they are now: they may change while the dialog is open.
const enlarge = (parent, latest, index) => {
  const dialog = parent.querySelector("dialog") ?? newDialog(parent, latest);
  dialog.setAttribute("aria-label", latest().label);
  fill(dialog, latest(), index);
  dialog.showModal();
  dialog.querySelector(".close").focus();
};
