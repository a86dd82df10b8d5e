// A picture in which a place is chosen: by a click, a tap or the arrow keys.

const STEP = 0.05;
const SETTLE_MILLISECONDS = 350; // after the last arrow key
const clamp = (share) => Math.min(1, Math.max(0, share));

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "point";
    const mark = document.createElement("span");
    mark.className = "mark";
    button.append(document.createElement("img"), mark);
    const help = document.createElement("div");
    help.className = "help";
    help.id = "help";
    button.setAttribute("aria-describedby", "help");
    parentElement.append(button, help);
  }
  const image = button.querySelector("img");
  const mark = button.querySelector(".mark");
  if (image.src !== data.image) image.src = data.image;
  image.alt = "";
  parentElement.querySelector(".help").textContent = data.help;

  let timer = 0;
  let [down, across] = data.at;
  const show = () => {
    mark.style.top = `${100 * down}%`;
    mark.style.left = `${100 * across}%`;
    const percent = (share) => `${Math.round(100 * share)} %`;
    button.setAttribute(
      "aria-label",
      data.label.replace("{down}", percent(down)).replace("{across}", percent(across)),
    );
  };
  const send = () => setTriggerValue("pressed", [down, across]);
  button.onclick = (event) => {
    if (!event.detail) return; // by the keyboard: the place stays
    const box = image.getBoundingClientRect();
    down = clamp((event.clientY - box.top) / box.height);
    across = clamp((event.clientX - box.left) / box.width);
    show();
    send();
  };
  button.onkeydown = (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    down = clamp(down + by[0] * STEP);
    across = clamp(across + by[1] * STEP);
    show();
    clearTimeout(timer);
    timer = setTimeout(send, SETTLE_MILLISECONDS);
  };
  show();
}
