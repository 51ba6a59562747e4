// reader.mjs: prints what scratchcard.mjs makes of tickets, for tests/test_portable.py. The jobs, the
// lines and the test vectors are those of reader.c; a refused ticket has code 1.

import { readFileSync } from "node:fs";
import { Ticket, TicketError, bias, philox2x32, weight } from "../../../portable/scratchcard.mjs";

const lines = [];

const hex = (text) => Buffer.from(text, "utf-8").toString("hex");

function columnText({ place, kind, missing, name, values }) {
  const texts = [name, ...values].filter((text) => text !== null).map((text) => ` .${hex(text)}`);
  return `column ${place} ${kind} ${Number(missing)}${texts.join("")}`;
}

// The cells of a row of codes. Where columns have names, every other row is an object.
function cellsOf(ticket, codes, isObject) {
  if (!ticket.columns) return codes;
  const cells = Array.from(codes), named = Object.create(null);
  for (const { place, name, kind, values } of ticket.columns) {
    const code = codes[place];
    if (Number.isNaN(code)) cells[place] = [null, undefined, NaN][place % 3];
    else if (kind === "category") cells[place] = values[code] ?? "no such value";
    named[name] = cells[place];
  }
  return isObject && ticket.isNamed ? Object.assign({}, named) : cells;
}

function madeUp(ticket) {
  const row = Array.from({ length: ticket.nColumns }, (_, i) => ((i * 37) % 101) / 25 - 2);
  for (const { place, kind, values, missing } of ticket.columns ?? []) {
    if (missing && place % 3 === 0) row[place] = NaN;
    else if (kind === "category") row[place] = (((place * 37) % 101) % (values.length + 2)) - 1;
  }
  return row;
}

function labelText(label) {
  if (typeof label === "string") return hex(label);
  return String(typeof label === "boolean" ? Number(label) : label);
}

function printRow(ticket, row) {
  const outputs = Array.from(ticket.outputs(row)), answer = ticket.predict(row);
  if (ticket.classes.length) {
    lines.push(`row ${ticket.classes.indexOf(answer)} ${outputs.join(" ")}`);
    return;
  }
  const largest = outputs.indexOf(outputs.reduce((a, b) => Math.max(a, b)));
  const bits = [answer].flat().map((value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return view.getBigUint64(0).toString(16).padStart(16, "0");
  });
  lines.push(`row ${largest} ${outputs.join(" ")}`, `numbers ${bits.join(" ")}`);
}

function runJobs(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  const u32 = () => view.getUint32((at += 4) - 4, true);
  for (let n = u32(); n; n--) {
    const length = u32(), bytes = new Uint8Array(data.subarray(at, (at += length)));
    const rows = u32(), features = u32();
    let ticket;
    try {
      ticket = Ticket.fromBytes(bytes);
    } catch (error) {
      if (!(error instanceof TicketError)) throw error;
      lines.push("ticket 1");
      continue;
    }
    lines.push("ticket 0", ...(ticket.columns ?? []).map(columnText));
    lines.push(...ticket.classes.map((label) => `label ${labelText(label)}`));
    for (let r = 0; r < rows; r++) {
      const row = Array.from({ length: features }, () => view.getFloat64((at += 8) - 8, true));
      printRow(ticket, cellsOf(ticket, row, r % 2 === 1));
    }
    printRow(ticket, cellsOf(ticket, madeUp(ticket), true));
  }
}

function runVectors(text) {
  for (const line of text.trim().split("\n")) {
    const [family, seed, counter1, index] = line.split(" ").map(Number);
    const layer = Math.floor(counter1 / 2);
    const words = philox2x32(index, counter1, seed).map((x) => x.toString(16).padStart(8, "0"));
    const drawn = [weight(family, seed, layer, index), bias(0, seed, layer, index)];
    lines.push([...words, ...drawn].join(" "));
  }
}

if (process.argv[2]) runJobs(readFileSync(process.argv[2]));
else runVectors(readFileSync(0, "utf-8"));
console.log(lines.join("\n"));
