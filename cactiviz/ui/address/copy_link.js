// A button that copies the page's address, and a note beside it that says so.

const SHOWN_MS = 2500;
const SHOWN_LONGER_MS = 8000; // with a sentence about what the link leaves out

const make = (tag, className, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

const copied = async () => {
  try {
    await navigator.clipboard.writeText(location.href);
    return true;
  } catch {
    return false; // no secure context, or no leave
  }
};

export default function ({ data, parentElement }) {
  let holder = parentElement.querySelector(".copy");
  if (!holder) {
    holder = make("div", "copy");
    const button = make("button", "tool");
    button.type = "button";
    const note = make("div", "note");
    note.setAttribute("role", "status");
    holder.append(button, note);
    parentElement.append(holder);
    holder.onkeydown = (event) => event.key === "Escape" && note.replaceChildren();
  }
  const [button, note] = holder.children;
  button.textContent = data.copy;
  button.onclick = async () => {
    const done = await copied();
    const parts = [make("div", "", done ? data.copied : data.byHand)];
    if (!done) {
      const field = make("input", "field");
      Object.assign(field, { readOnly: true, value: location.href });
      field.setAttribute("aria-label", data.byHand);
      parts.push(field);
    }
    if (data.cannotTravel) parts.push(make("p", "", data.cannotTravel));
    note.replaceChildren(...parts);
    note.querySelector("input")?.select();
    clearTimeout(holder.timer);
    const milliseconds = data.cannotTravel ? SHOWN_LONGER_MS : SHOWN_MS;
    if (done) holder.timer = setTimeout(() => note.replaceChildren(), milliseconds);
  };
}
