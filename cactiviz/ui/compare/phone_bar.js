// On a phone: picture, networks and views, always at the bottom edge.

const press = {
  picture: () => document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0, behavior: "smooth" }),
  networks: turnSidePanel,
  views: () => {
    const more = document.querySelector(".st-key-cv-actions [data-testid='stPopoverButton']");
    more?.scrollIntoView({ block: "center" });
    more?.click();
  },
};

export default function (component) {
  const { data, parentElement } = component;
  if (parentElement.querySelector(".phone-bar")) return;
  const bar = document.createElement("nav");
  bar.className = "phone-bar";
  bar.setAttribute("aria-label", data.label);
  for (const [name, title] of data.parts) {
    const part = document.createElement("button");
    part.type = "button";
    part.textContent = title;
    part.onclick = press[name];
    bar.append(part);
  }
  parentElement.append(bar);
}
