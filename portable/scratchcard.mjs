// scratchcard.mjs: loads a ticket file and predicts, in a browser or in Node. An ES module, this
// file alone. docs/ticket-format.md specifies the file and the arithmetic; the outputs are the very
// integers of the Python library.
//
//     import { Ticket } from "./scratchcard.mjs";
//     const ticket = Ticket.fromBytes(new Uint8Array(await response.arrayBuffer()));
//     ticket.predict(row); // the label of one row, an array of ticket.nColumns cells
//
// Cells are numbers. A ticket may know the columns of a table, which ticket.columns describes: then
// the cell of a category is text (or a number or a boolean, whose text is taken as Python has it), and
// null, undefined or NaN stands for a missing cell. Where ticket.isNamed, a row may also be an object
// of cells by the names of columns.
//
// Where a ticket answers with numbers, predict gives the number, or an array of several: the very
// bits of the Python library. A row of maps, such as an image, has all values of the first map first,
// row by row.

export class TicketError extends Error {
  name = "TicketError";
}

const UNIFORM = 0, SIGNED_CONSTANT = 1;
const RELU = 0;
const COUNTED = 0, INTEGERS = 1, TEXT = 2, NUMBERS = 3, BOOLEANS = 4;

const FAMILIES = [
  { name: "uniform", one: 127, max: 127, meanSquare: 5419 },
  { name: "signed_constant", one: 1, max: 1, meanSquare: 1 },
  { name: "kaiming_normal", one: 32, max: 127, meanSquare: 1014 },
];
const ACTIVATIONS = ["relu", "step", "sign"];
const ANSWERS_CLASSES = 0, ANSWERS_NUMBERS = 1;
const MOST_COLUMNS = 2 ** 16, MOST_INPUTS = 2 ** 18, MOST_TEXT = 2 ** 16;
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LOSSES = ["squared_error", "absolute_error", "quantile", "poisson"];

// ---- the weight function ----

// Of the 64-bit product of two 32-bit words. Math.imul and | 0 keep to 32 bits, which is fast; each
// sum below is less than 2**32, so that >>> finds its bits.
function highWord(a, b) {
  const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const cross = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (cross >>> 16)) | 0;
}

// Philox2x32-10: the two output words of a counter of two words and a key of one.
export function philox2x32(counter0, counter1, key) {
  for (let round = 0; round < 10; round++) {
    const high = highWord(counter0, 0xd256d193);
    const low = Math.imul(counter0, 0xd256d193);
    counter0 = high ^ key ^ counter1;
    counter1 = low;
    key = (key + 0x9e3779b9) | 0;
  }
  return [counter0 >>> 0, counter1 >>> 0];
}

const uniform = (word) => highWord(word, 255) - 127; // the high word is 0 to 254

// The weight number index = j * fanIn + i of a layer, from its unit i to its unit j.
export function weight(family, seed, layer, index) {
  const [x0, x1] = philox2x32(index, 2 * layer, seed);
  if (family === UNIFORM) return uniform(x0);
  if (family === SIGNED_CONSTANT) return x0 >>> 31 ? -1 : 1;
  let sum = -1020; // kaiming_normal: eight bytes, centred
  for (let by = 0; by < 32; by += 8) sum += ((x0 >>> by) & 255) + ((x1 >>> by) & 255);
  return Math.max(-127, Math.min(127, (sum * 39 + 128) >> 8));
}

// The bias of unit j of a layer, in 1/128 of the layer's unit.
export function bias(zero, seed, layer, j) {
  return zero ? 0 : uniform(philox2x32(j, 2 * layer + 1, seed)[0]);
}

// ---- reading bytes ----

const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = (byte >>> 1) ^ (byte & 1 ? 0xedb88320 : 0);
  return byte;
});

