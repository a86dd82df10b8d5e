// Tables of colours: from a share of the full value to red, green, blue.

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const COLOURS = Object.fromEntries(
  Object.entries(TABLES).map(([name, hex]) => [name, bytesOf(hex)]),
);
const PALETTE_NAMES = Object.keys(COLOURS).filter((name) => name !== "diverging");
const UNSAFE_PALETTE = "turbo";
const SCALE_NAMES = ["own", "shared", "rank", "evidence"];

/** A table as a CSS gradient from left to right. */
const gradientOf = (name) => {
  const table = COLOURS[name];
  const last = table.length / 3 - 1;
  const stops = Array.from({ length: 17 }, (_, step) => {
    const at = 3 * Math.round((step / 16) * last);
    return `rgb(${table[at]}, ${table[at + 1]}, ${table[at + 2]})`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
};
