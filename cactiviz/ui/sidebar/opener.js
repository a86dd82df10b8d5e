// A button that opens the side panel; Streamlit has no call for it, only its own button.

export default function (component) {
  const { data, parentElement } = component;
  let open = parentElement.querySelector("button");
  if (!open) {
    open = document.createElement("button");
    open.type = "button";
    open.className = "opener";
    open.onclick = () => document.querySelector('[data-testid="stExpandSidebarButton"]')?.click();
    parentElement.append(open);
  }
  open.textContent = data.label;
}
