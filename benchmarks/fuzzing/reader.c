/* reader.c: portable/scratchcard.h under libFuzzer; reader.py beside it compiles and runs it.

   A file is opened, its labels and columns are read and three rows are predicted, with every array of the very size
   that the header asks for, so that the sanitizers guard its end. The mutator damages what the checksum
   covers and mends the checksum, so that readers get past it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scratchcard.h"

#define MOST_UNITS 100000u /* wider networks are opened only: their rows would take most of the time */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static void *exactly(size_t bytes)
{
    void *found = malloc(bytes);
    if (!found)
        abort();
    return found;
}

/* The work area is what docs/ticket-format.md promises: two rows of values, the sums of a map, and a bit
   per hidden unit. */
static void check_work(const scratchcard_ticket *ticket)
{
    uint64_t widest[2] = {ticket->n_inputs, 0}, flags = 0, sums = 0;
    for (uint32_t l = 0; l < ticket->n_layers; l++) {
        const scratchcard_layer *layer = &ticket->layers[l];
        uint64_t values = (uint64_t)layer->fan_out * layer->positions;
        uint64_t map = layer->kernel ? 2 * (uint64_t)layer->rows * layer->columns : 0;
        sums = map > sums ? map : sums;
        if (l + 1 < ticket->n_layers) {
            if (values > widest[~l & 1])
                widest[~l & 1] = values;
            flags += ((uint64_t)layer->fan_out + 7) / 8;
        }
    }
    if (ticket->work_needed > widest[0] + widest[1] + sums + (flags + 1) / 2)
        abort();
}

static uint64_t read_labels(const scratchcard_ticket *ticket)
{
    uint64_t sum = 0;
    for (uint32_t c = 0; c < ticket->n_classes && c < 300; c++) {
        scratchcard_label label = scratchcard_label_of(ticket, c);
        if (ticket->label_kind == SCRATCHCARD_TEXT)
            for (uint32_t i = 0; i < label.text_length; i++)
                sum += label.text[i];
        else if (ticket->label_kind != SCRATCHCARD_NUMBERS)
            sum += (uint64_t)label.integer;
    }
    return sum;
}

static uint64_t read_text(scratchcard_text text)
{
    uint64_t sum = text.length;
    for (uint32_t i = 0; i < text.length; i++)
        sum += text.text[i];
    return sum;
}

static uint64_t read_columns(const scratchcard_ticket *ticket)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < ticket->n_columns && k < 50; k++) {
        scratchcard_column_info column = scratchcard_column_of(ticket, k);
        if (column.name.text) {
            const char *name = (const char *)column.name.text;
            int32_t found = scratchcard_column(ticket, name, column.name.length);
            if (found < 0 || (uint32_t)found > k)
                abort();
            sum += read_text(column.name);
        }
        for (uint32_t code = 0; code < column.n_values && code < 50; code++) {
            scratchcard_text value = scratchcard_value_of(ticket, k, code);
            const char *text = (const char *)value.text;
            int32_t found = scratchcard_value(ticket, k, text, value.length);
            if (found < 0 || (uint32_t)found > code)
                abort();
            sum += read_text(value);
        }
    }
    return sum;
}

static void predict(const scratchcard_ticket *ticket)
{
    double *row = exactly(ticket->n_columns * sizeof *row);
    double *numbers = exactly(ticket->n_outputs * sizeof *numbers);
    int32_t *outputs = exactly(ticket->n_outputs * sizeof *outputs);
    for (int extreme = 0; extreme < 3; extreme++) {
        for (uint32_t i = 0; i < ticket->n_columns; i++)
            row[i] = extreme > 1 ? (double)(i % 3) : extreme ? (i & 1 ? 1.7e308 : -1.7e308) : (double)(i * 37 % 101) / 25 - 2;
        int32_t best = scratchcard_predict(ticket, row, outputs);
        if (best < 0 || (uint32_t)best >= ticket->n_outputs)
            abort();
        if (ticket->head == SCRATCHCARD_ANSWERS_NUMBERS &&
            scratchcard_predict_numbers(ticket, row, outputs, numbers))
            abort();
    }
    free(row);
    free(numbers);
    free(outputs);
}

