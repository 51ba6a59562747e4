// The picture of a network: every connection faint, those that stay bright, and what a row lights up. A map
// is a small image; connections lead from the place of a value in it, or from a place of the kernel in its
// middle.
"use strict";

const MOST_FAINT = 9000; // lines of scratched-off connections that are drawn; of more, every nth

const MOST_LABELS = 30, LONGEST_LABEL = 16;
const FONT = "600 13px system-ui, sans-serif";
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

class Picture {
  // changed() is called after a connection was scratched off or back; told(text) to say something.
  constructor(canvas, network, side, labels, { changed, told }) {
    Object.assign(this, { canvas, network, side, labels, changed, told });
    this.values = null; // of the row that is shown
    this.selected = null; // { layer, unit } of units: 0 are the inputs
    this.coin = false;
    this.undone = [];
    this.order = this.arrange();
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.lift(event));
    }
  }

  // The place of each unit among its layer: by the mean place of what it feeds, so that few lines cross.
  arrange() {
    const { counts, layers } = this.network;
    const places = counts.map((size) => Float64Array.from({ length: size }, (_, i) => (i + 0.5) / size));
    for (let l = counts.length - 2; l > 0; l--) {
      const layer = layers[l], units = counts[l];
      const sum = new Float64Array(units), count = new Float64Array(units);
      for (const n of layer.survivors) {
        sum[sourceOf(layer, n)] += places[l + 1][targetOf(layer, n)];
        count[sourceOf(layer, n)]++;
      }
      const live = Array.from(sum.keys()).filter((unit) => count[unit]);
      live.sort((a, b) => sum[a] / count[a] - sum[b] / count[b] || a - b);
      places[l].fill(-1); // those that feed nothing stand between the others
      const taken = new Set(live.map((unit, rank) => {
        const slot = Math.floor(((rank + 0.5) * units) / live.length);
        places[l][unit] = (slot + 0.5) / units;
        return slot;
      }));
      let slot = 0;
      places[l].forEach((place, unit) => {
        if (place >= 0) return;
        while (taken.has(slot)) slot++;
        places[l][unit] = (slot++ + 0.5) / units;
      });
    }
    return places;
  }

  resize() {
    const { canvas } = this, box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    this.width = box.width;
    this.height = box.height;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    this.colours = Object.fromEntries(
      ["ink", "faint", "plus", "minus", "card"].map((name) =>
        [name, getComputedStyle(canvas).getPropertyValue(`--${name}`).trim()]));
    this.settle();
    this.faint = this.drawFaint(ratio);
    this.draw();
  }

  // The coordinates of every unit. Layers stand side by side, on a narrow screen one below another.
  settle() {
    const { counts } = this.network, last = counts.length - 1;
    const upright = this.width < 560, edge = 14;
    const along = upright ? this.height : this.width, across = upright ? this.width : this.height;
    const grid = this.side ? Math.min(across - 2 * edge, along * (upright ? 0.36 : 0.4)) : 0;
    const tail = upright ? 26 : 28 + this.widest(); // for labels
    const start = this.side ? edge + grid : edge + 4, end = along - tail;
    this.radius = [];
    this.spots = counts.map((size, l) => {
      const step = (across - 2 * edge) / size;
      const most = l === last ? 9 : !this.mapOf(l) ? 7 : l || !grid ? 24 : grid / 2;
      this.radius.push(Math.max(size > 40 ? 2.6 : 1, Math.min(most, step * (this.mapOf(l) ? 0.48 : 0.42))));
      const at = l === 0 ? (this.mapOf(0) ? edge + this.radius[0] : start) : start + ((end - start) * l) / last;
      const zigzag = size > 40 && l > 0 && l < last ? Math.min(18, (end - start) / (3 * last)) : 0;
      return Array.from({ length: size }, (_, unit) => {
        const slot = Math.floor(this.order[l][unit] * size);
        const a = at + zigzag * ((slot % 3) - 1), b = edge + this.order[l][unit] * (across - 2 * edge);
        return upright ? [b, a] : [a, b];
      });
    });
    this.upright = upright;
    if (this.side && !this.mapOf(0)) {
      const cell = grid / this.side, from = (across - grid) / 2;
      this.cell = cell;
      this.radius[0] = Math.max(1, cell * 0.34);
      this.spots[0] = Array.from({ length: counts[0] }, (_, i) => {
        const column = (i % this.side) + 0.5, row = Math.floor(i / this.side) + 0.5;
        return upright ? [from + column * cell, edge + row * cell] : [edge + column * cell, from + row * cell];
      });
    }
  }

  // The width of the widest label, or as much of it as is shown.
  widest() {
    const pen = this.canvas.getContext("2d");
    pen.font = FONT;
    if (this.labels.length > MOST_LABELS) return 0;
    return Math.max(...this.labels.map((label) => pen.measureText(cut(label, LONGEST_LABEL)).width));
  }

  drawFaint(ratio) {
    const layer = document.createElement("canvas");
    layer.width = this.canvas.width;
    layer.height = this.canvas.height;
    const pen = layer.getContext("2d");
    pen.scale(ratio, ratio);
    pen.strokeStyle = this.colours.faint;
    pen.lineWidth = 0.5;
    const total = this.network.layers.reduce((sum, one) => sum + one.kept.length, 0);
    const every = Math.ceil(total / MOST_FAINT);
    pen.beginPath();
    this.network.layers.forEach(({ kept }, l) => {
      for (let n = 0; n < kept.length; n += every) {
        const [from, to] = this.ends(l, n);
        pen.moveTo(...from);
        pen.lineTo(...to);
      }
    });
    pen.globalAlpha = Math.max(0.035, Math.min(0.16, 160 / Math.min(total, MOST_FAINT)));
    pen.stroke();
    return layer;
  }

  draw() {
    if (!this.faint) return;
    const pen = this.canvas.getContext("2d"), ratio = this.canvas.width / this.width;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.faint, 0, 0);
    pen.scale(ratio, ratio);
    this.network.layers.forEach((layer, l) => this.drawLines(pen, layer, l));
    if (this.selected) this.drawSelected(pen);
    pen.globalAlpha = 1;
    if (this.side && !this.mapOf(0)) { // no line shows between pixels
      const [[x, y]] = this.spots[0], size = this.cell * this.side;
      pen.fillStyle = this.colours.card;
      pen.fillRect(x - this.cell / 2, y - this.cell / 2, size, size);
    }
    this.spots.forEach((spots, l) => (this.mapOf(l) ? this.drawMaps : this.drawUnits).call(this, pen, spots, l));
    this.drawLabels(pen);
  }

  drawLines(pen, { fanIn, survivors, weights, span, convolution }, l) {
    let below = this.values && this.values[l];
    if (below && convolution) below = spread(below, fanIn / span, span);
    const strength = Float64Array.from(survivors, (n) =>
      Math.abs(weights[n]) * (below ? Math.abs(below[n % fanIn]) : 1));
    const most = Math.max(1, strength.reduce((a, b) => Math.max(a, b), 0));
    const crowd = Math.min(1, 30 / Math.sqrt(survivors.length + 1));
    survivors.forEach((n, at) => {
      const share = strength[at] / most, [from, to] = this.ends(l, n);
      const sign = weights[n] * (below ? Math.sign(below[n % fanIn]) : 1);
      pen.strokeStyle = sign > 0 ? this.colours.plus : sign < 0 ? this.colours.minus : this.colours.ink;
      pen.globalAlpha = below ? 0.07 + 0.93 * share ** 2.2 : (0.25 + 0.4 * share) * crowd;
      if (this.selected) pen.globalAlpha *= 0.15;
      pen.lineWidth = below ? 0.5 + 2.2 * share : 0.9;
      pen.beginPath();
      pen.moveTo(...from);
      pen.lineTo(...to);
      pen.stroke();
    });
  }

  // All connections of the selected unit: those that stay as lines, those scratched off as dashes.
  drawSelected(pen) {
    for (const [l, n] of this.connections(this.selected)) {
      const { kept, weights } = this.network.layers[l], [from, to] = this.ends(l, n);
      pen.strokeStyle = kept[n] ? (weights[n] < 0 ? this.colours.minus : this.colours.plus) : this.colours.ink;
      pen.globalAlpha = kept[n] ? 1 : 0.28;
      pen.lineWidth = kept[n] ? 2 : 0.8;
      pen.setLineDash(kept[n] ? [] : [2, 4]);
      pen.beginPath();
      pen.moveTo(...from);
      pen.lineTo(...to);
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  drawUnits(pen, spots, l) {
    const values = this.values && this.values[l], last = l === this.spots.length - 1;
    const limit = values ? values.reduce((most, value) => Math.max(most, Math.abs(value)), 1) : 1;
    const fed = this.fed(l), best = last && values ? winner(values) : -1;
    spots.forEach(([x, y], unit) => {
      const share = values ? Math.abs(values[unit]) / limit : 0.5;
      const chosen = this.selected && this.selected.layer === l && this.selected.unit === unit;
      pen.beginPath();
      if (l === 0 && this.side) {
        const size = this.cell * 0.9;
        pen.rect(x - size / 2, y - size / 2, size, size);
      } else {
        pen.arc(x, y, this.radius[l] * (fed[unit] ? 1 : 0.5), 0, 2 * Math.PI);
      }
      pen.globalAlpha = 1;
      pen.fillStyle = this.colours.card;
      pen.fill();
      const level = l === 0 && values ? (values[unit] / limit + 1) / 2 : share;
      pen.globalAlpha = l === 0 ? 0.12 + 0.88 * level : fed[unit] ? 0.3 + 0.7 * level : 0.15;
      pen.fillStyle = best === unit ? this.colours.plus : this.colours.ink;
      if (last) pen.globalAlpha = best === unit ? 1 : 0.25;
      pen.fill();
      if (chosen) {
        pen.globalAlpha = 1;
        pen.strokeStyle = this.colours.plus;
        pen.lineWidth = 2.5;
        pen.stroke();
      }
    });
  }

  // Maps as images, from paper to ink; those that feed nothing are faint.
  drawMaps(pen, spots, l) {
    const values = this.values && this.values[l], { width, height } = this.mapOf(l), size = width * height;
    const limit = values ? values.reduce((most, value) => Math.max(most, Math.abs(value)), 1) : 1;
    const fed = this.fed(l), cell = this.cellOf(l);
    spots.forEach(([x, y], unit) => {
      const left = x - (width * cell) / 2, top = y - (height * cell) / 2;
      pen.globalAlpha = 1;
      pen.fillStyle = this.colours.card;
      pen.fillRect(left, top, width * cell, height * cell);
      pen.fillStyle = this.colours.ink;
      pen.globalAlpha = fed[unit] ? 0.12 : 0.04;
      pen.fillRect(left, top, width * cell, height * cell);
      for (let i = 0; values && i < size; i++) {
        const level = values[unit * size + i] / limit, share = l === 0 ? (level + 1) / 2 : Math.abs(level);
        if (!share) continue;
        pen.globalAlpha = (fed[unit] ? 0.9 : 0.2) * share;
        pen.fillRect(left + (i % width) * cell, top + Math.floor(i / width) * cell, cell + 0.2, cell + 0.2);
      }
      if (this.selected && this.selected.layer === l && this.selected.unit === unit) {
        pen.globalAlpha = 1;
        pen.strokeStyle = this.colours.plus;
        pen.lineWidth = 2.5;
        pen.strokeRect(left, top, width * cell, height * cell);
      }
    });
  }

  // Rows and columns of the maps of a layer, 0 for the inputs; null where units have one value.
  mapOf(l) {
    const { convolutions } = this.network.facts, of = convolutions && convolutions[Math.max(0, l - 1)];
    if (!of) return null;
    const height = l ? of.rows / of.pool : of.height, width = l ? of.columns / of.pool : of.width;
    return height * width > 1 ? { height, width } : null;
  }

  cellOf(l) { // the side of a value in the image of a map
    const { width, height } = this.mapOf(l);
    return (2 * this.radius[l]) / Math.max(width, height);
  }

  // Which units of a layer feed something; all of the inputs and of the outputs.
  fed(l) {
    const { counts, layers } = this.network, found = new Uint8Array(counts[l]);
    if (l === 0 || l === counts.length - 1) return found.fill(1);
    for (const n of layers[l].survivors) found[sourceOf(layers[l], n)] = 1;
    return found;
  }

  drawLabels(pen) {
    const spots = this.spots.at(-1), best = this.values ? winner(this.values.at(-1)) : -1;
    if (spots.length > MOST_LABELS) return;
    pen.font = FONT;
    pen.fillStyle = this.colours.ink;
    const room = this.upright ? Math.max(1, Math.floor(this.width / spots.length / 8)) : LONGEST_LABEL;
    spots.forEach(([x, y], unit) => {
      const text = cut(this.labels[unit], room);
      pen.globalAlpha = best === unit || best < 0 ? 1 : 0.5;
      pen.textAlign = this.upright ? "center" : "left";
      pen.textBaseline = "middle";
      pen.fillText(text, this.upright ? x : x + 14, this.upright ? y + 18 : y);
    });
  }

  // ---- scratching ----

  // The connections of a unit as [layer, weight].
  connections({ layer, unit }) {
    const found = [], { layers } = this.network;
    if (layer > 0) {
      const { fanIn } = layers[layer - 1];
      for (let i = 0; i < fanIn; i++) found.push([layer - 1, unit * fanIn + i]);
    }
    if (layer < layers.length) {
      const { fanIn, units, span } = layers[layer];
      for (let j = 0; j < units; j++) {
        for (let i = 0; i < span; i++) found.push([layer, j * fanIn + unit * span + i]);
      }
    }
    return found;
  }

  ends(l, n) {
    const layer = this.network.layers[l], { span, convolution } = layer, map = this.mapOf(l);
    const from = this.spots[l][sourceOf(layer, n)], to = this.spots[l + 1][targetOf(layer, n)];
    if (!map) return [from, to];
    const place = (n % layer.fanIn) % span, width = convolution ? convolution.kernel : map.width;
    const height = convolution ? convolution.kernel : map.height, cell = this.cellOf(l);
    const x = (place % width) - (width - 1) / 2, y = Math.floor(place / width) - (height - 1) / 2;
    return [[from[0] + x * cell, from[1] + y * cell], to];
  }

  spotOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    this.from = this.spotOf(event);
    this.stroke = this.coin ? [] : null;
    if (this.coin) this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.from || !this.stroke) return;
    const to = this.spotOf(event), crossed = [];
    this.network.layers.forEach(({ survivors }, l) => {
      for (const n of survivors) if (crosses(this.from, to, ...this.ends(l, n))) crossed.push([l, n]);
    });
    this.from = to;
    if (crossed.length) this.flip(crossed, true);
  }

  lift(event) {
    const from = this.from, was = this.stroke;
    this.from = this.stroke = null;
    if (!from || was || event.type === "pointercancel") return;
    const [x, y] = this.spotOf(event);
    if (Math.hypot(x - from[0], y - from[1]) < 9) this.tap([x, y]);
  }

  // Selects the unit at a place; or scratches off, or back, the connection there.
  tap(spot) {
    const unit = this.unitAt(spot);
    if (unit) {
      const same = this.selected && this.selected.layer === unit.layer && this.selected.unit === unit.unit;
      this.selected = same ? null : unit;
      this.told(this.selected ? this.describe(unit) : "");
      this.draw();
      return;
    }
    const near = this.lineAt(spot);
    if (near) {
      this.flip([near]);
    } else {
      this.selected = null;
      this.told("");
      this.draw();
    }
  }

  unitAt([x, y]) {
    let best = null, least = Infinity;
    this.spots.forEach((spots, layer) => {
      const reach = Math.max(7, this.radius[layer] + 3);
      spots.forEach(([a, b], unit) => {
        const far = Math.hypot(a - x, b - y);
        if (far < reach && far < least) [best, least] = [{ layer, unit }, far];
      });
    });
    return best;
  }

  // The nearest connection: of the selected unit any, else one that stays.
  lineAt(spot) {
    const listed = this.selected
      ? this.connections(this.selected)
      : this.network.layers.flatMap(({ survivors }, l) => Array.from(survivors, (n) => [l, n]));
    let best = null, least = 9;
    for (const [l, n] of listed) {
      const far = distance(spot, ...this.ends(l, n));
      if (far < least) [best, least] = [[l, n], far];
    }
    return best;
  }

  flip(connections, joined = false) {
    for (const [l, n] of connections) this.network.layers[l].kept[n] ^= 1;
    this.network.list();
    if (joined && this.stroke && this.stroke.length) this.stroke.push(...connections);
    else {
      const made = [...connections];
      this.undone.push(made);
      if (this.stroke) this.stroke = made;
    }
    const [l, n] = connections.at(-1), layer = this.network.layers[l], { kept } = layer;
    const what = connections.length > 1 ? `${connections.length} connections` : "A connection";
    const where = connections.length > 1 ? "" : ` from ${this.nameOf(l, sourceOf(layer, n))} to ${this.nameOf(l + 1, targetOf(layer, n))}`;
    this.told(`${what}${where} ${kept[n] ? "put back" : "scratched off"}.`);
    this.changed();
  }

  undo() {
    const last = this.undone.pop();
    if (!last) return;
    for (const [l, n] of last) this.network.layers[l].kept[n] ^= 1;
    this.network.list();
    this.told("");
    this.changed();
  }

  restore() {
    this.network.restore();
    this.undone = [];
    this.selected = null;
    this.told("");
    this.changed();
  }

  nameOf(layer, unit) {
    const { table, sizes } = this.network.facts, names = table ? table.inputs : this.network.facts.names;
    if (layer === sizes.length - 1) return this.labels[unit];
    if (this.mapOf(layer)) return layer ? `map ${unit + 1}` : `input map ${unit + 1}`;
    if (layer === 0) return names ? names[unit] : `input ${unit + 1}`;
    return `unit ${unit + 1}`;
  }

  describe({ layer, unit }) {
    const all = this.connections({ layer, unit });
    const stay = all.filter(([l, n]) => this.network.layers[l].kept[n]).length;
    const map = this.mapOf(layer), size = map ? map.width * map.height : 1;
    const values = this.values && this.values[layer].subarray(unit * size, (unit + 1) * size);
    const what = map ? "largest value" : "value";
    const value = values ? ` Its ${what} now: ${values.reduce((a, b) => Math.max(a, b)).toLocaleString("en")}.` : "";
    return `${this.nameOf(layer, unit)}: ${stay} of ${all.length} connections stay.${value} Tap one to scratch it off, or a dashed one to put it back.`;
  }
}

// What each place of a kernel reads of a map: the mean of its values.
function spread(values, maps, span) {
  const size = values.length / maps, means = new Float64Array(maps);
  values.forEach((value, i) => (means[Math.floor(i / size)] += Math.abs(value) / size));
  return Float64Array.from({ length: maps * span }, (_, i) => means[Math.floor(i / span)]);
}

// How far a point is from a line between two others.
function distance([x, y], [ax, ay], [bx, by]) {
  const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy || 1;
  const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

// Whether the lines a-b and c-d cross.
function crosses(a, b, c, d) {
  const side = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}