function crc32(bytes) {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_OF_BYTE[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

class Reader {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  get left() {
    return this.bytes.length - this.at;
  }

  take(count, what) { // returns where they start
    if (count > this.left) throw new TicketError(`the file ends inside ${what}`);
    this.at += count;
    return this.at - count;
  }

  byte(what) {
    return this.bytes[this.take(1, what)];
  }

  big(what) { // any varint, as a BigInt
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte(what);
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) {
        if ((i && !byte) || value >> 64n) break;
        return value;
      }
    }
    throw new TicketError(`${what} is not written as it should be`);
  }

  varint(what, low, high) {
    const value = Number(this.big(what)); // exact wherever it is in range: high is below 2**53
    if (!(value >= low && value <= high)) {
      throw new TicketError(`${what} must be ${low}..${high}, the file says ${value}`);
    }
    return value;
  }

  float(what, size = 4) {
    const at = this.take(size, what);
    const value = size === 4 ? this.view.getFloat32(at, true) : this.view.getFloat64(at, true);
    if (!Number.isFinite(value) || Object.is(value, -0)) {
      throw new TicketError(`${what} must be finite and not -0, the file says ${value}`);
    }
    return value;
  }

  floats(count, what, size = 4) {
    if (size * count > this.left) throw new TicketError(`the file ends inside ${what}`);
    const kind = size === 4 ? Float32Array : Float64Array;
    return kind.from({ length: count }, () => this.float(what, size));
  }
}

// Reads text of this many bytes.
function readText(reader, length, what) {
  const start = reader.take(length, what);
  let text;
  try {
    text = UTF_8.decode(reader.bytes.subarray(start, start + length));
  } catch {
    throw new TicketError(`${what} is not UTF-8`);
  }
  if (text.includes("\0")) throw new TicketError(`${what} holds NUL`);
  return text;
}

function readLabels(reader, count) {
  const kind = reader.byte("the kind of labels"), what = "a label", labels = [];
  if (kind > BOOLEANS) throw new TicketError(`the kind of labels must be 0..4, not ${kind}`);
  for (let i = 0; i < count; i++) {
    if (kind === COUNTED) {
      labels.push(i);
    } else if (kind === INTEGERS) {
      const big = reader.big(what), value = big & 1n ? -(big >> 1n) - 1n : big >> 1n;
      labels.push(Number.isSafeInteger(Number(value)) ? Number(value) : value); // or a BigInt
    } else if (kind === TEXT) {
      const length = reader.varint("the length of a label", 0, 2 ** 24);
      labels.push(readText(reader, length, what));
    } else if (kind === NUMBERS) {
      labels.push(reader.float(what, 8));
    } else {
      const flag = reader.byte(what);
      if (flag > 1) throw new TicketError("a boolean label must be 0 or 1");
      labels.push(flag === 1);
    }
  }
  if (new Set(labels).size !== count) throw new TicketError("a label stands there twice");
  return labels;
}

// What numbers are least for, and the line that gives each of them.
function readLines(reader, count) {
  const code = reader.byte("the loss"), loss = LOSSES[code], found = { loss };
  if (loss === undefined) throw new TicketError(`the loss must be 0..3, not ${code}`);
  if (loss === "quantile") {
    found.level = reader.float("the level of the quantile", 8);
    if (!(found.level > 0 && found.level < 1)) {
      throw new TicketError(`the level must be between 0 and 1, the file says ${found.level}`);
    }
  }
  found.offset = reader.floats(count, "the offsets", 8);
  found.scale = reader.floats(count, "the scales");
  return found;
}

// ---- columns ----

// A scale of 8 to 15 times a power of two, and the offset in steps of another.
function readPair(reader) {
  const code = reader.varint("a scale", 0, 4096), folded = code >> 3;
  const e = folded & 1 ? (folded >> 1) - 3 : -(folded >> 1) - 4;
  const steps = reader.varint("an offset", 0, 2 ** 25 - 2); // zigzag
  if (e < -100 || e > 100) throw new TicketError("the scaling of a column is out of range");
  const offset = (steps & 1 ? -(steps >> 1) - 1 : steps >> 1) * 2 ** (-e - 4);
  return [offset, ((code & 7) + 8) * 2 ** (e - 3)];
}

// The runs of columns of one kind: how many, and the code of the kind.
function readRuns(reader, nColumns, nInputs, isOfEach) {
  const runs = [];
  let inputs = 0, before = -1;
  for (let left = nColumns; left;) {
    const count = reader.varint("a run of columns", 1, left);
    // with one scaling for all there are only numbers that are never missing
    const code = reader.varint("a kind of column", 0, isOfEach ? 3 + 2 * nInputs : 1);
    if (code === before) throw new TicketError("a run of columns is written as two");
    const nValues = code >= 3 ? ((code - 3) >> 1) + 1 : 0, mayMiss = code > 0 && code % 2 === 0;
    const isNumber = code === 1 || code === 2, size = (isNumber ? 1 : nValues) + (mayMiss ? 1 : 0);
    runs.push({ count, isNumber, nValues, mayMiss, size });
    inputs += count * size;
    if (inputs > nInputs) break;
    left -= count;
    before = code;
  }
  if (inputs !== nInputs) throw new TicketError(`columns take ${nInputs} inputs, not ${inputs}`);
  return runs;
}

