// Completes the address of the entry in the browser's history that is shown, and tells the server
// which entry Back or Forward has led to. Parameters of others, the grid's among them, stay.

let latest = null; // what the page shown was called with
let shown = null; // of which page, and which of its writes was seen last; as long as no reload
let moved = false; // Back or Forward was pressed, and the server's answer isn't here yet

const here = () => new URLSearchParams(location.search);

const said = (keys) =>
  Object.fromEntries(keys.filter((key) => here().get(key)).map((key) => [key, here().get(key)]));

const tell = ({ data, setTriggerValue }) =>
  setTriggerValue("moved", { page: data.page, said: said(data.keys) });

// Streamlit asks for a run too, and first; what is told here comes with the next one.
addEventListener("popstate", () => {
  if (latest?.path !== location.pathname) return; // another page, which begins with its address
  moved = true;
  setTimeout(() => latest && tell(latest));
});

const write = (keys, query, add) => {
  const search = here();
  for (const key of keys) query[key] ? search.set(key, query[key]) : search.delete(key);
  const right = keys.every((key) => (here().get(key) ?? "") === (query[key] ?? ""));
  const text = right ? location.search : search.size ? `?${search}` : "";
  const state = { ...(add ? {} : history.state), cactiviz: true };
  const url = location.pathname + text + location.hash;
  add ? history.pushState(state, "", url) : history.replaceState(state, "", url);
  window.dispatchEvent(new Event("cactiviz-address")); // the grid adds its own part again
};

export default function (component) {
  const { keys, page, query, instead, written } = component.data;
  latest = { ...component, path: location.pathname };
  const mine = latest;
  const now = said(keys);
  const is = (one) => keys.every((key) => (now[key] ?? "") === (one[key] ?? ""));
  const complete = !history.state?.cactiviz || instead.some(is) || shown === null;
  const lost = shown?.page === page && shown.written < written; // a choice that never came
  if (is(query) || complete) {
    write(keys, query, false);
    moved = false;
  } else if (!moved) {
    if (lost) write(keys, query, true);
    else tell(component); // an entry that was shown before: that is what it means
  }
  shown = { page, written };
  return () => {
    if (latest === mine) latest = null;
  };
}
