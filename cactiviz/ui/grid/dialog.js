// Looking closer: one map large, its row's maps of all networks at the same place below.

const ZOOM_STEP = 1.5;
const DIVIDER_STEP = 0.05;

class Closer {
  constructor(grid) {
    this.grid = grid;
    const { words } = grid.data;
    this.root = make("dialog", "closer");
    this.zoom = new Zoom(this.root);
    this.divided = 0.5;
    this.title = make("h2", "name");
    this.title.id = "cv-closer";
    this.root.setAttribute("aria-labelledby", this.title.id);
    const tools = make("div", "tools");
    tools.append(
      this.tool(words.farther, "−", () => this.zoom.by(1 / ZOOM_STEP)),
      this.tool(words.closer, "+", () => this.zoom.by(ZOOM_STEP)),
      this.tool(words.fit, words.fit, () => this.zoom.fit()),
      this.tool(words.close, "✕", () => this.root.close()),
    );
    const bar = make("div", "bar-top");
    bar.append(this.title, tools);
    this.stage = make("div", "stage");
    this.answer = make("p", "answered");
    this.views = make("div", "views");
    this.views.setAttribute("role", "group");
    this.views.setAttribute("aria-label", words.views);
    this.says = make("p", "value");
    this.facts = make("div", "facts");
    this.others = make("div", "others");
    const beside = make("div", "beside");
    beside.append(this.answer, this.says, this.facts, make("p", "quiet help", words.dialog_help));
    const body = make("div", "body");
    body.append(this.stage, beside);
    this.root.append(bar, this.views, body, this.others);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("close", () => this.closed());
    this.root.addEventListener("click", (event) => {
      if (event.target === this.root) this.root.close(); // beside it
    });
    grid.root.append(this.root);
  }

  tool(label, sign, act) {
    const made = button("tool", sign);
    made.setAttribute("aria-label", label);
    made.title = label;
    made.onclick = act;
    return made;
  }

  open(cell) {
    this.zoom.fit();
    this.show(cell);
    this.root.showModal();
    this.stage.firstChild?.focus();
    this.paint();
    this.enlarge();
  }

  /** The picture in its larger size, once somebody looks. */
  enlarge() {
    const { picture } = this.grid.data;
    if (this.grid.largeId === picture.id) return;
    this.grid.largeId = picture.id;
    this.grid.largeGrounds = null;
    groundsOf(picture.large).then((grounds) => {
      if (this.grid.largeId !== picture.id) return;
      this.grid.largeGrounds = grounds;
      this.paint();
    });
  }

  /** Show a cell, and its row. */
  show(cell) {
    this.cell = cell;
    this.shown = cell.said;
    const { data, row, column } = cell;
    say(this.title, `${row.title} · ${column.title}`);
    this.pane = new Pane(this.grid, cell, true);
    const stage = this.pane.root;
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", data.alt);
    if (this.pane.plain) stage.append(this.divider());
    handle(stage, this.zoom, () => {});
    stage.addEventListener("pointermove", (event) => {
      const place = this.zoom.at(placeIn(stage, event));
      say(this.says, wordsAt(this.grid, cell, ...place));
    });
    const focused = this.root.contains(this.root.getRootNode().activeElement);
    this.stage.replaceChildren(stage);
    if (focused) stage.focus();
    this.tell();
    this.column();
    this.row();
    this.paint();
  }

  tell() {
    const { data, row, column } = this.cell;
    const [first] = column.answers;
    const sure = first && filled(this.grid.data.words.sure, { share: percent(first.share) });
    say(this.answer, first ? `${first.name}, ${sure}` : "");
    say(this.says, data.words ?? data.alt);
    const facts = [this.cell.caption(), ...data.notes];
    if (data.place) facts.unshift(data.place[2] || data.place[0] + data.place[1]);
    if (this.grid.data.explained) facts.unshift(data.explains);
    if (column.note) facts.unshift(column.note);
    const parts = facts.filter(Boolean).map((fact) => make("p", "", fact));
    if (row.limit) parts.push(make("p", "", `${this.grid.data.words.limit}: ${row.limit}`));
    this.facts.replaceChildren(...parts);
  }