// The columns of a table that are read, and for each, as typed arrays, which inputs it becomes:
//   number, lacks  that of the value of a number, and of a missing cell; -1 where it is not read
//   starts, inputs where those of the values of a category start, and these
//   offset, scale  of a number with a pair of its own
function readColumns(reader, nInputs, isOfEach) {
  if (nInputs > MOST_INPUTS) throw new TicketError("columns take fewer inputs than the file says");
  const head = reader.varint("the number of columns", 2, 2 * MOST_COLUMNS + 1);
  const isNamed = head % 2 === 1, nColumns = head >> 1, columns = [];
  const runs = readRuns(reader, nColumns, nInputs, isOfEach);
  const kept = reader.take(Math.ceil(nInputs / 8), "the inputs that are read");
  const isKept = (input) => (reader.bytes[kept + (input >> 3)] >> (input & 7)) & 1;
  if (nInputs % 8 && reader.bytes[kept + (nInputs >> 3)] >> (nInputs & 7)) {
    throw new TicketError("the spare bits after the inputs that are read must be 0");
  }
  const text = (what) => readText(reader, reader.varint("a length of text", 0, MOST_TEXT), what);
  const wires = {
    number: new Int32Array(nColumns).fill(-1),
    lacks: new Int32Array(nColumns).fill(-1),
    starts: new Int32Array(nColumns),
    inputs: new Int32Array(nInputs),
    offset: new Float64Array(isOfEach ? nColumns : 0),
    scale: new Float64Array(isOfEach ? nColumns : 0),
  };
  let place = 0, input = 0, nValuesRead = 0;
  for (const { count, isNumber, nValues, mayMiss, size } of runs) {
    const kind = isNumber ? "number" : "category";
    for (const end = place + count; place < end; place++, input += size) {
      let isRead = false;
      for (let i = input; i < input + size; i++) isRead ||= isKept(i) === 1;
      if (!isRead) continue;
      const k = columns.length, values = [];
      const name = isNamed ? text("the name of a column") : null;
      if (isNumber && isKept(input)) {
        wires.number[k] = input;
        if (isOfEach) [wires.offset[k], wires.scale[k]] = readPair(reader);
      }
      wires.starts[k] = nValuesRead;
      for (let i = input; i < input + nValues; i++) {
        if (!isKept(i)) continue;
        values.push(text("a value of a column"));
        wires.inputs[nValuesRead++] = i;
      }
      if (mayMiss && isKept(input + size - 1)) wires.lacks[k] = input + size - 1;
      if (values.length > 1 && new Set(values).size !== values.length) {
        throw new TicketError("a value of a column stands there twice");
      }
      columns.push({ place, name, kind, values, missing: mayMiss });
    }
  }
  if (isNamed && new Set(columns.map(({ name }) => name)).size !== columns.length) {
    throw new TicketError("two columns have one name");
  }
  return { isNamed, nColumns, columns, wires };
}

const isMissing = (cell) => cell === null || cell === undefined || Number.isNaN(cell);

// The text of a cell that is the value of a category, as Python has it: 1 and 1.0 are "1".
export function asText(cell) {
  if (typeof cell === "string") return cell;
  const number = typeof cell === "boolean" ? Number(cell) : cell;
  if (typeof number !== "number" || !Number.isFinite(number)) {
    throw new RangeError(`row takes text and finite numbers, got ${String(cell)}`);
  }
  if (Number.isInteger(number) && Math.abs(number) < 2 ** 53) return String(number);
  const [, sign, digits, power] = /^(-?)([\d.]+)e(.+)$/.exec(number.toExponential());
  const exponent = Number(power), plain = digits.replace(".", "");
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${plain}`;
  const whole = plain.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${plain.slice(exponent + 1) || "0"}`;
}

// ---- the mask ----

// Typed arrays alone, of survivors and of units that feed something: the memory a ticket takes stays
// in proportion to its file, whatever it declares.

class Bits {
  constructor(reader) {
    this.bytes = reader.bytes;
    this.at = 8 * reader.at;
    this.end = 8 * reader.bytes.length;
  }