volatile uint64_t seen; /* of the labels, so that they are read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scratchcard_ticket ticket;
    if (scratchcard_open(&ticket, data, size, NULL, 0) != SCRATCHCARD_WORK)
        return 0;
    check_work(&ticket);
    int16_t *work = exactly(ticket.work_needed * sizeof *work);
    if (!scratchcard_open(&ticket, data, size, work, ticket.work_needed)) {
        seen += read_labels(&ticket) + read_columns(&ticket);
        if (ticket.n_columns < MOST_UNITS && ticket.work_needed < MOST_UNITS && ticket.n_outputs < MOST_UNITS)
            predict(&ticket);
    }
    free(work);
    return 0;
}

/* ---- the mutator ---- */

static uint32_t drawn(uint32_t *state) /* xorshift */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Put length bytes at a place, over what is there or before it; returns the new size. */
static size_t put(
    uint8_t *data, size_t size, size_t most, const uint8_t *bytes, size_t length, size_t at, int over)
{
    size_t rest = over ? (at + length < size ? size - at - length : 0) : size - at;
    if (at + length + rest > most)
        return size;
    memmove(data + at + length, data + size - rest, rest);
    memcpy(data + at, bytes, length);
    return at + length + rest;
}

static size_t put_varint(uint8_t *data, size_t size, size_t most, uint32_t *state)
{
    uint8_t bytes[10];
    size_t length = 0;
    uint64_t value = (UINT64_C(1) << drawn(state) % 64) - drawn(state) % 3 % 2;
    for (; value >= 128; value >>= 7)
        bytes[length++] = (uint8_t)(value | 128);
    bytes[length++] = (uint8_t)value;
    return put(data, size, most, bytes, length, drawn(state) % (size + 1), drawn(state) & 1);
}

static size_t cut(uint8_t *data, size_t size, uint32_t *state)
{
    size_t at = drawn(state) % size, length = 1 + drawn(state) % (size - at);
    memmove(data + at, data + at + length, size - at - length);
    return size - length;
}

static size_t repeat(uint8_t *data, size_t size, size_t most, uint32_t *state)
{
    uint8_t run[64];
    size_t at = drawn(state) % size, length = 1 + drawn(state) % sizeof run;
    length = length < size - at ? length : size - at;
    memcpy(run, data + at, length);
    return put(data, size, most, run, length, drawn(state) % (size + 1), 0);
}

static size_t sealed(uint8_t *data, size_t size)
{
    uint32_t crc = sc_crc(data, size);
    for (int i = 0; i < 4; i++)
        data[size + (size_t)i] = (uint8_t)(crc >> 8 * i);
    return size + 4;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    uint32_t state = seed * 2654435761u | 1u, kind = drawn(&state) % 16;
    if (size < 5 || most < 9 || kind == 0) /* the checksum as it comes */
        return LLVMFuzzerMutate(data, size, most);
    size -= 4;
    most -= 4;
    if (kind < 3)
        size = put_varint(data, size, most, &state);
    else if (kind == 3)
        size = cut(data, size, &state);
    else if (kind == 4)
        size = repeat(data, size, most, &state);
    else
        size = LLVMFuzzerMutate(data, size, most);
    return sealed(data, size);
}

/* The front of one file and the end of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *front, size_t front_size, const uint8_t *end,
    size_t end_size, uint8_t *out, size_t most, unsigned seed)
{
    uint32_t state = seed * 2654435761u | 1u;
    if (front_size < 5 || end_size < 5)
        return 0;
    size_t head = drawn(&state) % (front_size - 3), tail = drawn(&state) % (end_size - 3);
    if (drawn(&state) & 1) /* most often both are cut at the same place */
        tail = head < end_size - 4 ? end_size - 4 - head : 0;
    if (head + tail + 4 > most)
        return 0;
    memcpy(out, front, head);
    memcpy(out + head, end + (end_size - 4 - tail), tail);
    return sealed(out, head + tail);
}
