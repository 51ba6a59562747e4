// reader.mjs: damages tickets and opens them with portable/scratchcard.mjs, blindly but fast.
//
//     node benchmarks/fuzzing/reader.mjs FOLDER [SECONDS] [SEED]
//
// FOLDER holds files to start from: what reader.py and loading.py kept is best, since it reaches every
// branch of theirs. The checksum is mended. Whatever is thrown but a TicketError ends the campaign, and
// so does a file that takes more memory than docs/ticket-format.md says, or more than ten seconds.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Ticket, TicketError } from "../../portable/scratchcard.mjs";

const [folder, seconds = "600", seed = "0"] = process.argv.slice(2);
const MOST_UNITS = 100000; // a wider network is opened only: its rows would take most of the time
const MOST_BYTES = 4096, MIB = 2 ** 20;

const peak = () => 1024 * /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf-8"))[1];

// ---- damage ----

let state = (Math.imul(Number(seed) + 1, 0x9e3779b1) | 1) >>> 0;
function below(n) { // xorshift
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

const bytesOf = (count) => Buffer.from(Array.from({ length: count }, () => below(256)));

function varint() { // of a power of two, or one less
  const bytes = [];
  let value = (1n << BigInt(below(64))) - BigInt(below(2));
  for (; value >= 128n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Buffer.from([...bytes, Number(value)]);
}

const put = (body, at, over, bytes) =>
  Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + over)]);

const DAMAGES = [
  (body) => put(body, below(body.length), 1, bytesOf(1)),
  (body) => put(body, below(body.length), below(9), bytesOf(below(9))),
  (body) => put(body, below(body.length), below(4), varint()),
  (body) => put(body, below(body.length), 1 + below(below(2) ? 4 : 64), Buffer.alloc(0)),
  (body, at = below(body.length)) => put(body, at, 0, body.subarray(at, at + below(64))),
  (body, other, at = below(body.length)) =>
    Buffer.concat([body.subarray(0, at), other.subarray(below(2) ? at : below(other.length))]),
];

function damaged(one, other) {
  let body = one.subarray(0, -4);
  for (let n = 1 + below(3); n; n--) {
    body = DAMAGES[below(DAMAGES.length)](body, other.subarray(0, -4)).subarray(0, MOST_BYTES);
    if (!body.length) body = bytesOf(30);
  }
  const bytes = new Uint8Array(body.length + 4);
  bytes.set(body);
  new DataView(bytes.buffer).setUint32(body.length, crc32(body), true);
  return bytes;
}

// ---- reading ----

function opened(bytes) {
  writeFileSync("/proc/self/clear_refs", "5"); // the peak begins anew
  const before = peak();
  try {
    return Ticket.fromBytes(bytes);
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
    return null;
  } finally {
    const grown = peak() - before; // for each bit at most a survivor, 5 bytes, and a unit, 20
    if (grown > 8 * 25 * bytes.length + 32 * MIB) throw new Error(`it took ${grown} bytes`);
  }
}

function predict(ticket) {
  const row = Array.from({ length: ticket.nColumns }, (_, i) => ((i * 37) % 101) / 25 - 2);
  const rows = [row, row.map((x) => x * 8e307)];
  if (ticket.columns) {
    rows.push(row.slice());
    for (const { place, kind, values, missing } of ticket.columns) {
      if (missing) rows[2][place] = null;
      else if (kind === "category") rows[2][place] = values[place % values.length] ?? "";
    }
    if (ticket.isNamed) {
      const cells = ticket.columns.map(({ place, name }) => [name, rows[2][place]]);
      rows.push(Object.fromEntries(cells));
    }
  }
  for (const asked of rows) {
    const answer = ticket.predict(asked);
    const isOne = ticket.numbers
      ? [answer].flat().every(Number.isFinite)
      : ticket.classes.includes(answer);
    if (!isOne) throw new Error(`the answer is ${answer}`);
  }
}

const sound = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
const files = sound.filter((file) => file.length > 4);
const any = () => files[below(files.length)];
const began = Date.now();
let tried = 0, tickets = 0;
while (Date.now() - began < 1000 * Number(seconds)) {
  const bytes = damaged(any(), any()), start = Date.now();
  try {
    const ticket = opened(bytes);
    const values = (one) => Math.max(one.units * one.positions, one.fanIn);
    const most = ticket && Math.max(ticket.nColumns, ...ticket.layers.map(values));
    if (ticket && most <= MOST_UNITS) predict(ticket);
    tickets += ticket ? 1 : 0;
    if (Date.now() - start > 10000) throw new Error("it took more than ten seconds");
  } catch (error) {
    console.error(Buffer.from(bytes).toString("hex"));
    throw error;
  }
  tried++;
}
console.log(`${tried} files, ${tickets} of them tickets`);
