// The page: puts inputs, answer, picture and facts together.
"use strict";

const facts = JSON.parse(document.getElementById("facts").textContent);
const network = new Network(facts);
const at = (id) => document.getElementById(id);
const most = 10; // classes whose chances are shown
let row = null;

// ---- the answer ----

function show() {
  const values = row ? network.values(row) : null;
  picture.values = values;
  picture.draw();
  if (plane) {
    plane.row = row;
    plane.show();
  }
  if (!values) {
    at("answer").textContent = "?";
    at("chances").replaceChildren();
    return;
  }
  const outputs = values.at(-1), best = winner(outputs), chances = network.probabilities(outputs);
  at("answer").textContent = facts.labels[best];
  at("answer").classList.toggle("word", facts.labels[best].length > 3);
  at("answer").classList.toggle("long", facts.labels[best].length > 9);
  const order = Array.from(chances.keys());
  if (order.length > most) order.sort((a, b) => outputs[b] - outputs[a] || a - b);
  at("chances").classList.toggle("short", facts.labels.every((label) => label.length < 4));
  at("chances").replaceChildren(...order.slice(0, most).map((index) => {
    const share = element("i");
    share.style.width = `${100 * chances[index]}%`;
    const line = element("li", {}, element("span", { textContent: facts.labels[index], title: facts.labels[index] }),
      element("b", {}, share), element("em", { textContent: `${Math.round(100 * chances[index])} %` }));
    line.classList.toggle("best", index === best);
    return line;
  }));
  reveal();
}

function give(given) {
  row = given;
  show();
}

// The foil over the answer: scratched off once, when there is an answer.
function foil() {
  const canvas = at("foil"), pen = canvas.getContext("2d"), { width, height } = canvas;
  const shine = pen.createLinearGradient(0, 0, width, height);
  ["#8d939c", "#d9dde2", "#a2a8b0", "#eceff2", "#969ca5"].forEach((colour, i) => shine.addColorStop(i / 4, colour));
  pen.fillStyle = shine;
  pen.fillRect(0, 0, width, height);
  pen.strokeStyle = "rgb(255 255 255 / 0.25)";
  for (let x = -height; x < width; x += 7) {
    pen.beginPath();
    pen.moveTo(x, height);
    pen.lineTo(x + height, 0);
    pen.stroke();
  }
  pen.fillStyle = "rgb(40 44 52 / 0.75)";
  pen.font = "700 22px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.fillText(facts.side ? "DRAW, AND WIN" : "TRY YOUR LUCK", width / 2, height / 2 + 8);
}

let revealed = false;
function reveal() {
  if (revealed) return;
  revealed = true;
  const canvas = at("foil"), pen = canvas.getContext("2d"), { width, height } = canvas;
  const strokes = 9, length = 900; // milliseconds
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    canvas.hidden = true;
    return;
  }
  pen.globalCompositeOperation = "destination-out";
  pen.lineCap = "round";
  pen.lineWidth = 34;
  const spot = (t) => {
    const part = (t * strokes) % 2;
    return [(part < 1 ? part : 2 - part) * width, t * height];
  };
  const start = performance.now();
  let done = 0;
  const scratch = () => {
    const now = Math.min(1, (performance.now() - start) / length);
    pen.beginPath();
    for (let t = done; t <= now; t += 0.004) pen.lineTo(...spot(t));
    pen.stroke();
    done = now;
    if (now < 1) requestAnimationFrame(scratch);
    else canvas.hidden = true;
  };
  scratch();
  setTimeout(() => (canvas.hidden = true), length + 200); // where nothing is animated
}

// ---- the picture ----

const picture = new Picture(at("network"), network, facts.side, facts.labels, {
  changed: () => {
    if (plane) plane.renew();
    count();
    show();
  },
  told: (text) => (at("told").textContent = text || at("told").dataset.hint),
});

