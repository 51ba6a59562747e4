// The arithmetic of a ticket: weights from the seed, and predictions in integers. It knows no page.
// docs/ticket-format.md specifies it; the outputs are the very integers of the Python library.
"use strict";

// The high word of the product of two words of 32 bits; each sum below is less than 2**32.
function highWord(a, b) {
  const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const cross = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (cross >>> 16)) | 0;
}

// Philox2x32-10: the two output words of a counter of two words and a key of one.
function philox(counter0, counter1, key) {
  for (let round = 0; round < 10; round++) {
    const high = highWord(counter0, 0xd256d193);
    const low = Math.imul(counter0, 0xd256d193);
    counter0 = high ^ key ^ counter1;
    counter1 = low;
    key = (key + 0x9e3779b9) | 0;
  }
  return [counter0 >>> 0, counter1 >>> 0];
}

const uniform = ([word]) => highWord(word, 255) - 127;

const FAMILIES = {
  uniform,
  signed_constant: ([word]) => (word >>> 31 ? -1 : 1),
  kaiming_normal: ([first, second]) => {
    let sum = -1020; // of eight bytes, centred
    for (let by = 0; by < 32; by += 8) sum += ((first >>> by) & 255) + ((second >>> by) & 255);
    return Math.max(-127, Math.min(127, (sum * 39 + 128) >> 8));
  },
};

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// A network under a mask that may be changed. Weight j * fanIn + i leads from value i below to unit j; in
// a convolution units are maps, and i is a place in the kernels for the maps below. span weights lead
// from each unit below.
class Network {
  constructor(facts) {
    this.facts = facts;
    this.layers = [];
    const bits = bytesOf(facts.mask), draw = FAMILIES[facts.weights];
    const { convolutions } = facts; // null for a dense layer; undefined where all are
    this.counts = [convolutions ? facts.shape[0] : facts.sizes[0], ...facts.sizes.slice(1)]; // of units
    let at = 0, positions = facts.sizes[0] / this.counts[0];
    for (let l = 0; l + 1 < facts.sizes.length; l++) {
      const convolution = convolutions ? convolutions[l] : null;
      const span = convolution ? convolution.kernel ** 2 : positions;
      const fanIn = this.counts[l] * span, units = facts.sizes[l + 1], size = fanIn * units;
      positions = convolution ? (convolution.rows * convolution.columns) / convolution.pool ** 2 : 1;
      const weights = new Int8Array(size), kept = new Uint8Array(size);
      for (let n = 0; n < size; n++, at++) {
        weights[n] = draw(philox(n, 2 * l, facts.seed));
        kept[n] = (bits[at >> 3] >> (7 - (at & 7))) & 1;
      }
      const biases = Int32Array.from({ length: units }, (_, j) =>
        facts.biases === "zero" ? 0 : (uniform(philox(j, 2 * l + 1, facts.seed)) * facts.oneSums[l]) >> 7);
      const original = kept.slice();
      this.layers.push({ fanIn, units, span, positions, convolution, weights, kept, original, biases });
    }
    this.list();
  }

  // The survivors of each layer, unit by unit: what a prediction runs through.
  list() {
    for (const layer of this.layers) {
      const { fanIn, units, kept } = layer;
      layer.starts = new Uint32Array(units + 1);
      const found = [];
      for (let j = 0, n = 0; j < units; j++) {
        for (let i = 0; i < fanIn; i++, n++) if (kept[n]) found.push(n);
        layer.starts[j + 1] = found.length;
      }
      layer.survivors = Uint32Array.from(found);
    }
  }

  toggle(l, n) {
    this.layers[l].kept[n] ^= 1;
    this.list();
  }

  restore() {
    for (const layer of this.layers) layer.kept.set(layer.original);
    this.list();
  }

  count() {
    return this.layers.reduce((sum, layer) => sum + layer.survivors.length, 0);
  }

