// Above the table how the maps look, for who asks for numbers; below it a legend, a link to copy
// and files to take home.

const swatchOf = (name) => {
  const swatch = make("span", "swatch");
  swatch.style.backgroundImage = gradientOf(name);
  swatch.setAttribute("aria-hidden", "true");
  return swatch;
};

const legendOf = (name, ends) => {
  const [low, high] = ends.split("|");
  const legend = make("span", "legend");
  legend.append(make("span", "end", low), swatchOf(name), make("span", "end", high));
  return legend;
};

class Toolbar {
  constructor(grid) {
    this.grid = grid;
    const { words } = grid.data;
    this.root = make("div", "toolbar");
    this.line = make("div", "status");
    this.computed = make("span", "computed");
    this.says = make("span", "says", words.hint);
    this.line.append(this.computed, this.says);
    this.live = make("div", "unseen");
    this.live.setAttribute("aria-live", "polite");
    this.root.append(this.strength(words), this.palette(words), this.scale(words));
    this.foot = make("div", "foot");
    this.legend = make("span", "legends");
    const trust = button("link", `${words.trust} ▸`);
    trust.onclick = () => grid.send("trust", "");
    const honest = make("span", "honest", words.where);
    honest.append(" ", trust);
    const parts = [this.legend, honest, make("span", "space"), this.numbers(words)];
    this.foot.append(...parts, this.link(words), this.exports(words), this.live);
    this.update();
  }

  /** What tells more than most people ask for: figures, scales, colours. */
  numbers(words) {
    this.more = button("link numbers-button");
    this.more.onclick = () => {
      rememberNumbers(!numbersWanted());
      this.grid.repaint();
      this.update();
    };
    this.more.dataset.words = words.numbers;
    return this.more;
  }

  strength(words) {
    this.slider = make("input", "slider");
    Object.assign(this.slider, { type: "range", min: 0, max: 1, step: 0.05 });
    this.slider.oninput = () => this.grid.look({ strength: Number(this.slider.value) });
    this.over = make("label", "over-label");
    this.over.title = words.strength_help;
    this.over.append(make("span", "", words.strength), this.slider);
    return this.over;
  }

  palette(words) {
    this.colours = button("tool");
    this.paletteMenu = menu(this.colours, words.palette, [], (palette) =>
      this.grid.look({ palette }),
    );
    this.coloursPlace = make("span", "holder");
    this.coloursPlace.append(this.colours, this.paletteMenu.panel);
    return this.coloursPlace;
  }

  scale(words) {
    const group = make("fieldset", "segments");
    group.append(make("legend", "unseen", words.scale));
    this.radios = SCALE_NAMES.map((name) => {
      const radio = make("input");
      Object.assign(radio, { type: "radio", name: "scale", value: name });
      radio.onchange = () => this.grid.look({ scale: name });
      const label = make("label", "segment");
      const text = make("span", "", words[name]);
      text.dataset.bold = words[name]; // keeps room for it, so that nothing moves when chosen
      label.append(radio, text);
      group.append(label);
      return radio;
    });
    const help = button("info", "i");
    help.setAttribute("aria-label", `${words.scale}: ${words.what_is_this}`);
    const panel = popover(help, "note");
    const list = make("dl", "");
    for (const [name, says] of words.scale_help) {
      list.append(make("dt", "", name), make("dd", "", says));
    }
    panel.append(make("strong", "", words.scale), list);
    const holder = make("span", "holder");
    holder.append(group, help, panel);
    return holder;
  }

  link(words) {
    this.copy = button("tool", words.copy);
    const panel = popover(this.copy, "note");
    this.copy.popoverTargetElement = null; // it opens only where there is something to say
    this.copy.removeAttribute("aria-expanded");
    this.copy.onclick = () => this.copyLink(panel);
    const holder = make("span", "holder");
    holder.append(this.copy, panel);
    return holder;
  }

