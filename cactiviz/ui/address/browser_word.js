// Tells the server by which random word this browser is known: made here, kept in the browser's own
// storage, which no other site can read, and told once in a session over the app's own connection.

const KEY = "cactiviz-browser";
const WORD = /^[0-9a-f]{32}$/;

let toldTo = null; // the session that knows it

const made = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0")
  ).join("");

const word = () => {
  try {
    if (!WORD.test(localStorage.getItem(KEY) ?? "")) localStorage.setItem(KEY, made());
    return localStorage.getItem(KEY);
  } catch {
    return "none"; // the browser keeps nothing for this site
  }
};

export default function ({ data, setTriggerValue }) {
  if (!data.asks || toldTo === data.session) return;
  toldTo = data.session;
  setTriggerValue("word", word());
}