  /** The other views of the same network. */
  column() {
    const cells = [...this.grid.cells.values()];
    const below = cells.filter((one) => one.button && one.across === this.cell.across);
    this.views.hidden = below.length < 2;
    this.views.replaceChildren(
      ...below.map((one) => {
        const choice = button("tool", one.row.title);
        choice.setAttribute("aria-current", String(one === this.cell));
        choice.onclick = () => this.show(one);
        return choice;
      }),
    );
  }

  /** The same row of all networks. */
  row() {
    const cells = [...this.grid.cells.values()];
    const beside = cells.filter((one) => one.button && one.down === this.cell.down);
    this.panes = beside.map((one) => new Pane(this.grid, one, false));
    const { words } = this.grid.data;
    this.others.setAttribute("role", "group");
    this.others.setAttribute("aria-label", words.others);
    this.others.hidden = beside.length < 2;
    this.others.replaceChildren(
      ...this.panes.map((pane) => {
        const choice = button("choice");
        choice.setAttribute("aria-current", String(pane.cell === this.cell));
        choice.setAttribute("aria-label", pane.cell.data.alt);
        choice.append(pane.root, make("span", "", pane.cell.column.title));
        choice.onclick = () => this.show(pane.cell);
        pane.root.addEventListener("pointermove", (event) => {
          const place = this.zoom.at(placeIn(pane.root, event));
          say(this.says, wordsAt(this.grid, pane.cell, ...place));
        });
        return choice;
      }),
    );
  }

  divider() {
    const { words } = this.grid.data;
    const handleOf = make("div", "divider");
    Object.assign(handleOf, { tabIndex: 0 });
    handleOf.setAttribute("role", "slider");
    handleOf.setAttribute("aria-label", words.divider);
    handleOf.setAttribute("aria-valuemin", 0);
    handleOf.setAttribute("aria-valuemax", 100);
    const set = (share) => {
      this.divided = clamp(share, 0, 1);
      this.root.style.setProperty("--divided", this.divided);
      const shown = Math.round(100 * (1 - this.divided));
      handleOf.setAttribute("aria-valuenow", shown);
      handleOf.setAttribute("aria-valuetext", percent(1 - this.divided));
    };
    set(this.divided);
    // Who drags it has the arrow keys for the other maps; who comes by the Tab key has them for it.
    handleOf.onmousedown = (event) => event.preventDefault();
    handleOf.onpointerdown = (event) => handleOf.setPointerCapture(event.pointerId);
    handleOf.onpointermove = (event) => {
      if (event.buttons) set(placeIn(this.pane.root, event)[1]);
    };
    handleOf.onkeydown = (event) => {
      const to = {
        ArrowLeft: this.divided - DIVIDER_STEP,
        ArrowRight: this.divided + DIVIDER_STEP,
        Home: 0,
        End: 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      set(to);
    };
    return handleOf;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ARROWS[event.key];
    const act = {
      "+": () => this.zoom.by(ZOOM_STEP),
      "=": () => this.zoom.by(ZOOM_STEP),
      "-": () => this.zoom.by(1 / ZOOM_STEP),
      0: () => this.zoom.fit(),
    }[event.key];
    if (!step && !act) return;
    event.preventDefault();
    if (act) {
      act();
      return;
    }
    const next = neighbour(this.grid, this.cell, ...step);
    if (next) this.show(next);
  }

  /** After new data or another look. */
  refresh() {
    if (!this.root.open) return;
    if (!this.cell.button || !this.grid.cells.has(this.cell.key)) {
      this.root.close();
    } else if (this.cell.said !== this.shown) {
      this.show(this.cell);
    } else {
      this.tell();
      const beside = [...this.grid.cells.values()].filter((one) => one.down === this.cell.down);
      if (beside.filter((one) => one.button).length !== this.panes.length) this.row();
      const below = [...this.grid.cells.values()].filter((o) => o.across === this.cell.across);
      if (below.filter((one) => one.button).length !== this.views.childElementCount) this.column();
      this.paint();
    }
  }

  paint() {
    if (!this.root.open) return;
    for (const pane of [this.pane, ...this.panes]) {
      pane.cell.map ??= pane.cell.data.display === "picture" ? null : this.grid.map(pane.cell.data);
      pane.paint();
    }
  }

  closed() {
    this.stage.replaceChildren();
    this.others.replaceChildren();
    rove(this.grid, this.cell);
    this.cell.button?.focus();
  }
}
