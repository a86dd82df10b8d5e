// An animation as an image, which a button holds and lets go on.

const held = new WeakMap(); // by the place on the page: whether it is held

export default function (component) {
  const { data, parentElement } = component;
  let frame = parentElement.querySelector(".frame");
  if (!frame) {
    frame = document.createElement("div");
    frame.className = "frame";
    const button = document.createElement("button");
    button.type = "button";
    frame.append(document.createElement("img"), button);
    parentElement.append(frame);
    held.set(frame, matchMedia("(prefers-reduced-motion: reduce)").matches);
  }
  const image = frame.querySelector("img");
  const button = frame.querySelector("button");
  image.alt = data.alt;
  image.width = data.width;
  image.height = data.height;
  const show = () => {
    const plays = data.moving && !held.get(frame);
    const source = plays ? data.moving : data.still;
    if (image.src !== source) image.src = source;
    frame.classList.toggle("plays", Boolean(plays));
    button.disabled = !data.moving;
    button.textContent = data.moving && held.get(frame) ? data.play : data.hold;
  };
  button.onclick = () => {
    held.set(frame, !held.get(frame));
    show();
  };
  show();
}
