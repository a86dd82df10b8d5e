// Painting: maps to pixels, at the size at which they are shown.

const workshop = document.createElement("canvas").getContext("2d");
const LINE_GREY = "rgb(208, 208, 208)"; // around what was seen
const HATCH_STEP = 8; // CSS pixels from one diagonal line to the next

/** Bilinear interpolation of the values, half-pixel centres: as OpenCV resizes. */
const stretched = (shares, rows, columns, height, width) => {
  const along = (length, count) => {
    const low = new Int32Array(length);
    const high = new Int32Array(length);
    const weight = new Float64Array(length);
    for (let at = 0; at < length; at += 1) {
      const place = clamp(((at + 0.5) * count) / length - 0.5, 0, count - 1);
      low[at] = Math.floor(place);
      high[at] = Math.min(low[at] + 1, count - 1);
      weight[at] = place - low[at];
    }
    return { low, high, weight };
  };
  const x = along(width, columns);
  const y = along(height, rows);
  const found = new Float64Array(width * height);
  const row = new Float64Array(columns);
  for (let j = 0; j < height; j += 1) {
    const [upper, lower] = [y.low[j] * columns, y.high[j] * columns];
    for (let i = 0; i < columns; i += 1) {
      row[i] = shares[upper + i] + (shares[lower + i] - shares[upper + i]) * y.weight[j];
    }
    for (let i = 0; i < width; i += 1) {
      found[j * width + i] = row[x.low[i]] + (row[x.high[i]] - row[x.low[i]]) * x.weight[i];
    }
  }
  return found;
};

