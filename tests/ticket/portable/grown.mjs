// grown.mjs: opens the tickets of a file of jobs, argv[2], as reader.c reads it, and prints for each by
// how many bytes the process grew meanwhile. For tests/ticket/test_damaged.py. Linux.

import { readFileSync, writeFileSync } from "node:fs";
import { Ticket, TicketError } from "../../../portable/scratchcard.mjs";

const peak = () => 1024 * /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf-8"))[1];

const data = readFileSync(process.argv[2]), lines = [];
let at = 0;
const u32 = () => data.readUInt32LE((at += 4) - 4);
for (let n = u32(); n; n--) {
  const length = u32(), bytes = new Uint8Array(data.subarray(at, (at += length)));
  at += 8 + 8 * data.readUInt32LE(at) * data.readUInt32LE(at + 4); // rows, which are not read
  writeFileSync("/proc/self/clear_refs", "5"); // the peak begins anew
  const before = peak();
  try {
    Ticket.fromBytes(bytes);
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
  }
  lines.push(peak() - before);
}
console.log(lines.join("\n"));
