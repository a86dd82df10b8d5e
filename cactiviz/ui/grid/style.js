// The look: scale, palette and strength. It lives here, and in the page's address.

const FIRST_LOOK = { scale: "own", palette: "inferno", strength: 0.5 };
const WRITE_AFTER = 150; // milliseconds; browsers bound how often the address may change

let lastLook = null; // as long as the page isn't loaded anew

const isShare = (text) => text !== null && text !== "" && Number(text) >= 0 && Number(text) <= 1;

/** The look to begin with: the address's, or the one in use before, or the one given. */
const firstLook = (given) => {
  const said = new URLSearchParams(location.search);
  const look = { ...(lastLook ?? given) };
  if (SCALE_NAMES.includes(said.get("scale"))) look.scale = said.get("scale");
  if (PALETTE_NAMES.includes(said.get("palette"))) look.palette = said.get("palette");
  if (isShare(said.get("strength"))) look.strength = Number(said.get("strength"));
  return look;
};

/** Write it into the address where it isn't as at first; all else there stays. */
const writeLook = (look) => {
  const url = new URL(location.href);
  for (const [name, first] of Object.entries(FIRST_LOOK)) {
    const text = String(look[name]);
    if (text === String(first)) url.searchParams.delete(name);
    else if (url.searchParams.get(name) !== text) url.searchParams.set(name, text);
  }
  if (url.href !== location.href) history.replaceState(history.state, "", url);
};

const MOVES = ["popstate", "cactiviz-address"];

class LookKeeper {
  constructor(given) {
    this.look = firstLook(given);
    lastLook = this.look;
    this.again = () => this.write();
    // After Back, and after the page has written its own part of the address (address/history.js).
    for (const event of MOVES) window.addEventListener(event, this.again);
  }

  change(part) {
    this.look = { ...this.look, ...part };
    lastLook = this.look;
    this.write();
  }

  /** Soon, so that what the page itself writes meanwhile doesn't undo it. */
  write() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => writeLook(this.look), WRITE_AFTER);
  }

  end() {
    clearTimeout(this.timer);
    for (const event of MOVES) window.removeEventListener(event, this.again);
  }
}
