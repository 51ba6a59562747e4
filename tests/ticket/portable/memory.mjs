// memory.mjs: opens the ticket file argv[2] and prints by how many bytes the process grew, for
// tests/ticket/test_memory.py. Linux.

import { readFileSync } from "node:fs";
import { Ticket } from "../../../portable/scratchcard.mjs";

// Unlike ru_maxrss, this starts anew with the program.
const peak = () => 1024 * /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf-8"))[1];

const bytes = new Uint8Array(readFileSync(process.argv[2]));
const before = peak();
Ticket.fromBytes(bytes);
console.log(peak() - before);