  gap(rice) { // the next one, coded with this Rice parameter
    let gap = 0;
    for (let found = false; !found;) {
      if (this.at === this.end) throw new TicketError("the file ends inside the mask");
      const skip = this.at & 7, left = (this.bytes[this.at >>> 3] << skip) & 255;
      const zeros = left ? Math.clz32(left) - 24 : 8 - skip;
      found = left !== 0;
      gap += zeros;
      this.at += zeros + (found ? 1 : 0);
    }
    if (rice > this.end - this.at) throw new TicketError("the file ends inside the mask");
    for (let i = 0; i < rice; i++, this.at++) {
      gap = gap * 2 + ((this.bytes[this.at >>> 3] >>> (7 - (this.at & 7))) & 1);
    }
    return gap;
  }

  close() {
    if (this.end - this.at >= 8) {
      throw new TicketError("the file has bytes too many after the mask");
    }
    if (this.at < this.end && this.bytes[this.at >>> 3] & (255 >>> (this.at & 7))) {
      throw new TicketError("the spare bits after the mask must be 0");
    }
  }
}

function readHeads(reader, layers) { // of the mask, the last layer first
  const heads = [];
  let least = 0, most = 0;
  for (let l = layers.length - 1; l >= 0; l--) {
    const n = layers[l].fanIn * layers[l].units;
    const count = reader.varint("the number of surviving weights", 0, n);
    const rice = count ? reader.byte("a Rice parameter") : 0;
    if (rice > 31) throw new TicketError(`a Rice parameter must be 0..31, not ${rice}`);
    heads.push({ l, count, rice });
    least += count * (1 + rice);
    most += n;
  }
  const bits = 8 * reader.left;
  if (bits < least || bits >= most + 8) {
    throw new TicketError(`the mask takes ${least}..${most} bits, the file has ${bits}`);
  }
  return heads;
}

// For each layer, the first layer first:
//   feeding  its units that feed something, ascending
//   starts   where the survivors into each of these start, and last how many there are
//   sources  what each survivor reads: a place among the units below that feed something, times the
//            span of the layer, and which of the weights from there it is
//   weights  of the survivors; draw(l, j * fanIn + i) gives one
function readMask(reader, shapes, draw) {
  const heads = readHeads(reader, shapes), bits = new Bits(reader), layers = [];
  let feeding = Uint32Array.from({ length: shapes.at(-1).units }, (_, j) => j);
  for (const { l, count, rice } of heads) {
    const { fanIn, span } = shapes[l], size = feeding.length * fanIn;
    const sources = fanIn <= 65536 ? new Uint16Array(count) : new Uint32Array(count);
    const weights = new Int8Array(count), starts = new Uint32Array(feeding.length + 1);
    let place = -1, row = 0;
    for (let n = 0; n < count; n++) {
      place += bits.gap(rice) + 1;
      if (place >= size) throw new TicketError("the mask keeps a weight that is not there");
      while (place >= (row + 1) * fanIn) starts[++row] = n;
      sources[n] = place - row * fanIn;
      weights[n] = draw(l, feeding[row] * fanIn + sources[n]);
    }
    starts.fill(count, row + 1);
    layers.unshift({ feeding, starts, sources, weights });
    if (l) feeding = renumber(sources, fanIn / span, span);
  }
  bits.close();
  return layers;
}

// Puts in place of the unit of each source, one of size, its place among the different ones; returns
// these. A source is a unit times the span, and more.
function renumber(sources, size, span) {
  const unitOf = span === 1 ? (source) => source : (source) => Math.floor(source / span);
  const put = (n, unit, place) => (sources[n] += (place - unit) * span);
  if (size > Math.max(65536, 8 * sources.length)) { // few: a table of all would be large
    const sorted = Uint32Array.from(sources, unitOf).sort();
    const different = sorted.filter((unit, n) => n === 0 || unit !== sorted[n - 1]);
    for (let n = 0; n < sources.length; n++) {
      put(n, unitOf(sources[n]), placeOf(unitOf(sources[n]), different));
    }
    return different;
  }
  const places = new Uint32Array(size);
  for (let n = 0; n < sources.length; n++) places[unitOf(sources[n])] = 1;
  let found = 0;
  for (let unit = 0; unit < size; unit++) found += places[unit];
  const different = new Uint32Array(found);
  for (let unit = 0, place = 0; unit < size; unit++) {
    if (!places[unit]) continue;
    different[place] = unit;
    places[unit] = place++;
  }
  for (let n = 0; n < sources.length; n++) put(n, unitOf(sources[n]), places[unitOf(sources[n])]);
  return different;
}

