// Maps as they come from Python, and each value's share of the full value on a scale.

const MIDDLE_LEVEL = 128; // a signed 0
const SIGNED_LEVELS = 127;
const COARSE = ["overlay", "diverging"];

const scratch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

const loaded = async (source) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
};

/** The pixels of a coded picture: {width, height, data} with four bytes a pixel. */
const pixelsOf = async (source) => {
  const image = await loaded(source);
  const { naturalWidth: width, naturalHeight: height } = image;
  scratch.canvas.width = width;
  scratch.canvas.height = height;
  scratch.drawImage(image, 0, 0);
  return scratch.getImageData(0, 0, width, height);
};

/** What is painted of a cell: its size, and ``data``, raw values, or ``planes`` of levels. */
const decoded = async (cell) => {
  if (COARSE.includes(cell.display)) {
    return { height: cell.grid[0], width: cell.grid[1], data: Float64Array.from(cell.values) };
  }
  const { width, height, data } = await pixelsOf(cell.src);
  const channels = cell.display === "signed" ? 3 : 1;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = new Uint8Array(width * height);
    for (let at = 0; at < plane.length; at += 1) plane[at] = data[4 * at + channel];
    return plane;
  });
  return { width, height, planes };
};

/** The percentile rank of each size: ties share their mean, and a 0 stays 0. */
const ranksOf = (sizes) => {
  const order = Array.from(sizes.keys()).sort((a, b) => sizes[a] - sizes[b]);
  const ranks = new Float64Array(sizes.length);
  const most = Math.max(sizes.length - 1, 1);
  for (let start = 0; start < order.length; ) {
    let stop = start;
    while (stop < order.length && sizes[order[stop]] === sizes[order[start]]) stop += 1;
    const rank = (start + stop - 1) / 2 / most;
    for (let at = start; at < stop; at += 1) ranks[order[at]] = sizes[order[at]] > 0 ? rank : 0;
    start = stop;
  }
  return ranks;
};

/** Of a heat map: the share of the full value of each square, -1..1. */
const sharesOf = (cell, map, scale) => {
  const full = cell.full[scale];
  const signed = cell.display === "diverging";
  const shares = new Float64Array(map.data.length);
  if (!(full > 0)) return shares;
  const size = (value) => (signed ? Math.abs(value) : Math.max(value, 0));
  const ranks = scale === "rank" ? ranksOf(map.data.map(size)) : null;
  const unit = scale === "evidence" ? full * cell.sum : full;
  map.data.forEach((value, at) => {
    const share = Math.min(ranks ? ranks[at] : size(value) / unit, 1);
    shares[at] = value < 0 ? -share : share;
  });
  return shares;
};

/** Of a gradient: how often each level from 0 on occurs, signs aside. */
const histogramOf = (cell, map) => {
  const counts = new Float64Array(256);
  for (const plane of map.planes) for (const level of plane) counts[level] += 1;
  if (cell.display !== "signed") return counts;
  const sizes = new Float64Array(256);
  counts.forEach((count, level) => {
    sizes[Math.min(Math.abs(level - MIDDLE_LEVEL), SIGNED_LEVELS)] += count;
  });
  return sizes;
};

/** Of a gradient: the value of each level. */
const valueOfLevel = (cell, level) => {
  const highest = cell.display === "signed" ? SIGNED_LEVELS : 255;
  return cell.most * (level / highest) ** 2;
};

/** Of a gradient: the share of the full value of each level from 0 on, signs aside. */
const sharesOfLevels = (cell, map, scale) => {
  const shares = new Float64Array(256);
  const full = cell.full[scale];
  if (!(full > 0)) return shares;
  if (scale === "rank") {
    map.counts ??= histogramOf(cell, map);
    const most = Math.max(map.counts.reduce((sum, count) => sum + count, 0) - 1, 1);
    let below = 0;
    for (let level = 0; level < 256; level += 1) {
      const count = map.counts[level];
      if (level > 0) shares[level] = (below + Math.max(count - 1, 0) / 2) / most;
      below += count;
    }
    return shares;
  }
  const unit = scale === "evidence" ? full * cell.sum : full;
  return shares.map((_, level) => Math.min(valueOfLevel(cell, level) / unit, 1));
};
