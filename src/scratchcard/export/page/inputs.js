// What a person gives a ticket: a drawing, typed numbers, or a place in the plane.
"use strict";

// The least and the greatest value of each feature that the ticket tells apart.
function rangesOf({ sizes, offset, scale }) {
  return Array.from({ length: sizes[0] }, (_, i) => {
    const pair = offset.length > 1 ? i : 0, reach = scale[pair] > 0 ? 1 / scale[pair] : 1;
    return [offset[pair] - reach, offset[pair] + reach];
  });
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// A square image to draw on. given(row) is called with the features; what is drawn is the same in all
// channels of the image, and of other images their mean is shown.
class Pad {
  constructor(place, { side, channels, ranges, given }) {
    Object.assign(this, { side, channels, ranges, given });
    this.levels = new Float64Array(side * side); // 0 to 1
    this.canvas = element("canvas", { className: "pad", width: side * 24, height: side * 24 });
    this.canvas.setAttribute("aria-label", `Draw here: an image of ${side} by ${side} pixels`);
    this.canvas.setAttribute("role", "img");
    const clear = element("button", { type: "button", textContent: "Clear" });
    clear.addEventListener("click", () => this.clear());
    place.append(this.canvas, element("div", { className: "buttons" }, clear));
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = this.spotOf(event);
      this.dab(this.last);
    });
    this.canvas.addEventListener("pointermove", (event) => this.last && this.line(this.spotOf(event)));
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, () => (this.last = null));
    }
  }

  spotOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.side, ((event.clientY - box.top) / box.height) * this.side];
  }

  line(to) {
    const [x, y] = this.last, length = Math.hypot(to[0] - x, to[1] - y);
    const steps = Math.max(1, Math.ceil(length / 0.3));
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      this.ink([x + (to[0] - x) * t, y + (to[1] - y) * t]);
    }
    this.last = to;
    this.tell();
  }

  dab(spot) {
    this.ink(spot);
    this.tell();
  }

  // A round brush with a soft edge, about a tenth of the image wide.
  ink([x, y]) {
    const radius = Math.max(0.75, this.side / 20), reach = radius + 0.6;
    for (let row = Math.max(0, Math.floor(y - reach)); row <= Math.min(this.side - 1, y + reach); row++) {
      for (let column = Math.max(0, Math.floor(x - reach)); column <= Math.min(this.side - 1, x + reach); column++) {
        const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const level = Math.max(0, Math.min(1, (reach - far) / 0.9));
        const at = row * this.side + column;
        this.levels[at] = Math.max(this.levels[at], level);
      }
    }
  }

  clear() {
    this.levels.fill(0);
    this.show();
    this.given(null);
  }

  row() {
    return this.ranges.map(([low, high], i) => low + this.levels[i % this.levels.length] * (high - low));
  }

  set(row) {
    this.levels = levelsOf(row, this.ranges, this.channels);
    this.show();
    this.given(row);
  }

  tell() {
    this.show();
    this.given(this.row());
  }

  show() {
    paint(this.canvas, this.levels, this.side);
  }
}

// The levels of an image's pixels, 0 to 1: the mean of its channels.
function levelsOf(row, ranges, channels) {
  const levels = new Float64Array(row.length / channels);
  row.forEach((x, i) => {
    const [low, high] = ranges[i];
    levels[i % levels.length] += Math.max(0, Math.min(1, (x - low) / (high - low))) / channels;
  });
  return levels;
}

// Paints levels of 0 to 1 as squares: paper to ink.
function paint(canvas, levels, side) {
  const pen = canvas.getContext("2d"), cell = canvas.width / side, style = getComputedStyle(canvas);
  pen.fillStyle = style.getPropertyValue("--paper");
  pen.globalAlpha = 1;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = style.getPropertyValue("--ink");
  levels.forEach((level, i) => {
    pen.globalAlpha = level;
    pen.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell + 0.5, cell + 0.5);
  });
}

// A field for each column that is read: a number, which may be left empty where it may be missing, or
// the values of a category. given(row) is called with numbers, places of values, and null.
class Form {
  constructor(place, { table, ranges, given }) {
    Object.assign(this, { given, nColumns: table.nColumns });
    this.fields = table.columns.map((column) => {
      const { name, kind, values, missing } = column, title = name;
      const [low, high] = ranges[table.column.findIndex((one, i) => one === column.column && table.isKept[i])];
      const field = kind === "category" ? element("select") : element("input", {
        type: "number", step: "any", value: short((low + high) / 2), placeholder: missing ? "missing" : "",
      });
      if (kind === "category") {
        const option = (text, value) => field.append(element("option", { textContent: text, value }));
        values.forEach((text, code) => option(text, String(code)));
        option(values.length ? "another value" : "any value", "-1");
        if (missing) option("missing", "");
      }
      field.setAttribute("aria-label", name);
      field.addEventListener("input", () => this.tell());
      const label = element("label", { className: "cell" }, element("span", { textContent: name, title }), field);
      return { column: column.column, name, values, missing, kind, field, label };
    });
    place.append(element("div", { className: "fields" }, ...this.fields.map(({ label }) => label)));
  }

