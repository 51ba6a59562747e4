// columns.mjs: checks the face of tickets of tables in scratchcard.mjs, for tests/ticket/test_portable.py.
// argv[2] is the ticket of the example in docs/ticket-format.md, argv[3] numbers and their texts in JSON.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ticket, asText } from "../../../portable/scratchcard.mjs";

const ticket = Ticket.fromBytes(new Uint8Array(readFileSync(process.argv[2])));

assert.equal(ticket.nColumns, 3);
assert.equal(ticket.isNamed, true);
assert.deepEqual(ticket.columns, [
  { place: 0, name: "width", kind: "number", values: [], missing: true },
  { place: 1, name: "colour", kind: "category", values: ["red"], missing: false },
]);

const outputs = (row) => Array.from(ticket.outputs(row));
const red = [-15068, 6687], none = [-16985, 6941], pink = [-2368, 5544];
assert.deepEqual(outputs([12, "red", 0]), red);
assert.deepEqual(outputs([12, "red", undefined]), red);
assert.deepEqual(outputs({ colour: "red", width: 12, length: 2, whatever: Infinity }), red);
assert.deepEqual(outputs(Object.assign(Object.create(null), { colour: "red", width: 12 })), red);
for (const missing of [null, undefined, NaN]) {
  assert.deepEqual(outputs([missing, "red", "anything"]), none);
  assert.deepEqual(outputs({ width: missing, colour: "red" }), none);
  assert.deepEqual(outputs({ width: 12, colour: missing }), pink);
}
for (const other of ["pink", "Red", "red ", "", 1, true]) {
  assert.deepEqual(outputs({ width: 12, colour: other }), pink);
}
assert.deepEqual(outputs({ width: true, colour: "red" }), outputs({ width: 1, colour: "red" }));
assert.equal(ticket.predict({ width: 12, colour: "red" }), "yes");
assert.equal(ticket.predictProba({ width: 12, colour: "red" }).length, 2);

const refused = [
  [{ width: 12 }, /lacks column colour/],
  [{ colour: "red" }, /lacks column width/],
  [Object.create({ width: 12, colour: "red" }), /lacks column width/],
  [[12, "red"], /array of 3 cells, or an object of them by name, got 2/],
  [null, /array of 3 cells/],
  ["abc", /array of 3 cells/],
  [[Infinity, "red", 0], /column width takes finite numbers/],
  [["12", "red", 0], /column width takes finite numbers/],
  [[12, Infinity, 0], /text and finite numbers/],
  [[12, {}, 0], /text and finite numbers/],
];
for (const [row, message] of refused) {
  for (const method of ["quantise", "outputs", "predict", "predictProba"]) {
    assert.throws(() => ticket[method](row), { name: "RangeError", message });
  }
}

for (const [number, text] of JSON.parse(readFileSync(process.argv[3], "utf-8"))) {
  assert.equal(asText(number), text);
}
assert.equal(asText(-0), "0");
assert.equal(asText(true), "1");
