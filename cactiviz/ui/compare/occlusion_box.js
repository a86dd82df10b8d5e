// Where a box lies on a picture, in whole pixels: {top, left, height, width}. Nothing here paints.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// The fewest pixels that a box has each way, so that it can be seen and taken hold of.
const leastOf = (side) => Math.max(1, Math.round(side / 50));

const boxOf = (fractions, size) => {
  if (!fractions) return null;
  const [height, width] = size;
  const [top, left, tall, wide] = fractions;
  return {
    top: Math.round(top * height),
    left: Math.round(left * width),
    height: Math.round(tall * height),
    width: Math.round(wide * width),
  };
};

const fractionsOf = (box, [height, width]) =>
  box && [box.top / height, box.left / width, box.height / height, box.width / width];

// Pushed back into the picture, as large as it is.
const inside = (box, [height, width]) => {
  const tall = clamp(Math.round(box.height), leastOf(height), height);
  const wide = clamp(Math.round(box.width), leastOf(width), width);
  return {
    top: clamp(Math.round(box.top), 0, height - tall),
    left: clamp(Math.round(box.left), 0, width - wide),
    height: tall,
    width: wide,
  };
};

// From a corner that stays to the pointer; what lies outside of the picture is left out.
const between = (from, to, [height, width]) => {
  const rows = [from.y, to.y].map((y) => clamp(y, 0, height)).sort((a, b) => a - b);
  const columns = [from.x, to.x].map((x) => clamp(x, 0, width)).sort((a, b) => a - b);
  const [top, left] = [rows[0], columns[0]];
  return inside({ top, left, height: rows[1] - top, width: columns[1] - left }, [height, width]);
};

const middle = ([height, width]) =>
  inside({ top: height / 3, left: width / 3, height: height / 3, width: width / 3 }, [height, width]);

// What an arrow key does: it moves the box, or with Shift its lower right corner.
const nudged = (box, key, resize, size) => {
  const step = Math.max(1, Math.round(Math.max(...size) / 50));
  const [down, right] = {
    ArrowUp: [-step, 0],
    ArrowDown: [step, 0],
    ArrowLeft: [0, -step],
    ArrowRight: [0, step],
  }[key];
  if (!resize) return inside({ ...box, top: box.top + down, left: box.left + right }, size);
  const [height, width] = [size[0] - box.top, size[1] - box.left]; // its upper left corner stays
  return inside(
    {
      ...box,
      height: clamp(box.height + down, 1, height),
      width: clamp(box.width + right, 1, width),
    },
    size,
  );
};

const sameBox = (one, other) => JSON.stringify(one) === JSON.stringify(other);
