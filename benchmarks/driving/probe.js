// In the page before the app: when it was clicked, what came over the wire, and what is to be seen.
(() => {
  const probe = (window.__probe = {
    data: null, // what the grid was given last
    grids: 0, // how often it was given something
    clicked: 0,
    sent: 0, // the first message after the click
    received: 0, // the last message
    settled: 0, // when the page last said that no run is going on
  });
  const parse = JSON.parse;
  JSON.parse = function (text, reviver) {
    const value = parse(text, reviver);
    if (value?.columns && value.rows && value.cells) {
      probe.data = value;
      probe.grids += 1;
    }
    return value;
  };
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", () => (probe.received = performance.now()));
    }
    send(data) {
      if (probe.clicked > probe.sent) probe.sent = performance.now();
      super.send(data);
    }
  };
  addEventListener("click", (event) => (probe.clicked = event.timeStamp), true);

  const app = () => document.querySelector("[data-testid=stApp]");
  const idle = () => app()?.dataset.testScriptState === "notRunning";
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(() => {
      const now = idle();
      if (now && !probe.idle) probe.settled = performance.now();
      probe.idle = now;
    }).observe(document.documentElement, {
      subtree: true,
      childList: true,
      attributeFilter: ["data-test-script-state"],
    });
  });

  let host;
  const root = () => {
    if (!host?.isConnected || !host.shadowRoot?.querySelector("table")) {
      host = [...document.querySelectorAll("*")].find((at) => at.shadowRoot?.querySelector("th.head"));
    }
    return host?.shadowRoot;
  };
  probe.root = root;

  const opaque = (canvas) => {
    const { width, height } = canvas;
    const [at, down] = [Math.floor(width / 2), Math.floor(height / 2)];
    return canvas.getContext("2d").getImageData(at, down, 1, 1).data[3] === 255;
  };
  const painted = (cell) => {
    if (cell.querySelector("img")) return true;
    const [ground, layer] = [cell.querySelector(".ground"), cell.querySelector(".layer")];
    return opaque(ground) && (layer.hidden || opaque(layer));
  };
  const same = (one, other) => !other || one.map((x) => x.id).join() === other.join();

  /** Whether this comparison is on the screen, finished and painted. */
  probe.shows = ({ networks, views, picture, not }) => {
    const { data } = probe;
    if (!data || !same(data.columns, networks) || !same(data.rows, views)) return false;
    if (picture && data.picture.name !== picture) return false;
    if (not && data.picture.name === not) return false;
    if (data.columns.some((column) => column.waiting)) return false;
    const here = root();
    if (!here || here.querySelector(".waiting")) return false;
    const heads = here.querySelectorAll("th.head:not(.more)");
    if (heads.length !== data.columns.length) return false;
    const cells = [...here.querySelectorAll("button.cell")];
    const answered = data.cells.flat().filter((cell) => cell && cell.why === undefined);
    return cells.length === answered.length && cells.every(painted);
  };

  const afterThePaint = (say) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => say(performance.now());
    channel.port2.postMessage(0);
  };

  /** Look at each frame until something holds; when it was on the screen. */
  probe.until = (holds, seconds, wanted = {}) =>
    new Promise((done, failed) => {
      const end = performance.now() + 1000 * seconds;
      const look = () => {
        if (holds()) afterThePaint(done);
        else if (performance.now() < end) requestAnimationFrame(look);
        else failed(new Error(`It never came: ${JSON.stringify([wanted, probe.words()])}`));
      };
      requestAnimationFrame(look);
    });

  /** Milliseconds from the click to a comparison, which isn't there before the click. */
  probe.comparison = async (wanted, seconds) => {
    const before = probe.clicked;
    const at = await probe.until(() => probe.clicked > before && probe.shows(wanted), seconds, wanted);
    return at - probe.clicked;
  };

  /** Milliseconds of a run: from the click to the page's rest, and from the request to the last
   * message. */
  probe.run = async (seconds) => {
    const before = probe.clicked;
    await probe.until(() => probe.clicked > before && probe.settled > probe.clicked && idle(), seconds);
    const quiet = () => performance.now() > Math.max(probe.received, probe.settled) + 400;
    await probe.until(() => quiet() && idle(), seconds);
    return [probe.settled - probe.clicked, probe.received - probe.sent];
  };

  /** Milliseconds of the page's thread for a change: its handlers, and the frame that shows it. */
  probe.cost = (change) =>
    new Promise((done) => {
      requestAnimationFrame(() => {
        const started = performance.now();
        change();
        const handled = performance.now() - started;
        requestAnimationFrame((frame) => afterThePaint((at) => done(handled + at - frame)));
      });
    });

  /** What the page shows instead, for a complaint. */
  probe.words = () => {
    const { data } = probe;
    const errors = document.querySelectorAll("[data-testid=stException], [data-testid=stAlert]");
    return {
      picture: data?.picture.name,
      networks: data?.columns.map((column) => [column.id, column.waiting, column.why]),
      views: data?.rows.map((row) => row.id),
      errors: [...errors].map((at) => at.textContent),
    };
  };
})();