/** Paint a heat map; false where there is nothing to paint. */
const paintCoarse = (context, cell, map, look) => {
  const { width, height } = context.canvas;
  const shares = sharesOf(cell, map, look.scale);
  if (!shares.some((share) => share !== 0)) return false;
  const grid = stretched(shares, map.height, map.width, height, width);
  const diverging = cell.display === "diverging";
  const table = COLOURS[diverging ? "diverging" : look.palette];
  const middle = diverging ? 128 : 0;
  const steps = diverging ? 128 : 255;
  const image = context.createImageData(width, height);
  const pixels = image.data;
  for (let at = 0; at < grid.length; at += 1) {
    const colour = 3 * (middle + Math.round(steps * grid[at]));
    pixels[4 * at] = table[colour];
    pixels[4 * at + 1] = table[colour + 1];
    pixels[4 * at + 2] = table[colour + 2];
    pixels[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return true;
};

/** The tone of each level of a gradient. */
const tonesOf = (cell, map, scale) => {
  const shares = sharesOfLevels(cell, map, scale);
  const tones = new Uint8ClampedArray(256);
  for (let level = 0; level < 256; level += 1) {
    if (cell.display === "magnitude") {
      tones[level] = Math.round(255 * shares[level]);
    } else {
      const side = level - MIDDLE_LEVEL;
      const share = shares[Math.min(Math.abs(side), SIGNED_LEVELS)];
      tones[level] = Math.round(MIDDLE_LEVEL + (side > 0 ? 127 : -128) * share);
    }
  }
  return tones;
};

const knownAreas = new Map(); // by "length fewer": the same few sizes come again and again

/** Which pixels of a side, and how much of each, lie in each of fewer ones: OpenCV's areas. */
const areas = (length, fewer) => {
  const key = `${length} ${fewer}`;
  if (knownAreas.has(key)) return knownAreas.get(key);
  const first = new Int32Array(fewer);
  const offsets = new Int32Array(fewer + 1);
  const weights = [];
  for (let at = 0; at < fewer; at += 1) {
    const [start, stop] = [(at * length) / fewer, ((at + 1) * length) / fewer];
    first[at] = Math.floor(start + 1e-9);
    for (let pixel = first[at]; pixel < stop - 1e-9; pixel += 1) {
      weights.push((Math.min(pixel + 1, stop) - Math.max(pixel, start)) / (stop - start));
    }
    offsets[at + 1] = weights.length;
  }
  const found = { first, offsets, weights: Float32Array.from(weights) };
  if (knownAreas.size > 64) knownAreas.clear();
  knownAreas.set(key, found);
  return found;
};

/** One colour's tones at fewer pixels, each the mean of the area that it covers. */
const averaged = (plane, tones, size, width, height) => {
  const x = areas(size.width, width);
  const y = areas(size.height, height);
  const narrow = new Float32Array(width * size.height);
  for (let j = 0; j < size.height; j += 1) {
    const row = j * size.width;
    for (let i = 0; i < width; i += 1) {
      let sum = 0;
      let pixel = row + x.first[i];
      for (let at = x.offsets[i]; at < x.offsets[i + 1]; at += 1) {
        sum += x.weights[at] * tones[plane[pixel]];
        pixel += 1;
      }
      narrow[j * width + i] = sum;
    }
  }
  const found = new Float32Array(width * height);
  for (let j = 0; j < height; j += 1) {
    let row = y.first[j] * width;
    for (let at = y.offsets[j]; at < y.offsets[j + 1]; at += 1) {
      const weight = y.weights[at];
      for (let i = 0; i < width; i += 1) found[j * width + i] += weight * narrow[row + i];
      row += width;
    }
  }
  return found;
};

/** A gradient at a size that is no larger than its own. */
const tonedImage = (map, tones, width, height) => {
  const planes = map.planes.map((plane) => averaged(plane, tones, map, width, height));
  const [red, green, blue] = planes.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  const image = new ImageData(width, height);
  const { data } = image; // it rounds
  for (let at = 0; at < red.length; at += 1) {
    data[4 * at] = red[at];
    data[4 * at + 1] = green[at];
    data[4 * at + 2] = blue[at];
    data[4 * at + 3] = 255;
  }
  return image;
};

/** Paint a gradient; where it has more pixels than are shown, leaving some out would invent. */
const paintFine = (context, cell, map, look) => {
  const tones = tonesOf(cell, map, look.scale);
  const { width, height } = context.canvas;
  if (width <= map.width && height <= map.height) {
    context.putImageData(tonedImage(map, tones, width, height), 0, 0);
    return true;
  }
  workshop.canvas.width = map.width;
  workshop.canvas.height = map.height;
  workshop.putImageData(tonedImage(map, tones, map.width, map.height), 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(workshop.canvas, 0, 0, width, height);
  return true;
};

/** Paint a map onto its canvas; false where there is nothing to paint. */
const paintMap = (canvas, cell, map, look) => {
  const context = canvas.getContext("2d");
  const paint = COARSE.includes(cell.display) ? paintCoarse : paintFine;
  return paint(context, cell, map, look);
};

/** The picture, and as it is below a map of two colours, and where no network looked. */
const groundsOf = async (source) => {
  const pixels = await pixelsOf(source);
  const { width, height } = pixels;
  const ground = (change) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const copy = new ImageData(width, height);
    for (let at = 0; at < copy.data.length; at += 4) {
      const [red, green, blue] = pixels.data.subarray(at, at + 3);
      const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
      copy.data[at] = change(red, grey);
      copy.data[at + 1] = change(green, grey);
      copy.data[at + 2] = change(blue, grey);
      copy.data[at + 3] = 255;
    }
    canvas.getContext("2d").putImageData(copy, 0, 0);
    return canvas;
  };
  return {
    width,
    height,
    colour: ground((level) => level),
    grey: ground((_, grey) => grey),
    pale: ground((level, grey) => 0.45 * (0.25 * level + 0.75 * grey)),
  };
};

/** The pixels of a side that show a part of it: [first, last + 1]. */
const span = (start, share, pixels) => {
  const first = clamp(Math.round(start * pixels), 0, pixels - 1);
  return [first, Math.max(Math.min(Math.round((start + share) * pixels), pixels), first + 1)];
};

/** Paint what lies below a map: the picture, dimmed and hatched where it wasn't seen. */
const paintGround = (canvas, grounds, kind, seen, ratio) => {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  context.imageSmoothingQuality = "high";
  const [top, bottom] = span(seen[0], seen[2], height);
  const [left, right] = span(seen[1], seen[3], width);
  if (right - left < width || bottom - top < height) {
    context.drawImage(grounds.pale, 0, 0, width, height);
    context.strokeStyle = "rgba(255, 255, 255, 0.25)";
    context.lineWidth = Math.max(1, ratio * 0.7);
    context.beginPath();
    for (let at = 0; at < width + height; at += HATCH_STEP * ratio) {
      context.moveTo(at, 0);
      context.lineTo(at - height, height);
    }
    context.stroke();
    context.fillStyle = LINE_GREY;
    context.fillRect(left - ratio, top - ratio, right - left + 2 * ratio, bottom - top + 2 * ratio);
  }
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.drawImage(grounds[kind], 0, 0, width, height);
  context.restore();
};
