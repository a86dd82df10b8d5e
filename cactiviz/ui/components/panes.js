// What all parts of the wall share: elements, and stacks of images seen through a window.
// Names are set as text, never as HTML.

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
};

const percent = (share) => `${100 * share}%`;

// Places an element over a part of the picture, as seen through the window.
const place = (element, box, view) => {
  element.style.left = percent((box.left - view.left) / view.width);
  element.style.top = percent((box.top - view.top) / view.height);
  element.style.width = percent(box.width / view.width);
  element.style.height = percent(box.height / view.height);
  return element;
};

const filmOf = (film, view, images) => {
  const image = make("img", "film");
  image.src = images[film.image];
  image.alt = ""; // the button or the heading says what is to be seen
  image.draggable = false;
  image.classList.toggle("grey", film.grey);
  image.classList.toggle("squares", film.squares);
  image.classList.toggle("fades", film.fades);
  return place(image, film.box, view);
};

const paneOf = (pane, images) => {
  const window_ = make("div", "pane");
  window_.style.aspectRatio = String(pane.aspect);
  window_.style.setProperty("--aspect", String(pane.aspect));
  window_.append(...pane.films.map((film) => filmOf(film, pane.view, images)));
  if (pane.lit) window_.append(place(make("div", "lit"), pane.lit, pane.view));
  if (pane.frame) window_.append(place(make("div", "frame"), pane.frame, pane.view));
  return window_;
};