function placeOf(value, ascending) {
  let low = 0, high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// ---- layers ----

// What a convolution does on maps: kernel, stride, zeros before a map, pooling, and the rows and columns of
// its sums, without those that no square of a pooling holds.
function readConvolution(reader, allowed, { dimensions, height, width }) {
  const units = reader.varint("the maps of a layer", 1, allowed);
  const kernel = reader.varint("the size of a kernel", 1, 255);
  const stride = reader.varint("the stride of a kernel", 1, 255);
  const flags = reader.byte("the flags of a convolution");
  if (flags > 3) throw new TicketError(`the flags of a convolution must be 0..3, not ${flags}`);
  if (dimensions !== 3 || kernel > Math.min(height, width)) {
    throw new TicketError(`a convolution with a kernel of ${kernel} stands on what it does not fit`);
  }
  const isValid = (flags & 1) === 1, before = isValid ? 0 : (kernel - 1) >> 1, pool = 1 + (flags >> 1);
  const places = (size) => Math.floor((size - (isValid ? kernel : 1)) / stride) + 1;
  const rows = places(height) - (places(height) % pool);
  const columns = places(width) - (places(width) % pool);
  if (!rows || !columns) throw new TicketError("a convolution leaves nothing of a map");
  return { units, convolution: { kernel, stride, before, pool, height, width, rows, columns } };
}

// A layer on what has this shape, a row or a layer:
//   fanIn, units  weights into a unit, and units
//   span          weights that lead from a unit below to a unit: one for each of its values, or a kernel
//   positions     values of a unit
//   shape         of what leaves it
//   convolution   null where it is dense
function readLayer(reader, code, allowed, below) {
  let units, span = below.height * below.width, convolution = null;
  const shape = { dimensions: 1, units: 1, height: 1, width: 1 };
  if (code === 0) {
    units = reader.varint("a layer's size", 1, allowed);
  } else if (code === 1) {
    ({ units, convolution } = readConvolution(reader, allowed, below));
    span = convolution.kernel ** 2;
    shape.dimensions = 3;
    shape.height = convolution.rows / convolution.pool;
    shape.width = convolution.columns / convolution.pool;
  } else {
    throw new TicketError(`layers of code ${code} are not known here`);
  }
  shape.units = units;
  const positions = shape.height * shape.width;
  if (units * positions > allowed) {
    throw new TicketError(`the file declares ${units * positions} values in a layer`);
  }
  return { fanIn: below.units * span, units, span, positions, shape, convolution };
}

// The extents of a row's dimensions, and the layers.
function readLayers(reader, allowed, version) {
  const count = () => reader.varint("the number of layers", 1, 255);
  const nDimensions = version === 1 ? 1 : reader.varint("the dimensions", 1, 3);
  let nLayers = version === 1 ? count() : 0;
  const extents = [], layers = [];
  let size = 1; // of a row; each factor is below 2**29, so that no product is rounded
  for (let d = 0; d < nDimensions; d++) {
    extents.push(reader.varint("a dimension", 1, allowed));
    size *= extents[d];
    if (size > allowed) throw new TicketError("the file declares rows that are too large");
  }
  nLayers ||= count();
  const [units, height = 1, width = 1] = extents;
  let shape = { dimensions: nDimensions, units, height, width }, nWeights = 0;
  while (layers.length < nLayers) {
    const code = version === 1 ? 0 : reader.byte("the code of a layer");
    const layer = readLayer(reader, code, allowed, shape);
    layers.push(layer);
    shape = layer.shape;
    nWeights += layer.fanIn * layer.units; // rounded only where it is too large
  }
  if (nWeights > allowed || shape.units > 65536) {
    throw new TicketError(`the file declares too many weights (${nWeights}) or classes`);
  }
  if (layers[nLayers - 1].convolution) throw new TicketError("the last layer is a convolution");
  return { extents, layers };
}

// ---- limits, units and shifts, from shapes and families alone ----

function root(value) { // floor(sqrt(value)), value below 2**53
  let guess = Math.floor(Math.sqrt(value));
  while (guess * guess > value) guess--;
  while ((guess + 1) * (guess + 1) <= value) guess++;
  return guess;
}

const NARROW = 32767, STEPS = 16; // sums of maps that stay in 16 bits, and what that must leave

// Adds to layers what bounds and scales their values.
function derive(layers, family, activation, inputLimit) {
  const { one: unitWeight, max, meanSquare } = FAMILIES[family];
  const narrow = (fanIn) => Math.floor(NARROW / (fanIn * max + unitWeight));
  const widest = Math.max(...layers.map(({ fanIn, convolution }) => (convolution ? fanIn : 0)));
  for (const layer of layers) layer.isNarrow = layer.convolution !== null && narrow(widest) >= STEPS;
  const cap = ({ fanIn, isNarrow }) =>
    isNarrow ? narrow(fanIn) : Math.min(32767, Math.floor(2 ** 30 / (fanIn * max)));
  const usual = (limit) => (layers[0].convolution ? Math.min(2047, Math.floor(limit / 4)) : 2047);
  let limit = Math.min(inputLimit, cap(layers[0]));
  let one = limit, typical = Math.floor(limit / 2);
  layers.forEach((layer, l) => {
    if (limit < 1) throw new TicketError(`a layer of ${layer.fanIn} weights into a unit is too wide`);
    Object.assign(layer, { limit, one, unit: one * unitWeight, shift: 0 });
    const above = layers[l + 1];
    if (!above) return;
    limit = cap(above);
    if (activation === RELU) {
      typical *= Math.max(1, root(Math.floor((layer.fanIn * meanSquare) / 2)));
      while (Math.floor(typical / 2 ** layer.shift) > usual(limit)) layer.shift++;
      typical = Math.max(1, Math.floor(typical / 2 ** layer.shift));
      one = Math.max(1, Math.min(layer.unit >> layer.shift, limit));
    } else {
      one = limit = Math.min(127, limit);
      typical = Math.max(1, Math.floor(limit / 2));
    }
  });
}

// ---- sums ----

// Of a dense layer, of the units that feed something.
function denseSums({ starts, sources, weights, biases }, values) {
  const sums = biases.slice();
  for (let j = 0; j < sums.length; j++) {
    const end = starts[j + 1];
    let sum = sums[j];
    for (let n = starts[j]; n < end; n++) sum += weights[n] * values[sources[n]];
    sums[j] = sum;
  }
  return sums;
}

// Of a convolution: of each map that feeds something, all positions; where there is pooling, the largest
// of each square.
function mapSums({ starts, sources, weights, biases, span, positions, convolution }, values) {
  const { kernel, stride, before, height, width, rows, columns } = convolution;
  const found = new Int32Array(biases.length * positions), sums = new Int32Array(rows * columns);
  // of the count places of a kernel, those at which its row or column at is on the map
  const from = (at) => Math.max(0, Math.ceil((before - at) / stride));
  const to = (at, count, size) => Math.min(count, Math.floor((size - 1 + before - at) / stride) + 1);
  for (let j = 0; j < biases.length; j++) {
    sums.fill(biases[j]);
    for (let n = starts[j]; n < starts[j + 1]; n++) {
      const place = sources[n] % span, map = ((sources[n] - place) / span) * height * width;
      const row = Math.floor(place / kernel), column = place % kernel, weight = weights[n];
      const left = from(column), right = to(column, columns, width), bottom = to(row, rows, height);
      for (let r = from(row); r < bottom; r++) {
        const end = r * columns + right;
        let at = map + (r * stride + row - before) * width + left * stride + column - before;
        for (let s = r * columns + left; s < end; s++, at += stride) sums[s] += weight * values[at];
      }
    }
    pooled(convolution, sums, found.subarray(j * positions, (j + 1) * positions));
  }
  return found;
}

function pooled({ pool, columns }, sums, found) {
  if (pool === 1) {
    found.set(sums);
    return;
  }
  const width = columns / 2;
  for (let at = 0; at < found.length; at++) {
    const first = Math.floor(at / width) * 2 * columns + (at % width) * 2, below = first + columns;
    found[at] = Math.max(sums[first], sums[first + 1], sums[below], sums[below + 1]);
  }
}

// ---- numbers ----

// e**x as a fixed sequence of operations, since Math.exp differs from one machine to the next.
function exponential(x) {
  const t = Math.max(-700, Math.min(700, x));
  const whole = Math.floor(t * 1.442695040888963387 + 0.5);
  const rest = t - whole * 6.93147180369123816490e-1 - whole * 1.90821492927058770002e-10;
  let factorial = 6227020800; // 13!
  let total = 1 / factorial;
  for (let n = 13; n > 2; n--) {
    factorial /= n;
    total = total * rest + 1 / factorial;
  }
  total = (total * rest + 1) * rest + 1;
  const power = new DataView(new ArrayBuffer(8));
  power.setUint32(0, (whole + 1023) << 20);
  return total * power.getFloat64(0);
}

// ---- the ticket ----

export class Ticket {
  // bytes: a Uint8Array that holds a ticket file. Throws TicketError for whatever is not a ticket.
  static fromBytes(bytes) {
    const magic = [83, 67, 82, 84]; // SCRT
    if (!magic.every((byte, i) => bytes[i] === byte)) {
      throw new TicketError("this is not a ticket: it does not start with SCRT");
    }
    if (bytes.length < 27 || bytes.length > 2 ** 26) {
      throw new TicketError(`no ticket has ${bytes.length} bytes`);
    }
    const version = bytes[4];
    if (version !== 1 && version !== 2) {
      throw new TicketError(`format version ${version} is not known here`);
    }
    const body = bytes.subarray(0, bytes.length - 4);
    const tail = new DataView(bytes.buffer, bytes.byteOffset + body.length, 4);
    if (crc32(body) !== tail.getUint32(0, true)) {
      throw new TicketError("the checksum is wrong: the file is damaged or cut short");
    }
    const allowed = Math.min(2 ** 28, 2 ** 22 + 4096 * bytes.length);
    return new Ticket(new Reader(body, 5), allowed, version);
  }

  constructor(reader, allowed, version) { // use fromBytes
    const codes = reader.byte("the families");
    const family = codes & 3, activation = (codes >> 3) & 3;
    const hasColumns = codes >> 7 === 1, isOfEach = (codes & 64) !== 0;
    if (family > 2 || activation > 2 || (hasColumns && version === 1)) {
      throw new TicketError(`there are no families of code ${codes}`);
    }
    const { extents, layers } = readLayers(reader, allowed, version);
    const nInputs = extents.reduce((a, b) => a * b), nOutputs = layers.at(-1).units;
    this.shape = extents; // of a row
    this.sizes = [nInputs, ...layers.map((layer) => layer.units)];
    this.layers = layers;
    this.seed = reader.varint("the seed", 0, 2 ** 32 - 1);
    this.weights = FAMILIES[family].name;
    this.biases = codes & 4 ? "zero" : "uniform";
    this.activation = ACTIVATIONS[activation];
    derive(layers, family, activation, codes & 32 ? 32767 : 127);
    const areShort = hasColumns && isOfEach; // the pairs, which come with their columns
    const pairs = areShort ? 0 : isOfEach ? nInputs : 1;
    if (isOfEach && nInputs === 1) throw new TicketError("one feature has no scaling per feature");
    this.offset = reader.floats(pairs, "the input scaling");
    this.scale = reader.floats(pairs, "the input scaling");
    if (this.scale.some((value) => value < 0)) throw new TicketError("a scale is below 0");
    this.nColumns = nInputs; // of a row
    this.isNamed = false;
    this.columns = null; // those that are read; null where a row is plain features
    if (hasColumns) {
      if (extents.length > 1) throw new TicketError("rows of columns have one dimension");
      Object.assign(this, readColumns(reader, nInputs, isOfEach));
    }
    const head = version === 1 ? ANSWERS_CLASSES : reader.byte("the code of the head");
    if (head === ANSWERS_NUMBERS) {
      this.classes = []; // no labels
      this.numbers = readLines(reader, nOutputs);
    } else if (head === ANSWERS_CLASSES && (version === 1 || extents.length > 1 || hasColumns)) {
      this.temperature = reader.float("the temperature");
      if (!(this.temperature > 0)) throw new TicketError("the temperature is not above 0");
      this.classes = readLabels(reader, nOutputs);
    } else {
      throw new TicketError("a head that is not known here, or a file that version 1 could say");
    }
    const draw = (l, index) => weight(family, this.seed, l, index);
    readMask(reader, layers, draw).forEach(({ feeding, ...survivors }, l) => {
      const layer = Object.assign(this.layers[l], survivors);
      layer.biases = new Int32Array(feeding.length);
      for (let n = 0; n < feeding.length; n++) {
        layer.biases[n] = (bias(codes & 4, this.seed, l, feeding[n]) * layer.unit) >> 7;
      }
    });
  }

  // The integers that stand for a row: an array of nColumns cells, or an object of them by name.
  quantise(row) {
    if (this.columns) return this.quantiseColumns(row);
    const values = new Int16Array(this.sizes[0]);
    if (row.length !== values.length) {
      throw new RangeError(`row takes ${values.length} features, got ${row.length}`);
    }
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(row[i])) throw new RangeError(`row takes finite numbers, got ${row[i]}`);
      const pair = this.offset.length > 1 ? i : 0;
      values[i] = this.scaled(row[i], this.offset[pair], this.scale[pair]);
    }
    return values;
  }

  scaled(number, offset, scale) {
    const { limit } = this.layers[0];
    const value = Math.floor((number - offset) * scale * limit + 0.5);
    return Math.max(-limit, Math.min(limit, value));
  }

  quantiseColumns(row) {
    const { limit } = this.layers[0], values = new Int16Array(this.sizes[0]);
    const isArray = Array.isArray(row) || ArrayBuffer.isView(row);
    if (isArray ? row.length !== this.nColumns : !this.isNamed || row === null || typeof row !== "object") {
      const byName = this.isNamed ? ", or an object of them by name" : "";
      const got = isArray ? row.length : typeof row;
      throw new RangeError(`row takes an array of ${this.nColumns} cells${byName}, got ${got}`);
    }
    const { number, lacks, starts, inputs, offset, scale } = this.wires;
    this.columns.forEach(({ place, name, kind, values: known, missing }, k) => {
      const where = `column ${name ?? place}`;
      if (!isArray && !Object.hasOwn(row, name)) throw new RangeError(`row lacks ${where}`);
      const cell = row[isArray ? place : name];
      if (isMissing(cell)) {
        if (kind === "number" && !missing) {
          throw new RangeError(`${where} takes a number in every row, got ${cell}`);
        }
        if (lacks[k] >= 0) values[lacks[k]] = limit;
      } else if (kind === "category") {
        const code = known.indexOf(asText(cell));
        if (code >= 0) values[inputs[starts[k] + code]] = limit;
      } else {
        const value = typeof cell === "boolean" ? Number(cell) : cell;
        if (!Number.isFinite(value)) {
          throw new RangeError(`${where} takes finite numbers, got ${String(cell)}`);
        }
        if (number[k] < 0) return;
        values[number[k]] = offset.length
          ? this.scaled(value, offset[k], scale[k])
          : this.scaled(value, this.offset[0], this.scale[0]);
      }
    });
    return values;
  }

  // The sums of the last layer, one integer for each class or number.
  outputs(row) {
    let values = this.quantise(row);
    for (let l = 0; ; l++) {
      const { shift, convolution } = this.layers[l];
      const sums = (convolution ? mapSums : denseSums)(this.layers[l], values);
      if (l + 1 === this.layers.length) return sums;
      const { limit, one } = this.layers[l + 1], low = this.activation === "sign" ? -one : 0;
      const isRelu = this.activation === "relu";
      values = new Int16Array(sums.length);
      for (let j = 0; j < sums.length; j++) {
        const sum = sums[j];
        if (isRelu) values[j] = Math.min(Math.max(sum, 0) >> shift, limit);
        else values[j] = sum > 0 ? one : sum < 0 ? low : 0;
      }
    }
  }

  // The label of the largest output, the first of equal ones; or the number, or an array of them.
  predict(row) {
    const outputs = this.outputs(row);
    if (this.numbers) {
      const { loss, offset, scale } = this.numbers;
      const found = Array.from(outputs, (output, k) => offset[k] + scale[k] * output);
      const answer = loss === "poisson" ? found.map(exponential) : found;
      return answer.length === 1 ? answer[0] : answer;
    }
    return this.classes[outputs.indexOf(outputs.reduce((a, b) => Math.max(a, b)))];
  }

  // The softmax of outputs * temperature, one number for each class.
  predictProba(row) {
    if (this.numbers) throw new TypeError("a ticket that answers with numbers has no classes");
    const outputs = this.outputs(row);
    const most = outputs.reduce((a, b) => Math.max(a, b));
    const parts = Array.from(outputs, (value) => Math.exp((value - most) * this.temperature));
    const total = parts.reduce((a, b) => a + b);
    return parts.map((part) => part / total);
  }
}