function count() {
  const stay = network.count(), total = network.layers.reduce((sum, layer) => sum + layer.kept.length, 0);
  const before = network.layers.reduce((sum, layer) => sum + layer.original.reduce((a, b) => a + b, 0), 0);
  const number = (value) => value.toLocaleString("en");
  at("stay").textContent = `${number(stay)} of ${number(total)} connections stay`;
  at("undo").disabled = picture.undone.length === 0;
  at("restore").disabled = picture.undone.length === 0;
  at("changed").textContent = stay === before ? "" : ` (${number(before)} on the ticket)`;
}

at("coin").addEventListener("click", () => {
  picture.coin = !picture.coin;
  at("coin").setAttribute("aria-pressed", picture.coin);
  at("network").classList.toggle("coin", picture.coin);
});
at("undo").addEventListener("click", () => picture.undo());
at("restore").addEventListener("click", () => picture.restore());

// ---- inputs ----

const ranges = rangesOf(facts), channels = facts.convolutions ? facts.shape[0] : 1, place = at("inputs");
let plane = null, input;
if (facts.side) {
  input = new Pad(place, { side: facts.side, channels, ranges, given: give });
} else if (facts.table) {
  input = new Form(place, { table: facts.table, ranges, given: give });
} else {
  if (facts.sizes[0] === 2) {
    plane = new Plane(place, { ranges, names: facts.names, network, picked: (picked) => input.set(picked) });
  }
  input = new Sliders(place, { ranges, names: facts.names, given: give });
}

facts.rows.forEach((one, i) => {
  const button = element("button", { type: "button", className: "row" });
  if (facts.side) {
    const image = element("canvas", { width: facts.side * 4, height: facts.side * 4 });
    button.append(image);
    button.setAttribute("aria-label", `Example ${i + 1}`);
  } else {
    button.textContent = String(i + 1);
    button.title = facts.table ? input.words(one) : one.join(", ");
  }
  button.addEventListener("click", () => input.set(one));
  at("rows").append(button);
});
at("examples").hidden = facts.rows.length === 0;

function paintRows() {
  if (!facts.side) return;
  input.show();
  facts.rows.forEach((one, i) => {
    paint(at("rows").children[i].firstChild, levelsOf(one, ranges, channels), facts.side);
  });
}

// ---- facts, and the ticket's file ----

function tell() {
  const bytes = bytesOf(facts.file).length, names = {
    uniform: "whole numbers from −127 to 127", signed_constant: "+1 or −1", kaiming_normal: "nearly normal",
  };
  const listed = [
    ["Network", `${facts.architecture ?? facts.sizes.join("-")}, ${facts.activation}`],
    ["Seed", String(facts.seed)],
    ["Weights", `${names[facts.weights]}, drawn from the seed; none was ever changed`],
    ["Inputs", facts.table
      ? `${facts.table.columns.length} of ${facts.table.nColumns} columns are read, ${facts.inputBits} bits each input`
      : `${facts.sizes[0]} features, ${facts.inputBits} bits each`],
    ["Arithmetic", "whole numbers; the same answer in Python, C and here"],
    ["Whole file", `${bytes.toLocaleString("en")} bytes`],
  ];
  at("list").replaceChildren(...listed.flatMap(([name, text]) =>
    [element("dt", { textContent: name }), element("dd", { textContent: text })]));
  at("bytes").textContent = bytes.toLocaleString("en");
  at("file").value = facts.file;
}

at("copy").addEventListener("click", async () => {
  at("file").select();
  try {
    await navigator.clipboard.writeText(facts.file);
  } catch {
    document.execCommand("copy"); // where the page may not write to the clipboard
  }
  at("copy").textContent = "Copied";
  setTimeout(() => (at("copy").textContent = "Copy"), 1500);
});

function redraw() {
  picture.resize();
  paintRows();
  if (plane) plane.show();
}

tell();
foil();
count();
picture.told("");
if (plane) plane.renew();
if (facts.rows.length) input.set(facts.rows[0]);
new ResizeObserver(redraw).observe(at("network"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
window.scratchcard = { facts, network, picture, give, answer: () => at("answer").textContent };