  // The integers that stand for a row of finite numbers; or, of the columns of a table, of numbers,
  // places of values, and null for what is missing.
  quantise(row) {
    const { offset, scale, limits, table } = this.facts, limit = limits[0];
    if (table) row = featuresOf(table, offset, row);
    return Int32Array.from(row, (x, i) => {
      const pair = offset.length > 1 ? i : 0;
      const value = Math.floor((x - offset[pair]) * scale[pair] * limit + 0.5);
      return Math.max(-limit, Math.min(limit, value));
    });
  }

  // What enters each layer of weights, and last the outputs: one array of integers for each.
  values(row) {
    const found = [this.quantise(row)];
    this.layers.forEach((layer, l) => {
      const sums = (layer.convolution ? mapSums : denseSums)(layer, found[l]);
      found.push(l + 1 < this.layers.length ? this.activate(l, sums) : sums);
    });
    return found;
  }

  activate(l, sums) {
    const { activation, shifts, limits, ones } = this.facts;
    if (activation === "relu") {
      return sums.map((sum) => Math.min(Math.max(sum, 0) >> shifts[l], limits[l + 1]));
    }
    const one = ones[l + 1], low = activation === "sign" ? -one : 0;
    return sums.map((sum) => (sum > 0 ? one : sum < 0 ? low : 0));
  }

  outputs(row) {
    return this.values(row).at(-1);
  }

  // The softmax of outputs * temperature.
  probabilities(outputs) {
    const most = outputs.reduce((a, b) => Math.max(a, b));
    const parts = Array.from(outputs, (sum) => Math.exp((sum - most) * this.facts.temperature));
    const total = parts.reduce((a, b) => a + b);
    return parts.map((part) => part / total);
  }
}

function denseSums({ fanIn, starts, survivors, weights, biases }, below) {
  const sums = biases.slice();
  for (let j = 0; j < sums.length; j++) {
    for (let at = starts[j]; at < starts[j + 1]; at++) {
      sums[j] += weights[survivors[at]] * below[survivors[at] - j * fanIn];
    }
  }
  return sums;
}

// All positions of each map; where there is pooling, the largest of each square.
function mapSums(layer, below) {
  const { fanIn, units, span, positions, starts, survivors, weights, biases, convolution } = layer;
  const { kernel, stride, before, height, width, rows, columns } = convolution;
  const sums = new Int32Array(rows * columns), found = new Int32Array(units * positions);
  for (let j = 0; j < units; j++) {
    sums.fill(biases[j]);
    for (let at = starts[j]; at < starts[j + 1]; at++) {
      const slot = survivors[at] - j * fanIn, weight = weights[survivors[at]], place = slot % span;
      const map = ((slot - place) / span) * height * width;
      const down = Math.floor(place / kernel) - before, right = (place % kernel) - before;
      for (let r = 0; r < rows; r++) {
        const y = r * stride + down;
        if (y < 0 || y >= height) continue; // zeros stand around a map
        for (let c = 0, x = right; c < columns && x < width; c++, x += stride) {
          if (x >= 0) sums[r * columns + c] += weight * below[map + y * width + x];
        }
      }
    }
    found.set(pooled(convolution, sums), j * positions);
  }
  return found;
}

function pooled({ pool, rows, columns }, sums) {
  if (pool === 1) return sums;
  const width = columns / 2;
  return Int32Array.from({ length: (rows / 2) * width }, (_, at) => {
    const first = Math.floor(at / width) * 2 * columns + (at % width) * 2, under = first + columns;
    return Math.max(sums[first], sums[first + 1], sums[under], sums[under + 1]);
  });
}

// The units that a weight of a layer leads from and to.
const sourceOf = ({ fanIn, span }, n) => Math.floor((n % fanIn) / span);
const targetOf = ({ fanIn }, n) => Math.floor(n / fanIn);

// The features of a row of columns: what is 0 in the end has the offset of its scaling.
function featuresOf({ column, code, isNumber, isMissing }, offset, row) {
  return column.map((place, i) => {
    const cell = row[place];
    if (isNumber[i] && cell !== null) return cell;
    if (cell === null ? isMissing[i] : cell === code[i]) return 1;
    return offset[offset.length > 1 ? i : 0];
  });
}

// The index of the largest, the first of equal ones.
function winner(outputs) {
  return outputs.indexOf(outputs.reduce((a, b) => Math.max(a, b)));
}
