// Completes the address of the entry in the browser's history that is shown. Parameters of others,
// the grid's among them, stay as they are.
export default function ({ data, setTriggerValue }) {
  const here = new URLSearchParams(location.search);
  const bare = data.query.every(([key]) => !here.has(key));
  const right = data.query.every(([key, value]) => (here.get(key) ?? "") === value);
  // An entry that was shown before carries a mark. If it says nothing, then that is what it means.
  if (!right && bare && data.arrived && history.state?.cactiviz) {
    setTriggerValue("older", true);
    return;
  }
  for (const [key, value] of data.query) value ? here.set(key, value) : here.delete(key);
  const search = right ? location.search : here.size ? `?${here}` : "";
  const state = { ...history.state, cactiviz: true };
  history.replaceState(state, "", location.pathname + search + location.hash);
  window.dispatchEvent(new Event("cactiviz-address")); // the grid adds its own part again
}
