// A button that opens the side panel.

export default function (component) {
  const { data, parentElement } = component;
  let open = parentElement.querySelector("button");
  if (!open) {
    open = document.createElement("button");
    open.type = "button";
    open.className = "opener";
    open.onclick = turnSidePanel;
    parentElement.append(open);
  }
  open.textContent = data.label;
}