  async copyLink(panel) {
    const { words, cannotTravel } = this.grid.data;
    writeLook(this.grid.keeper.look);
    let copied = true;
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      copied = false; // no secure context, or no leave
    }
    const parts = [make("div", "", copied ? words.copied : words.copy_by_hand)];
    const field = make("input", "field");
    if (!copied) {
      Object.assign(field, { readOnly: true, value: location.href });
      field.setAttribute("aria-label", words.copy_by_hand);
      parts.push(field);
    }
    if (cannotTravel) parts.push(make("p", "", cannotTravel));
    panel.replaceChildren(...parts);
    this.announce([copied ? words.copied : words.copy_by_hand, cannotTravel].join(" "));
    panel.showPopover({ source: this.copy });
    place(panel, this.copy);
    if (!copied) field.select();
    clearTimeout(this.timer);
    if (copied) this.timer = setTimeout(() => panel.hidePopover(), cannotTravel ? 8000 : 2500);
  }

  exports(words) {
    this.take = button("tool", words.download);
    const entries = this.grid.data.exports.map(([name, title]) => ({
      name,
      parts: [make("span", "", title)],
    }));
    const { panel } = menu(this.take, words.download, entries, (name) => {
      this.busy(true);
      this.grid.send("export", name);
    });
    const holder = make("span", "holder");
    holder.append(this.take, panel);
    return holder;
  }

  /** While a file is being made the button says so. */
  busy(now) {
    const { words } = this.grid.data;
    this.take.disabled = now;
    say(this.take, now ? words.making : words.download);
    clearTimeout(this.patience);
    if (now) this.patience = setTimeout(() => this.busy(false), 60_000);
  }

  announce(text) {
    this.live.textContent = "";
    this.live.textContent = text;
  }

  /** After a change of the look, or of what is shown. */
  update() {
    const { data, keeper, root } = this.grid;
    const { words } = data;
    const { scale, palette, strength } = keeper.look;
    const numbers = numbersWanted();
    root.classList.toggle("numbers", numbers);
    this.root.hidden = this.line.hidden = !numbers;
    say(this.more, `${words.numbers} ${numbers ? "▾" : "▸"}`);
    this.more.setAttribute("aria-expanded", String(numbers));
    say(this.computed, data.computed);
    // What a row will show counts too, so that nothing moves when it comes.
    const now = data.cells.map((row, down) => row.map((cell) => (cell ?? data.rows[down]).display));
    const displays = new Set(now.flat());
    this.over.hidden = !COARSE.some((display) => displays.has(display));
    this.coloursPlace.hidden = !displays.has("overlay");
    if (Number(this.slider.value) !== strength) this.slider.value = strength;
    this.slider.setAttribute("aria-valuetext", percent(strength));
    for (const radio of this.radios) radio.checked = radio.value === scale;
    const said = [scale, palette, numbers, ...[...displays].filter(Boolean).sort()].join();
    if (this.said === said) return;
    this.said = said;
    this.colours.replaceChildren(swatchOf(palette), make("span", "", palette));
    this.colours.setAttribute("aria-label", `${words.palette}: ${palette}`);
    this.paletteMenu.fill(
      PALETTE_NAMES.map((name) => {
        const parts = [swatchOf(name), make("span", "", name)];
        if (name === UNSAFE_PALETTE) parts.push(make("span", "quiet", words.unsafe));
        return { name, parts, checked: name === palette };
      }),
    );
    const legends = [];
    const plain = `${words.little}|${words.much}`;
    const ends = numbers || scale !== "own" ? words[`${scale}_ends`] : plain;
    if (displays.has("overlay")) legends.push(legendOf(palette, ends));
    if (displays.has("diverging")) legends.push(legendOf("diverging", words.diverging_ends));
    this.legend.replaceChildren(...legends);
  }
}

const NUMBERS = "cactiviz numbers";

/** Whether figures are shown; a browser remembers it, where it is allowed to. */
const numbersWanted = () => {
  try {
    return localStorage.getItem(NUMBERS) === "1";
  } catch {
    return false;
  }
};

const rememberNumbers = (wanted) => {
  try {
    localStorage.setItem(NUMBERS, wanted ? "1" : "0");
  } catch {
    // then they are as at first
  }
};

const saved = new Set(); // numbers of files; as long as the page isn't loaded anew

/** Hand a file to the browser, once. */
const save = ({ name, mime, data, number: count }) => {
  if (saved.has(count)) return false;
  saved.add(count);
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: mime }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
};
