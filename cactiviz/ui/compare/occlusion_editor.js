// The picture, and the box on it that mouse, finger, keyboard or numbers move.

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

// "{left} from the left" with the box's numbers in it.
const filled = (template, values) =>
  template.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

const CORNERS = { nw: [0, 0], ne: [0, 1], sw: [1, 0], se: [1, 1] };
const SIDES = ["left", "top", "width", "height"];
const KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
const PAUSE_MS = 450; // after the last key: a box that is still moving isn't asked about
const CLICK_PX = 4; // a press that moves less is no box

/** Put an element where a box is. */
const lay = ({ style }, box, [height, width]) => {
  const share = (part, whole) => `${(100 * part) / whole}%`;
  style.top = share(box.top, height);
  style.height = share(box.height, height);
  style.left = share(box.left, width);
  style.width = share(box.width, width);
};

class Editor {
  constructor() {
    this.box = null;
    this.how = "";
    this.drag = null;
    this.serial = 0;
    this.root = make("div", "editor");
    this.stage = make("div", "stage");
    this.image = make("img", "image");
    this.image.draggable = false;
    this.frame = make("div", "box");
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "application");
    for (const corner of Object.keys(CORNERS)) {
      this.frame.append(make("span", `corner ${corner}`));
    }
    this.seen = make("div", "seen"); // all around it is dark
    this.stage.append(this.image, this.seen, this.frame);
    this.said = make("div", "unseen");
    this.said.setAttribute("role", "status");
    this.caption = make("p", "caption");
    this.edges = make("p", "caption edges");
    this.tools = make("div", "tools");
    this.root.append(this.stage, this.caption, this.edges, this.tools, this.said);
    this.listen();
  }

  listen() {
    this.stage.onpointerdown = (event) => this.press(event);
    this.stage.onpointermove = (event) => this.move(event);
    this.stage.onpointerup = (event) => this.release(event);
    this.stage.onpointercancel = () => this.give_up();
    this.stage.ondragstart = (event) => event.preventDefault();
    this.root.onkeydown = (event) => this.key(event);
  }

  update(data, send) {
    this.data = data;
    this.send = send;
    this.size = data.size;
    const first = this.written !== JSON.stringify(data.words);
    if (first) this.write(data.words);
    // What was sent since is newer than what comes back.
    if (data.serial >= this.serial && !this.drag && !this.timer) {
      this.serial = data.serial;
      this.box = boxOf(data.box, data.size);
      this.how = data.how;
    }
    this.paint();
  }

  // All words, and the controls that bear them: once.
  write(words) {
    this.written = JSON.stringify(words);
    this.image.alt = words.alt;
    this.frame.setAttribute("aria-roledescription", words.box);
    this.tools.replaceChildren(this.choices(words), this.buttons(words), this.numbers(words));
  }

  choices(words) {
    const group = make("fieldset", "hows");
    group.append(make("legend", "", words.how));
    this.radios = Object.entries(words.hows).map(([how, text]) => {
      const label = make("label");
      const radio = make("input");
      Object.assign(radio, { type: "radio", name: "how", value: how });
      radio.onchange = () => {
        this.how = how;
        this.commit();
      };
      label.append(radio, make("span", "", text));
      group.append(label);
      return radio;
    });
    return group;
  }

  numbers(words) {
    const group = make("fieldset", "numbers");
    group.append(make("legend", "", words.numbers));
    this.fields = SIDES.map((side) => {
      const label = make("label", "", words.sides[side]);
      const field = make("input");
      Object.assign(field, { type: "number", min: 0, step: 1, inputMode: "numeric" });
      field.onchange = () => {
        const value = Math.round(Number(field.value));
        const box = this.box || middle(this.size);
        if (Number.isFinite(value)) this.box = inside({ ...box, [side]: value }, this.size);
        this.commit();
      };
      label.append(field);
      group.append(label);
      return field;
    });
    return group;
  }

  buttons(words) {
    this.button = make("button", "plain");
    this.button.type = "button";
    this.button.onclick = () => {
      if (this.box) return this.uncover();
      this.box = middle(this.size);
      this.commit();
      this.frame.focus();
    };
    return this.button;
  }

  uncover() {
    this.box = null;
    this.commit();
    this.button.focus();
  }

  // Show the box where it is now, over the picture or, once it is there, the covered one.
  paint() {
    const { data, box, size } = this;
    const settled = !this.drag && !this.timer && data.covered && data.how === this.how;
    const shown = settled && box && sameBox(box, boxOf(data.box, size));
    const source = shown ? data.covered : data.picture;
    if (this.image.src !== source) this.image.src = source;
    this.stage.style.aspectRatio = `${size[1]} / ${size[0]}`;
    this.stage.style.setProperty("--ratio", size[1] / size[0]);
    this.frame.hidden = !box;
    this.frame.className = `box ${shown ? "shown" : this.how}`;
    this.frame.style.setProperty("--mean", data.mean);
    for (const radio of this.radios) radio.checked = radio.value === this.how;
    const values = box || {};
    this.fields.forEach((field, index) => {
      const side = SIDES[index];
      field.max = size[side === "left" || side === "width" ? 1 : 0];
      if (field.getRootNode().activeElement !== field || box) field.value = values[side] ?? "";
    });
    this.button.textContent = box ? data.words.uncover : data.words.middle;
    const { given, outside, draw, moving, edges } = data.words;
    const now = data.outside ? outside : given;
    this.caption.textContent = shown ? now : box ? moving : draw;
    this.edges.textContent = data.seen ? edges : "";
    this.seen.hidden = !data.seen;
    this.edges.hidden = !data.seen || (shown && data.outside); // which says it already
    if (data.seen) lay(this.seen, boxOf(data.seen, size), size);
    if (!box) return;
    lay(this.frame, box, size);
    this.frame.setAttribute("aria-label", this.words_of_box());
  }

  words_of_box() {
    return `${filled(this.data.words.where, this.box)} ${this.data.words.keys}`;
  }

  at(event) {
    const place = this.stage.getBoundingClientRect();
    return {
      x: ((event.clientX - place.left) / place.width) * this.size[1],
      y: ((event.clientY - place.top) / place.height) * this.size[0],
    };
  }

  press(event) {
    if (this.drag || !event.isPrimary || event.button) return;
    const from = this.at(event);
    const corner = Object.keys(CORNERS).find((name) => event.target.classList.contains(name));
    const held = this.box;
    let make_box = (to) => between(from, to, this.size);
    if (corner) {
      const [low, right] = CORNERS[corner];
      const fixed = { // the opposite corner stays
        x: held.left + (right ? 0 : held.width),
        y: held.top + (low ? 0 : held.height),
      };
      make_box = (to) => between(fixed, to, this.size);
    } else if (event.target === this.frame) {
      make_box = (to) =>
        inside({ ...held, top: held.top + to.y - from.y, left: held.left + to.x - from.x }, this.size);
    }
    const [x, y] = [event.clientX, event.clientY];
    this.drag = { make_box, held, x, y, id: event.pointerId, moved: false };
    this.stage.setPointerCapture(event.pointerId);
  }

  move(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.id) return;
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) >= CLICK_PX;
    if (!drag.moved) return;
    this.box = drag.make_box(this.at(event));
    this.paint();
  }

  release(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.id) return;
    this.drag = null;
    if (this.box) this.frame.focus({ preventScroll: true });
    if (drag.moved && !sameBox(this.box, drag.held)) this.commit();
    else this.paint();
  }

  give_up() {
    if (!this.drag) return;
    this.box = this.drag.held;
    this.drag = null;
    this.paint();
  }

  key(event) {
    if (event.key === "Escape") return this.give_up();
    if (event.target !== this.frame || !this.box) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return this.uncover();
    }
    if (!KEYS.includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.box = nudged(this.box, event.key, event.shiftKey, this.size);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.commit(), PAUSE_MS);
    this.paint();
  }

  // The networks are asked about this box.
  commit() {
    clearTimeout(this.timer);
    this.timer = null;
    this.serial += 1;
    this.said.textContent = this.box ? filled(this.data.words.where, this.box) : this.data.words.none;
    this.send({ box: fractionsOf(this.box, this.size), how: this.how, serial: this.serial });
    this.paint();
  }
}