  row() {
    const row = Array(this.nColumns).fill(null);
    let whole = true;
    for (const { column, missing, kind, field } of this.fields) {
      const isBad = field.validity.badInput; // what is typed is no number
      if (field.value !== "") row[column] = Number(field.value);
      else if (isBad || (kind === "number" && !missing)) whole = false;
    }
    return whole ? row : null;
  }

  tell() {
    this.given(this.row());
  }

  set(row) {
    for (const { column, field } of this.fields) field.value = row[column] === null ? "" : String(row[column]);
    this.given(row);
  }

  words(row) {
    return this.fields.map(({ column, name, values, kind }) => {
      const cell = row[column], text = kind === "number" ? cell : values[cell] ?? "another value";
      return `${name}: ${cell === null ? "missing" : text}`;
    }).join(", ");
  }
}

// A slider and a number for each feature.
class Sliders {
  constructor(place, { ranges, names, given }) {
    this.given = given;
    this.fields = ranges.map(([low, high], i) => {
      const name = names ? names[i] : `feature ${i + 1}`;
      const settings = { min: low, max: high, step: "any", value: (low + high) / 2 };
      const slider = element("input", { type: "range", ...settings });
      const number = element("input", { type: "number", step: "any", value: short((low + high) / 2) });
      slider.setAttribute("aria-label", `${name}, slider`);
      number.setAttribute("aria-label", name);
      slider.addEventListener("input", () => { number.value = short(Number(slider.value)); this.tell(); });
      number.addEventListener("input", () => { slider.value = number.value; this.tell(); });
      return { number, slider, name };
    });
    place.append(element("div", { className: "fields" }, ...this.fields.map(({ name, slider, number }) =>
      element("label", {}, element("span", { textContent: name, title: name }), slider, number))));
  }

  row() {
    const row = this.fields.map(({ number }) => (number.value === "" ? NaN : Number(number.value)));
    return row.every(Number.isFinite) ? row : null;
  }

  tell() {
    this.given(this.row());
  }

  set(row) {
    row.forEach((x, i) => {
      this.fields[i].slider.value = x;
      this.fields[i].number.value = String(x);
    });
    this.given(row);
  }
}

const short = (number) => String(Number(number.toPrecision(5)));

// The plane of two features, painted with the answers. picked(row) is called with a place in it.
class Plane {
  constructor(place, { ranges, names, network, picked }) {
    Object.assign(this, { ranges, network, row: null });
    this.canvas = element("canvas", { className: "plane", width: 360, height: 360 });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "The plane of both features, painted with the answers");
    const [across, up] = names || ["feature 1", "feature 2"];
    place.append(this.canvas, element("p", { className: "axes", textContent: `→ ${across}   ↑ ${up}` }));
    const pick = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const share = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
      picked(share.map((one, i) => ranges[i][0] + Math.max(0, Math.min(1, one)) * (ranges[i][1] - ranges[i][0])));
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.down = true;
      pick(event);
    });
    this.canvas.addEventListener("pointermove", (event) => this.down && pick(event));
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, () => (this.down = false));
    }
  }

  // Asks the network on a grid: once for each change of the mask.
  renew() {
    const size = 90, field = element("canvas", { width: size, height: size });
    const image = new ImageData(size, size), [[x0, x1], [y0, y1]] = this.ranges;
    for (let y = 0, at = 0; y < size; y++) {
      for (let x = 0; x < size; x++, at += 4) {
        const row = [x0 + ((x + 0.5) / size) * (x1 - x0), y1 - ((y + 0.5) / size) * (y1 - y0)];
        const outputs = this.network.outputs(row), best = winner(outputs);
        const sure = this.network.probabilities(outputs)[best];
        const [red, green, blue] = colourOf(best, outputs.length);
        image.data.set([red, green, blue, 60 + 195 * sure * sure], at);
      }
    }
    field.getContext("2d").putImageData(image, 0, 0);
    this.field = field;
    this.show();
  }

  show() {
    const pen = this.canvas.getContext("2d"), size = this.canvas.width;
    pen.clearRect(0, 0, size, size);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(this.field, 0, 0, size, size);
    if (!this.row) return;
    const [x, y] = this.row.map((one, i) => (one - this.ranges[i][0]) / (this.ranges[i][1] - this.ranges[i][0]));
    pen.beginPath();
    pen.arc(x * size, (1 - y) * size, 8, 0, 2 * Math.PI);
    pen.fillStyle = "#fff";
    pen.strokeStyle = "#111";
    pen.lineWidth = 3;
    pen.fill();
    pen.stroke();
  }
}

// A colour for each class, of equal lightness and as different as so many can be.
function colourOf(index, count) {
  if (count <= 2) return [[242, 169, 59], [46, 134, 171]][index];
  const hue = (index * 360) / count + 35, part = (n) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (0.56 - 0.32 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}
