// Small panels that open beside a button: notes and menus. Escape or a press elsewhere shuts them.

const EDGE = 8; // pixels that stay free at the window's edges

/** Put an open panel beside its button, inside the window. */
const place = (panel, anchor) => {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  // Level with the button's left edge, or with its right one where the window ends.
  const start = at.left + width + EDGE > window.innerWidth ? at.right - width : at.left;
  const left = clamp(start, EDGE, Math.max(EDGE, window.innerWidth - width - EDGE));
  const below = at.bottom + 4;
  const fits = below + height + EDGE <= window.innerHeight;
  panel.style.left = `${left}px`;
  panel.style.top = `${fits ? below : Math.max(EDGE, at.top - height - 4)}px`;
};

/** Make a panel that this button opens; whoever asks puts it into the page. */
const popover = (anchor, className) => {
  const panel = make("div", `panel ${className}`);
  panel.popover = "auto";
  anchor.popoverTargetElement = panel;
  anchor.setAttribute("aria-expanded", "false");
  panel.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    anchor.setAttribute("aria-expanded", String(open));
    if (!open) return;
    place(panel, anchor);
    const chosen = panel.querySelector('[aria-checked="true"]');
    (chosen ?? panel.querySelector('[role^="menuitem"]'))?.focus();
  });
  return panel;
};

/** A menu: up and down move, Enter chooses; entries are {name, parts, checked}. */
const menu = (anchor, label, entries, choose) => {
  const panel = popover(anchor, "menu");
  panel.setAttribute("role", "menu");
  panel.setAttribute("aria-label", label);
  anchor.setAttribute("aria-haspopup", "menu");
  const fill = (list) => {
    const items = list.map(({ name, parts, checked }) => {
      const item = button("item");
      item.setAttribute("role", checked === undefined ? "menuitem" : "menuitemradio");
      if (checked !== undefined) item.setAttribute("aria-checked", String(checked));
      item.append(...parts);
      item.onclick = () => {
        panel.hidePopover();
        anchor.focus();
        choose(name);
      };
      return item;
    });
    panel.replaceChildren(...items);
  };
  panel.onkeydown = (event) => {
    const items = [...panel.children];
    const at = items.indexOf(panel.getRootNode().activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  };
  fill(entries);
  return { panel, fill };
};
