/* scratchcard.h: opens a ticket file that lies in memory or in flash, and predicts. C99, this file
   alone. docs/ticket-format.md specifies the file and the arithmetic.

   No heap, no table, no floating point but double for scaling the inputs, and for answers that are
   numbers. Weights are never stored: each is computed where it is used. The outputs are the very
   integers of the Python library, and so are the bits of the numbers.

       static int16_t work[512];
       scratchcard_ticket ticket;
       int32_t outputs[10];
       int error = scratchcard_open(&ticket, file, file_length, work, 512);
       int32_t class_index = error ? -1 : scratchcard_predict(&ticket, row, outputs);

   Where ticket.head is SCRATCHCARD_ANSWERS_NUMBERS, scratchcard_predict_numbers gives the answer.
   A row of maps, such as an image, has all values of the first map first, row by row.

   A row has ticket.n_columns doubles. A ticket may know columns of a table: then the cell of a
   category is the code of its value, and NaN stands for a missing cell:

       int32_t colour = scratchcard_column(&ticket, "colour", 6);
       if (colour >= 0)
           row[colour] = scratchcard_value(&ticket, (uint32_t)colour, "red", 3);

   There is no column, -1, where the ticket does not read it, and -1 is the code of any value that
   it does not know. What is not read may be anything.
   With SCRATCHCARD_NO_COLUMNS such tickets are refused, and the code is 1.3 kB smaller. With
   SCRATCHCARD_NO_CONVOLUTIONS tickets that have them are refused, which saves more.

   The file and the work area must stay where they are while the ticket is in use, and one ticket
   predicts one row at a time. Compile without -ffast-math. Names with sc_ or SC_ are private. */

#ifndef SCRATCHCARD_H
#define SCRATCHCARD_H

#include <stddef.h>
#include <stdint.h>

#ifndef SCRATCHCARD_MAX_LAYERS
#define SCRATCHCARD_MAX_LAYERS 8 /* layers of weights; the format allows 255 */
#endif

#ifdef __GNUC__ /* inlined, what only tables need would slow down all the rest */
#define SC_APART static __attribute__((noinline, unused))
#else
#define SC_APART static inline
#endif

typedef char scratchcard_needs_doubles_of_64_bits[sizeof(double) == 8 ? 1 : -1];

enum { /* what scratchcard_open returns; scratchcard_predict knows only the last */
    SCRATCHCARD_OK = 0,
    SCRATCHCARD_NOT_A_TICKET = -1, /* does not start with SCRT */
    SCRATCHCARD_NEWER = -2,        /* a format version that this file does not know */
    SCRATCHCARD_DAMAGED = -3,      /* wrong checksum, or cut short */
    SCRATCHCARD_REFUSED = -4,      /* a field holds what no ticket has */
    SCRATCHCARD_TOO_DEEP = -5,     /* more than SCRATCHCARD_MAX_LAYERS layers */
    SCRATCHCARD_WORK = -6,         /* the work area is too small; see ticket.work_needed */
    SCRATCHCARD_NOT_FINITE = -7    /* the row holds infinity, or NaN where no cell may be missing */
};

enum { SCRATCHCARD_UNIFORM, SCRATCHCARD_SIGNED_CONSTANT, SCRATCHCARD_KAIMING_NORMAL }; /* weights */
enum { SCRATCHCARD_RELU, SCRATCHCARD_STEP, SCRATCHCARD_SIGN };                      /* activation */
enum { SCRATCHCARD_ANSWERS_CLASSES, SCRATCHCARD_ANSWERS_NUMBERS };                      /* head */
enum { /* loss: what numbers are least for */
    SCRATCHCARD_SQUARED_ERROR, SCRATCHCARD_ABSOLUTE_ERROR, SCRATCHCARD_QUANTILE,
    SCRATCHCARD_POISSON
};
enum { /* label_kind */
    SCRATCHCARD_COUNTED, SCRATCHCARD_INTEGERS, SCRATCHCARD_TEXT, SCRATCHCARD_NUMBERS,
    SCRATCHCARD_BOOLEANS
};
enum { SCRATCHCARD_NOTHING, SCRATCHCARD_NUMBER, SCRATCHCARD_CATEGORY }; /* kind of a column */

typedef struct { /* one layer of weights: dense, or a convolution, whose units are maps */
    uint32_t fan_in, fan_out;      /* weights into a unit, and units */
    uint32_t span;                 /* weights from one unit below: a kernel, or its values */
    uint32_t positions;            /* values of a unit */
    uint32_t height, width;        /* of a map below */
    uint32_t rows, columns;        /* of the sums of a map */
    uint8_t kernel, stride, before, pool; /* 0, 1, 0, 1 where the layer is dense */
    uint8_t is_narrow;             /* the sums of its maps stay in 16 bits */
    uint32_t survivors, first_bit; /* how many weights stay, and where their code starts */
    int32_t limit, one;            /* of what enters: greatest magnitude, what stands for 1.0 */
    int32_t unit;                  /* the sum that stands for 1.0 */
    uint8_t shift, rice;           /* right shift after the layer, Rice parameter */
    uint8_t *feeds;                /* a bit per unit: does it feed an output? NULL: all do */
} scratchcard_layer;

typedef struct {
    uint8_t weights, zero_biases, activation, per_feature, label_kind, head, loss, is_shaped;
    uint8_t is_named;      /* columns have names */
    uint32_t seed, n_layers, n_inputs, n_outputs;
    uint32_t n_columns;    /* of a row; n_inputs where the ticket knows no columns */
    uint32_t n_classes;    /* n_outputs, or 0 where answers are numbers */
    float temperature;     /* logits = outputs * temperature; 0 where answers are numbers */
    uint32_t work_needed;  /* int16_t in the work area */
    uint32_t widths[2];    /* int16_t in each of values */
    int16_t *values[2];    /* what enters a layer, and what leaves it */
    int16_t *sums;         /* of a map: one for each, two where they take 32 bits */
    const uint8_t *scaling, *labels, *lines, *mask;
    const uint8_t *columns, *kept, *entries; /* NULL where the ticket knows no columns */
    uint32_t mask_bits;
    scratchcard_layer layers[SCRATCHCARD_MAX_LAYERS];
} scratchcard_ticket;

typedef struct { /* the label of a class; ticket.label_kind says which field holds it */
    int64_t integer;     /* COUNTED, INTEGERS, BOOLEANS */
    double number;       /* NUMBERS */
    const uint8_t *text; /* TEXT: UTF-8, not terminated */
    uint32_t text_length;
} scratchcard_label;

typedef struct { /* a name or a value of a column: UTF-8, not terminated; NULL where it has none */
    const uint8_t *text;
    uint32_t length;
} scratchcard_text;

typedef struct { /* what a column is */
    uint8_t kind;          /* NOTHING, NUMBER, CATEGORY */
    uint8_t is_read;       /* 0: the cell may be anything; the name and the values are not known */
    uint8_t may_miss;      /* NaN stands for a missing cell */
    uint32_t n_values;     /* of a category: codes are 0 to n_values - 1 */
    scratchcard_text name;
} scratchcard_column_info;

/* ---- the weight function ---- */

static inline void sc_philox(
    uint32_t counter0, uint32_t counter1, uint32_t key, uint32_t word[2])
{
    for (int round = 0; round < 10; round++) {
        uint64_t product = (uint64_t)counter0 * 0xD256D193u;
        counter0 = (uint32_t)(product >> 32) ^ key ^ counter1;
        counter1 = (uint32_t)product;
        key += 0x9E3779B9u;
    }
    word[0] = counter0;
    word[1] = counter1;
}

static inline int32_t sc_shift(int32_t value, unsigned by) /* floor(value / 2**by) */
{
    return value < 0 ? ~(~value >> by) : value >> by;
}

static inline int32_t sc_uniform(uint32_t word)
{
    return (int32_t)(((uint64_t)word * 255u) >> 32) - 127;
}

/* The weight number index = j * fan_in + i of a layer, from its unit i to its unit j. */
static inline int32_t scratchcard_weight(
    unsigned family, uint32_t seed, uint32_t layer, uint32_t index)
{
    uint32_t word[2];
    sc_philox(index, 2 * layer, seed, word);
    if (family == SCRATCHCARD_UNIFORM)
        return sc_uniform(word[0]);
    if (family == SCRATCHCARD_SIGNED_CONSTANT)
        return word[0] >> 31 ? -1 : 1;
    int32_t sum = -1020; /* kaiming_normal: eight bytes, centred */
    for (int byte = 0; byte < 4; byte++)
        sum += (int32_t)(word[0] >> 8 * byte & 255u) + (int32_t)(word[1] >> 8 * byte & 255u);
    sum = sc_shift(sum * 39 + 128, 8);
    return sum > 127 ? 127 : sum < -127 ? -127 : sum;
}

/* The bias of unit j of a layer, in 1/128 of the layer's unit. */
static inline int32_t scratchcard_bias(int zero_biases, uint32_t seed, uint32_t layer, uint32_t j)
{
    uint32_t word[2];
    if (zero_biases)
        return 0;
    sc_philox(j, 2 * layer + 1, seed, word);
    return sc_uniform(word[0]);
}

/* ---- reading bytes ---- */

typedef struct {
    const uint8_t *at, *end;
    int refused; /* set once something did not fit; all that is read then is 0 */
} sc_reader;

static inline const uint8_t *sc_take(sc_reader *reader, uint32_t count)
{
    const uint8_t *at = reader->at;
    if (reader->refused || count > (size_t)(reader->end - at)) {
        reader->refused = 1;
        return NULL;
    }
    reader->at += count;
    return at;
}

static inline uint8_t sc_byte(sc_reader *reader)
{
    const uint8_t *at = sc_take(reader, 1);
    return at ? *at : 0;
}

static inline uint64_t sc_varint(sc_reader *reader, uint64_t low, uint64_t high)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 10; i++) {
        uint8_t byte = sc_byte(reader);
        value |= (uint64_t)(byte & 127) << 7 * i;
        if (byte < 128) {
            if ((i && !byte) || (i == 9 && byte > 1) || value < low || value > high)
                break;
            return value;
        }
    }
    reader->refused = 1;
    return low;
}

static inline uint32_t sc_u32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline float sc_float(const uint8_t *at)
{
    union { uint32_t bits; float value; } both;
    both.bits = sc_u32(at);
    return both.value;
}

static inline double sc_double(const uint8_t *at)
{
    union { uint64_t bits; double value; } both;
    both.bits = sc_u32(at) | (uint64_t)sc_u32(at + 4) << 32;
    return both.value;
}

static inline uint32_t sc_crc(const uint8_t *at, size_t length) /* CRC-32, as zlib's */
{
    uint32_t crc = 0xFFFFFFFFu;
    while (length--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* ---- the mask ---- */

typedef struct { /* walks over the survivors of a layer, among the weights that are coded */
    const uint8_t *bits;
    uint32_t bit, end;    /* the next bit, and how many there are */
    uint32_t left;        /* survivors still to come */
    uint32_t place, size; /* 1 + the survivor found last; how many weights are coded */
    unsigned rice;
} sc_walk;

static inline int sc_bit(sc_walk *walk)
{
    uint32_t bit = walk->bit++;
    return walk->bits[bit >> 3] >> (7 - (bit & 7)) & 1;
}

/* Go to the next survivor, at place - 1. 0: there is none, or (when opening) the code is wrong. */
static inline int sc_next(sc_walk *walk)
{
    uint32_t gap = 0, room = walk->size - walk->place;
    if (!walk->left || !room)
        return 0;
    for (;; gap++) {
        if (walk->bit >= walk->end || gap > (room - 1) >> walk->rice)
            return 0;
        if (sc_bit(walk))
            break;
    }
    if (walk->rice > walk->end - walk->bit)
        return 0;
    for (unsigned i = 0; i < walk->rice; i++)
        gap = gap << 1 | (uint32_t)sc_bit(walk);
    if (gap >= room)
        return 0;
    walk->place += gap + 1;
    walk->left--;
    return 1;
}

static inline int sc_feeds(const scratchcard_layer *layer, uint32_t unit)
{
    return !layer->feeds || (layer->feeds[unit >> 3] >> (unit & 7) & 1);
}

static inline sc_walk sc_start(const scratchcard_ticket *ticket, uint32_t l, uint32_t size)
{
    const scratchcard_layer *layer = &ticket->layers[l];
    sc_walk walk = {
        ticket->mask, layer->first_bit, ticket->mask_bits, layer->survivors, 0, size, layer->rice};
    return walk;
}

/* Walk over the whole mask, the last layer first: check it, find which units feed something. */
static inline int sc_check_mask(scratchcard_ticket *ticket)
{
    uint32_t bit = 0, feeding = ticket->n_outputs;
    for (uint32_t l = ticket->n_layers; l-- > 0;) {
        scratchcard_layer *layer = &ticket->layers[l];
        uint8_t *feeds = l ? ticket->layers[l - 1].feeds : NULL;
        layer->first_bit = bit;
        sc_walk walk = sc_start(ticket, l, feeding * layer->fan_in);
        for (uint32_t i = 0; feeds && i < (ticket->layers[l - 1].fan_out + 7) / 8; i++)
            feeds[i] = 0;
        feeding = 0;
        while (sc_next(&walk)) {
            uint32_t i = (walk.place - 1) % layer->fan_in / layer->span;
            if (feeds && !(feeds[i >> 3] >> (i & 7) & 1)) {
                feeds[i >> 3] |= (uint8_t)(1u << (i & 7));
                feeding++;
            }
        }
        if (walk.left)
            return SCRATCHCARD_REFUSED;
        bit = walk.bit;
    }
    if (ticket->mask_bits - bit >= 8) /* surplus bytes */
        return SCRATCHCARD_REFUSED;
    if (bit < ticket->mask_bits && ticket->mask[bit >> 3] & (255u >> (bit & 7)))
        return SCRATCHCARD_REFUSED; /* spare bits that are not 0 */
    return SCRATCHCARD_OK;
}

/* ---- opening ---- */

static inline uint32_t sc_root(uint64_t value) /* floor(sqrt(value)), below 2**32 */
{
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= value)
            root |= bit;
    return (uint32_t)root;
}

/* The greatest magnitude that may enter a layer, so that its sums stay in 16 bits, or in 32. */
static inline int32_t sc_cap(const scratchcard_layer *layer, uint32_t max, uint32_t one)
{
    uint64_t reach = (uint64_t)layer->fan_in * max, cap = ((uint64_t)1 << 30) / reach;
    if (layer->is_narrow)
        return (int32_t)(32767u / (reach + one));
    return cap > 32767 ? 32767 : (int32_t)cap;
}

/* Sums of maps are kept in 16 bits if that leaves 16 steps of what enters each of their layers. */
static inline void sc_narrow(scratchcard_ticket *ticket, uint32_t max, uint32_t one)
{
    uint64_t widest = 0;
    for (uint32_t l = 0; l < ticket->n_layers; l++)
        if (ticket->layers[l].kernel > 0 && ticket->layers[l].fan_in > widest)
            widest = ticket->layers[l].fan_in;
    for (uint32_t l = 0; l < ticket->n_layers; l++)
        ticket->layers[l].is_narrow =
            ticket->layers[l].kernel > 0 && 32767u / (widest * max + one) >= 16;
}

/* What a typical activation is shifted down to. */
static inline uint64_t sc_usual(const scratchcard_ticket *ticket, int32_t limit)
{
    uint64_t quarter = (uint64_t)limit / 4;
    return ticket->layers[0].kernel > 0 && quarter < 2047 ? quarter : 2047;
}

/* Limits, units and shifts of all layers, from shapes and families. 0: a layer is too wide. */
static inline int sc_derive(scratchcard_ticket *ticket, int32_t input_limit)
{
    static const uint8_t one_of[3] = {127, 1, 32}, max_of[3] = {127, 1, 127};
    static const uint16_t mean_square_of[3] = {5419, 1, 1014};
    uint32_t max = max_of[ticket->weights], mean_square = mean_square_of[ticket->weights];
    uint32_t weight = one_of[ticket->weights];
    sc_narrow(ticket, max, weight);
    int32_t limit = sc_cap(&ticket->layers[0], max, weight);
    int32_t one = limit = limit < input_limit ? limit : input_limit;
    uint64_t typical = (uint64_t)limit / 2;
    for (uint32_t l = 0;; l++) {
        scratchcard_layer *layer = &ticket->layers[l];
        if (limit < 1)
            return 0;
        layer->limit = limit;
        layer->one = one;
        layer->unit = one * (int32_t)weight;
        layer->shift = 0;
        if (l + 1 == ticket->n_layers)
            return 1;
        limit = sc_cap(layer + 1, max, weight);
        if (ticket->activation == SCRATCHCARD_RELU) {
            uint32_t spread = sc_root((uint64_t)layer->fan_in * mean_square / 2);
            typical *= spread ? spread : 1;
            while (typical >> layer->shift > sc_usual(ticket, limit))
                layer->shift++;
            typical >>= layer->shift;
            one = layer->unit >> layer->shift;
            one = one > limit ? limit : one < 1 ? 1 : one;
        } else {
            one = limit = limit < 127 ? limit : 127;
            typical = (uint64_t)limit / 2;
        }
        typical = typical ? typical : 1;
    }
}

static inline int sc_finite(const uint8_t *floats, uint32_t count, int negative)
{
    for (uint32_t i = 0; floats && i < count; i++) {
        uint32_t bits = sc_u32(floats + 4 * i);
        if ((bits >> 23 & 255) == 255 || bits == 0x80000000u || (!negative && bits >> 31))
            return 0;
    }
    return 1;
}

static inline int sc_finite_doubles(const uint8_t *doubles, uint32_t count)
{
    for (uint32_t i = 0; doubles && i < count; i++) {
        uint32_t low = sc_u32(doubles + 8 * i), high = sc_u32(doubles + 8 * i + 4);
        if ((high >> 20 & 2047) == 2047 || (high == 0x80000000u && low == 0))
            return 0;
    }
    return 1;
}

static inline void sc_read_label(sc_reader *reader, unsigned kind, scratchcard_label *label)
{
    union { uint64_t bits; double value; } both;
    const uint8_t *at;
    switch (kind) {
    case SCRATCHCARD_COUNTED:
        break;
    case SCRATCHCARD_INTEGERS:
        both.bits = sc_varint(reader, 0, UINT64_MAX);
        label->integer = both.bits & 1 ? -(int64_t)(both.bits >> 1) - 1 : (int64_t)(both.bits >> 1);
        break;
    case SCRATCHCARD_TEXT:
        label->text_length = (uint32_t)sc_varint(reader, 0, 1u << 24);
        label->text = sc_take(reader, label->text_length);
        break;
    case SCRATCHCARD_NUMBERS:
        at = sc_take(reader, 8);
        both.bits = at ? sc_u32(at) | (uint64_t)sc_u32(at + 4) << 32 : 0;
        label->number = both.value;
        reader->refused |= (both.bits >> 52 & 2047) == 2047; /* NaN or infinity */
        break;
    default:
        label->integer = sc_byte(reader);
        reader->refused |= label->integer > 1;
    }
}

/* ---- columns ---- */

#ifdef SCRATCHCARD_NO_COLUMNS

static inline void sc_read_columns(scratchcard_ticket *ticket, sc_reader *reader)
{
    (void)ticket;
    reader->refused = 1;
}

static inline int sc_quantise_columns(const scratchcard_ticket *ticket, const double *row)
{
    return ticket && row && 0; /* no such ticket is open */
}

#else

typedef struct { /* walks over the columns; sc_start_columns and sc_next_column */
    sc_reader runs, entries;
    uint32_t left, code;          /* of the run: how many columns are to come, and of which kind */
    uint32_t input, n_inputs;     /* the first input of this column, and how many it has */
    uint32_t n_values, n_kept;    /* of a category: its values, and how many of them are read */
    uint32_t to_skip;             /* values that have not been read yet */
    int may_miss, is_read;
    double offset, scale;         /* of a number with a pair of its own */
    scratchcard_text name;
} sc_columns;

static inline int sc_is_kept(const scratchcard_ticket *ticket, uint32_t input)
{
    return ticket->kept[input >> 3] >> (input & 7) & 1;
}

static inline scratchcard_text sc_read_text(sc_reader *reader)
{
    scratchcard_text found;
    found.length = (uint32_t)sc_varint(reader, 0, 65536);
    found.text = sc_take(reader, found.length);
    return found;
}

static inline double sc_power(int32_t exponent) /* 2**exponent, -1022 to 1023 */
{
    union { uint64_t bits; double value; } both;
    both.bits = (uint64_t)(exponent + 1023) << 52;
    return both.value;
}

/* A short pair: scale = m * 2**(e - 3), m from 8 to 15, and offset = steps * 2**(-e - 4). */
static inline void sc_read_pair(sc_reader *reader, sc_columns *columns)
{
    uint32_t scale = (uint32_t)sc_varint(reader, 0, 4096), folded = scale >> 3;
    uint32_t steps = (uint32_t)sc_varint(reader, 0, ((uint32_t)1 << 25) - 2);
    int32_t e = folded & 1 ? (int32_t)(folded >> 1) - 3 : -(int32_t)(folded >> 1) - 4;
    if (e < -100 || e > 100)
        reader->refused = 1;
    if (reader->refused)
        return;
    columns->scale = (double)((scale & 7) + 8) * sc_power(e - 3);
    columns->offset = (steps & 1 ? -(double)((steps >> 1) + 1) : (double)(steps >> 1));
    columns->offset *= sc_power(-e - 4);
}

static inline sc_columns sc_start_columns(const scratchcard_ticket *ticket, const uint8_t *end)
{
    sc_columns columns = {{NULL, NULL, 0}, {NULL, NULL, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0,
        {NULL, 0}};
    columns.runs.at = ticket->columns;
    columns.entries.at = ticket->entries;
    columns.runs.end = columns.entries.end = end;
    return columns;
}

/* What the columns of a run become. */
static inline void sc_set_kind(sc_columns *columns, uint32_t code)
{
    columns->code = code;
    columns->may_miss = code && !(code & 1);
    columns->n_values = code >= 3 ? (code - 3) / 2 + 1 : 0;
    columns->n_inputs = columns->n_values + (code == 1 || code == 2) + (uint32_t)columns->may_miss;
}

/* Go to the next column: read its name and its pair. Its values may then be read from entries, if
   to_skip is lowered for each. */
static inline void sc_next_column(const scratchcard_ticket *ticket, sc_columns *columns)
{
    uint32_t n_read = 0;
    for (; columns->to_skip && !columns->entries.refused; columns->to_skip--)
        sc_read_text(&columns->entries);
    columns->input += columns->n_inputs;
    if (!columns->left) {
        columns->left = (uint32_t)sc_varint(&columns->runs, 1, 65536);
        sc_set_kind(columns, (uint32_t)sc_varint(&columns->runs, 0, UINT32_MAX));
    }
    columns->left--;
    for (uint32_t i = 0; i < columns->n_inputs; i++)
        n_read += (uint32_t)sc_is_kept(ticket, columns->input + i);
    columns->is_read = n_read > 0;
    columns->name.text = NULL;
    columns->name.length = columns->n_kept = 0;
    if (!n_read)
        return;
    if (ticket->is_named)
        columns->name = sc_read_text(&columns->entries);
    if (columns->n_values)
        columns->n_kept = n_read - (columns->may_miss &&
            sc_is_kept(ticket, columns->input + columns->n_values));
    else if (ticket->per_feature && sc_is_kept(ticket, columns->input))
        sc_read_pair(&columns->entries, columns);
    columns->to_skip = columns->n_kept;
}

static inline void sc_read_columns(scratchcard_ticket *ticket, sc_reader *reader)
{
    uint32_t head = (uint32_t)sc_varint(reader, 2, 2 * 65536 + 1), before = UINT32_MAX;
    uint64_t n_inputs = 0;
    sc_columns columns;
    ticket->is_named = head & 1;
    ticket->n_columns = head >> 1;
    ticket->columns = reader->at;
    if (ticket->is_shaped || ticket->n_inputs > (uint32_t)1 << 18)
        reader->refused = 1;
    for (uint32_t left = ticket->n_columns; left && !reader->refused;) {
        uint32_t count = (uint32_t)sc_varint(reader, 1, left);
        /* with one scaling for all there are only numbers that are never missing */
        uint32_t most = ticket->per_feature ? 3 + 2 * ticket->n_inputs : 1;
        sc_set_kind(&columns, (uint32_t)sc_varint(reader, 0, most));
        left -= count;
        n_inputs += (uint64_t)count * columns.n_inputs; /* below 2**17 * 2**19 */
        if (columns.code == before || n_inputs > ticket->n_inputs)
            reader->refused = 1;
        before = columns.code;
    }
    if (n_inputs != ticket->n_inputs)
        reader->refused = 1;
    ticket->kept = sc_take(reader, (ticket->n_inputs + 7) / 8);
    if (reader->refused ||
        (ticket->n_inputs & 7 && ticket->kept[ticket->n_inputs >> 3] >> (ticket->n_inputs & 7))) {
        reader->refused = 1;
        return;
    }
    ticket->entries = reader->at;
    columns = sc_start_columns(ticket, reader->end);
    for (uint32_t k = 0; k < ticket->n_columns && !columns.entries.refused; k++)
        sc_next_column(ticket, &columns);
    for (; columns.to_skip && !columns.entries.refused; columns.to_skip--)
        sc_read_text(&columns.entries);
    *reader = columns.entries;
}

#endif

/* ---- the network ---- */

typedef struct { /* of a row, and of what leaves a layer; 1 where there is no such dimension */
    uint32_t dimensions, units, height, width;
} sc_shape;

/* The shape of a row in version 2; in all it has no more values than are allowed. */
static inline sc_shape sc_read_shape(sc_reader *reader, uint64_t allowed)
{
    sc_shape shape = {1, 1, 1, 1};
    uint64_t size = 1;
    shape.dimensions = (uint32_t)sc_varint(reader, 1, 3);
    for (uint32_t d = 0; d < shape.dimensions && !reader->refused; d++) {
        uint32_t extent = (uint32_t)sc_varint(reader, 1, allowed);
        size *= extent; /* both factors are below 2**29 */
        if (size > allowed)
            reader->refused = 1;
        *(d == 0 ? &shape.units : d == 1 ? &shape.height : &shape.width) = extent;
    }
    return shape;
}

#ifdef SCRATCHCARD_NO_CONVOLUTIONS

static inline void sc_read_convolution(
    scratchcard_layer *layer, sc_reader *reader, uint64_t allowed, sc_shape *shape)
{
    (void)layer, (void)allowed, (void)shape;
    reader->refused = 1;
}

static inline uint32_t sc_sums_needed(const scratchcard_ticket *ticket)
{
    return ticket && 0;
}

#else

/* A convolution on maps that are no smaller than its kernel, and of which something is left. */
static inline void sc_read_convolution(
    scratchcard_layer *layer, sc_reader *reader, uint64_t allowed, sc_shape *shape)
{
    uint32_t units = (uint32_t)sc_varint(reader, 1, allowed);
    uint32_t kernel = (uint32_t)sc_varint(reader, 1, 255);
    uint32_t stride = (uint32_t)sc_varint(reader, 1, 255);
    uint8_t flags = sc_byte(reader);
    uint32_t missing = flags & 1 ? kernel : 1; /* places of the kernel at which nothing is left */
    if (reader->refused || flags > 3 || shape->dimensions != 3 || kernel > shape->height ||
        kernel > shape->width || (uint64_t)shape->units * kernel * kernel > allowed) {
        reader->refused = 1;
        return;
    }
    layer->kernel = (uint8_t)kernel;
    layer->stride = (uint8_t)stride;
    layer->before = (uint8_t)(flags & 1 ? 0 : (kernel - 1) / 2);
    layer->pool = (uint8_t)(1 + (flags >> 1));
    layer->span = kernel * kernel;
    layer->fan_in = shape->units * layer->span;
    shape->units = units;
    shape->height = ((layer->height - missing) / stride + 1) / layer->pool;
    shape->width = ((layer->width - missing) / stride + 1) / layer->pool;
    layer->rows = shape->height * layer->pool; /* what no square holds counts for nothing */
    layer->columns = shape->width * layer->pool;
    if (!layer->rows || !layer->columns)
        reader->refused = 1;
}

/* int16_t for the sums of one map, of the layer whose maps take most. */
static inline uint32_t sc_sums_needed(const scratchcard_ticket *ticket)
{
    uint32_t most = 0;
    for (uint32_t l = 0; l < ticket->n_layers; l++) {
        const scratchcard_layer *layer = &ticket->layers[l];
        uint32_t sums = layer->rows * layer->columns * (layer->is_narrow ? 1 : 2);
        if (layer->kernel && sums > most)
            most = sums;
    }
    return most;
}

#endif

/* A layer on what has this shape, which becomes that of the layer. */
static inline void sc_read_layer(
    scratchcard_layer *layer, sc_reader *reader, unsigned code, uint64_t allowed, sc_shape *shape)
{
    layer->height = shape->height;
    layer->width = shape->width;
    if (code == 0) {
        layer->kernel = layer->before = 0;
        layer->stride = layer->pool = 1;
        layer->rows = layer->columns = 1;
        layer->span = shape->height * shape->width;
        layer->fan_in = shape->units * layer->span;
        shape->units = (uint32_t)sc_varint(reader, 1, allowed);
        shape->dimensions = shape->height = shape->width = 1;
    } else if (code == 1) {
        sc_read_convolution(layer, reader, allowed, shape);
    } else {
        reader->refused = 1;
    }
    layer->fan_out = shape->units;
    layer->positions = shape->height * shape->width;
    if ((uint64_t)layer->fan_out * layer->positions > allowed)
        reader->refused = 1;
}

static inline void sc_read_network(
    scratchcard_ticket *ticket, sc_reader *reader, size_t length, unsigned version)
{
    uint8_t codes = sc_byte(reader);
    uint64_t n_weights = 0, allowed = ((uint64_t)1 << 22) + (uint64_t)4096 * length;
    uint32_t flags = 0;
    sc_shape shape = {1, 1, 1, 1};
    allowed = allowed < (uint32_t)1 << 28 ? allowed : (uint32_t)1 << 28;
    ticket->weights = codes & 3;
    ticket->zero_biases = codes >> 2 & 1;
    ticket->activation = codes >> 3 & 3;
    ticket->per_feature = codes >> 6 & 1;
    if (version == 2)
        shape = sc_read_shape(reader, allowed);
    ticket->is_shaped = shape.dimensions > 1;
    ticket->n_layers = (uint32_t)sc_varint(reader, 1, 255);
    ticket->columns = ticket->kept = ticket->entries = NULL;
    ticket->is_named = 0;
    if (codes >> 7)
        ticket->columns = reader->at; /* sc_read_columns says where they are */
    if (ticket->weights > 2 || ticket->activation > 2 || (codes >> 7 && version == 1))
        reader->refused = 1;
    if (reader->refused || ticket->n_layers > SCRATCHCARD_MAX_LAYERS)
        return;
    if (version == 1)
        shape.units = (uint32_t)sc_varint(reader, 1, allowed);
    ticket->n_inputs = ticket->n_columns = shape.units * shape.height * shape.width;
    for (uint32_t l = 0; l < ticket->n_layers; l++) {
        uint32_t size = shape.units * shape.height * shape.width;
        if (ticket->widths[l & 1] < size)
            ticket->widths[l & 1] = size;
        flags += l ? (shape.units + 7) / 8 : 0;
        unsigned code = version == 2 ? sc_byte(reader) : 0;
        sc_read_layer(&ticket->layers[l], reader, code, allowed, &shape);
        n_weights += (uint64_t)ticket->layers[l].fan_in * shape.units;
        if (reader->refused || n_weights > allowed) {
            reader->refused = 1;
            return;
        }
    }
    ticket->n_outputs = shape.units;
    ticket->seed = (uint32_t)sc_varint(reader, 0, UINT32_MAX);
    if (ticket->layers[ticket->n_layers - 1].kernel > 0 || shape.units > 65536 ||
        !sc_derive(ticket, codes >> 5 & 1 ? 32767 : 127)) {
        reader->refused = 1;
        return;
    }
    ticket->work_needed = ticket->widths[0] + ticket->widths[1] + sc_sums_needed(ticket);
    ticket->work_needed += (flags + 1) / 2;
}

static inline void sc_read_scaling(scratchcard_ticket *ticket, sc_reader *reader)
{
    uint32_t pairs = ticket->per_feature ? ticket->n_inputs : 1;
    int are_short = ticket->columns && ticket->per_feature; /* they come with their columns */
    ticket->scaling = sc_take(reader, are_short ? 0 : 8 * pairs);
    if (reader->refused || (ticket->per_feature && pairs == 1) ||
        (!are_short && (!sc_finite(ticket->scaling, pairs, 1) ||
            !sc_finite(ticket->scaling + 4 * pairs, pairs, 0))))
        reader->refused = 1;
    if (!reader->refused && ticket->columns)
        sc_read_columns(ticket, reader);
}

static inline void sc_read_lines(scratchcard_ticket *ticket, sc_reader *reader)
{
    uint32_t count = ticket->n_outputs;
    ticket->loss = sc_byte(reader);
    if (ticket->loss == SCRATCHCARD_QUANTILE) {
        const uint8_t *at = sc_take(reader, 8);
        double level = at ? sc_double(at) : 0.0;
        if (!(level > 0.0 && level < 1.0)) /* nor NaN */
            reader->refused = 1;
    }
    ticket->lines = sc_take(reader, 12 * count); /* doubles, then as many floats */
    if (reader->refused || ticket->loss > SCRATCHCARD_POISSON ||
        !sc_finite_doubles(ticket->lines, count) || !sc_finite(ticket->lines + 8 * count, count, 1))
        reader->refused = 1;
}

static inline void sc_read_classes(scratchcard_ticket *ticket, sc_reader *reader)
{
    const uint8_t *temperature = sc_take(reader, 4);
    ticket->label_kind = sc_byte(reader);
    if (reader->refused || ticket->label_kind > SCRATCHCARD_BOOLEANS ||
        !sc_finite(temperature, 1, 0) || sc_u32(temperature) == 0) {
        reader->refused = 1;
        return;
    }
    ticket->temperature = sc_float(temperature);
    ticket->n_classes = ticket->n_outputs;
    ticket->labels = reader->at;
    for (uint32_t c = 0; c < ticket->n_classes && !reader->refused; c++) {
        scratchcard_label label;
        sc_read_label(reader, ticket->label_kind, &label);
    }
}

static inline void sc_read_head(scratchcard_ticket *ticket, sc_reader *reader, unsigned version)
{
    ticket->head = SCRATCHCARD_ANSWERS_CLASSES;
    if (version == 2)
        ticket->head = sc_byte(reader);
    ticket->label_kind = SCRATCHCARD_COUNTED;
    ticket->loss = SCRATCHCARD_SQUARED_ERROR;
    ticket->n_classes = 0;
    ticket->temperature = 0.0f;
    ticket->labels = ticket->lines = reader->at;
    if (ticket->head == SCRATCHCARD_ANSWERS_NUMBERS)
        sc_read_lines(ticket, reader);
    else if (ticket->head == SCRATCHCARD_ANSWERS_CLASSES &&
        (version == 1 || ticket->is_shaped || ticket->columns))
        sc_read_classes(ticket, reader);
    else /* an unknown head, or what version 1 can say */
        reader->refused = 1;
}

static inline void sc_read_mask_head(scratchcard_ticket *ticket, sc_reader *reader)
{
    uint64_t bits, least = 0, most = 0;
    for (uint32_t l = ticket->n_layers; l-- > 0;) {
        scratchcard_layer *layer = &ticket->layers[l];
        uint64_t weights = (uint64_t)layer->fan_in * layer->fan_out;
        layer->survivors = (uint32_t)sc_varint(reader, 0, weights);
        layer->rice = layer->survivors ? sc_byte(reader) : 0;
        least += (uint64_t)layer->survivors * (1u + layer->rice);
        most += weights;
        if (layer->rice > 31)
            reader->refused = 1;
    }
    bits = (uint64_t)(reader->end - reader->at) * 8;
    if (bits < least || bits >= most + 8)
        reader->refused = 1;
    ticket->mask = reader->at;
    ticket->mask_bits = (uint32_t)bits;
}

/* Open the ticket whose file of length bytes is at file. work: an area of work_length int16_t.
   Checks all that could do harm: not that labels, names or values differ, nor that text is UTF-8,
   nor that what columns say is read is read by a weight. */
static inline int scratchcard_open(
    scratchcard_ticket *ticket, const void *file, size_t length, int16_t *work, size_t work_length)
{
    const uint8_t *bytes = (const uint8_t *)file;
    ticket->work_needed = ticket->widths[0] = ticket->widths[1] = 0;
    if (length < 4 || bytes[0] != 'S' || bytes[1] != 'C' || bytes[2] != 'R' || bytes[3] != 'T')
        return SCRATCHCARD_NOT_A_TICKET;
    if (length < 27 || length > (uint32_t)1 << 26)
        return SCRATCHCARD_DAMAGED;
    if (bytes[4] != 1 && bytes[4] != 2)
        return bytes[4] ? SCRATCHCARD_NEWER : SCRATCHCARD_REFUSED;
    if (sc_crc(bytes, length - 4) != sc_u32(bytes + length - 4))
        return SCRATCHCARD_DAMAGED;
    sc_reader reader = {bytes + 5, bytes + length - 4, 0};
    sc_read_network(ticket, &reader, length, bytes[4]);
    if (!reader.refused && ticket->n_layers > SCRATCHCARD_MAX_LAYERS)
        return SCRATCHCARD_TOO_DEEP;
    if (!reader.refused)
        sc_read_scaling(ticket, &reader);
    if (!reader.refused)
        sc_read_head(ticket, &reader, bytes[4]);
    if (!reader.refused)
        sc_read_mask_head(ticket, &reader);
    if (reader.refused)
        return SCRATCHCARD_REFUSED;
    if (work_length < ticket->work_needed)
        return SCRATCHCARD_WORK;
    ticket->values[0] = work;
    ticket->values[1] = work + ticket->widths[0];
    ticket->sums = ticket->values[1] + ticket->widths[1];
    uint8_t *flags = (uint8_t *)(ticket->sums + sc_sums_needed(ticket));
    for (uint32_t l = 0; l + 1 < ticket->n_layers; l++) {
        ticket->layers[l].feeds = flags;
        flags += (ticket->layers[l].fan_out + 7) / 8;
    }
    ticket->layers[ticket->n_layers - 1].feeds = NULL;
    return sc_check_mask(ticket);
}

/* ---- predicting ---- */

/* The integer that stands for feature x. volatile: each step is rounded to double, not fused. */
static inline int16_t sc_scaled(int32_t limit, double x, double offset, double scale)
{
    volatile double value = x - offset;
    value = value * scale;
    value = value * (double)limit;
    value = value + 0.5;
    if (value >= (double)limit)
        return (int16_t)limit;
    if (value < (double)-limit)
        return (int16_t)-limit;
    int32_t whole = (int32_t)value; /* towards 0 */
    return (int16_t)((double)whole > value ? whole - 1 : whole);
}

static inline int16_t sc_quantise(const scratchcard_ticket *ticket, uint32_t feature, double x)
{
    uint32_t pairs = ticket->per_feature ? ticket->n_inputs : 1;
    uint32_t pair = ticket->per_feature ? feature : 0;
    return sc_scaled(ticket->layers[0].limit, x, (double)sc_float(ticket->scaling + 4 * pair),
        (double)sc_float(ticket->scaling + 4 * (pairs + pair)));
}

#ifndef SCRATCHCARD_NO_COLUMNS

/* The inputs of a row of columns. 0: it holds infinity, or NaN where no cell may be missing. */
SC_APART int sc_quantise_columns(const scratchcard_ticket *ticket, const double *row)
{
    int32_t limit = ticket->layers[0].limit;
    sc_columns columns = sc_start_columns(ticket, ticket->mask);
    for (uint32_t k = 0; k < ticket->n_columns; k++) {
        sc_next_column(ticket, &columns);
        int16_t *in = ticket->values[0] + columns.input;
        int is_missing = row[k] != row[k];
        uint32_t code = 0;
        for (uint32_t i = 0; i < columns.n_inputs; i++)
            in[i] = 0;
        if (!columns.is_read)
            continue;
        for (uint32_t i = 0; i < columns.n_values; i++)
            if (sc_is_kept(ticket, columns.input + i) && row[k] == (double)code++)
                in[i] = (int16_t)limit;
        uint32_t last = columns.n_inputs - 1;
        if (columns.may_miss && is_missing && sc_is_kept(ticket, columns.input + last))
            in[last] = (int16_t)limit;
        if (columns.n_values || (columns.may_miss && is_missing))
            continue;
        if (!(row[k] - row[k] == 0.0))
            return 0;
        if (!sc_is_kept(ticket, columns.input))
            continue;
        in[0] = ticket->per_feature ? sc_scaled(limit, row[k], columns.offset, columns.scale)
                                    : sc_quantise(ticket, 0, row[k]);
    }
    return 1;
}

#endif

static inline int16_t sc_activate(const scratchcard_ticket *ticket, uint32_t l, int32_t sum)
{
    int32_t limit = ticket->layers[l + 1].limit, one = ticket->layers[l + 1].one;
    if (ticket->activation == SCRATCHCARD_RELU) {
        sum = sum > 0 ? sum >> ticket->layers[l].shift : 0;
        return (int16_t)(sum < limit ? sum : limit);
    }
    if (sum > 0)
        return (int16_t)one;
    return (int16_t)(ticket->activation == SCRATCHCARD_SIGN && sum < 0 ? -one : 0);
}

/* ---- maps ---- */

#ifdef SCRATCHCARD_NO_CONVOLUTIONS

static inline void sc_run_maps(const scratchcard_ticket *ticket, uint32_t l)
{
    (void)ticket, (void)l; /* no such ticket is open */
}

#else

static inline int32_t sc_sum(const int16_t *sums, uint32_t at, int is_narrow)
{
    return is_narrow ? sums[at] : (int32_t)sums[2 * at + 1] * 65536 + (uint16_t)sums[2 * at];
}

static inline void sc_set_sum(int16_t *sums, uint32_t at, int is_narrow, int32_t sum)
{
    int32_t low = sum & 0xFFFF;
    if (is_narrow) {
        sums[at] = (int16_t)sum;
        return;
    }
    sums[2 * at] = (int16_t)(low < 32768 ? low : low - 65536);
    sums[2 * at + 1] = (int16_t)sc_shift(sum, 16);
}

/* Add weight * in[0], in[step], … to count sums from a place on. */
static inline void sc_add_row(int16_t *sums, uint32_t at, int is_narrow, const int16_t *in,
    uint32_t step, uint32_t count, int32_t weight)
{
    for (uint32_t c = 0; c < count; c++) {
        int32_t sum = sc_sum(sums, at + c, is_narrow) + weight * in[c * step];
        sc_set_sum(sums, at + c, is_narrow, sum);
    }
}

/* Of the count places of a kernel, those at which its row or column number at is on the map, whose
   size is size: from *from to before the place that is returned. */
static inline uint32_t sc_on_map(
    const scratchcard_layer *layer, uint32_t at, uint32_t count, uint32_t size, uint32_t *from)
{
    uint32_t stride = layer->stride, outside = layer->before > at ? layer->before - at : 0;
    uint32_t to = (size - 1 + layer->before - at) / stride + 1; /* at < kernel <= size */
    *from = (outside + stride - 1) / stride;
    return to < count ? to : count;
}

/* Add weight times a map to the sums, shifted as the place at of the kernel says. */
static inline void sc_add_map(const scratchcard_layer *layer, int16_t *sums, const int16_t *map,
    uint32_t at, int32_t weight)
{
    uint32_t row = at / layer->kernel, column = at % layer->kernel, stride = layer->stride;
    uint32_t top, left, bottom = sc_on_map(layer, row, layer->rows, layer->height, &top);
    uint32_t right = sc_on_map(layer, column, layer->columns, layer->width, &left);
    for (uint32_t r = top; r < bottom && left < right; r++) {
        uint32_t y = r * stride + row - layer->before, x = left * stride + column - layer->before;
        uint32_t to = r * layer->columns + left;
        const int16_t *in = map + y * layer->width + x;
        if (!layer->is_narrow)
            sc_add_row(sums, to, 0, in, stride, right - left, weight);
        else if (stride > 1)
            sc_add_row(sums, to, 1, in, stride, right - left, weight);
        else
            sc_add_row(sums, to, 1, in, 1, right - left, weight);
    }
}

/* The sum at a position of a map: the largest of a square where there is pooling. */
static inline int32_t sc_pooled(const scratchcard_layer *layer, const int16_t *sums, uint32_t at)
{
    uint32_t width = layer->columns / layer->pool;
    uint32_t first = at / width * layer->pool * layer->columns + at % width * layer->pool;
    int32_t sum = sc_sum(sums, first, layer->is_narrow);
    for (uint32_t i = 1; i < (uint32_t)layer->pool * layer->pool; i++) {
        uint32_t other = first + i / 2 * layer->columns + i % 2;
        int32_t found = sc_sum(sums, other, layer->is_narrow);
        sum = found > sum ? found : sum;
    }
    return sum;
}

/* Run a convolution, which is never the last layer: one map after the other, each over the weights
   into it that stay. */
SC_APART void sc_run_maps(const scratchcard_ticket *ticket, uint32_t l)
{
    const scratchcard_layer *layer = &ticket->layers[l];
    const int16_t *in = ticket->values[l & 1];
    int16_t *out = ticket->values[~l & 1];
    uint32_t row = 0, size = layer->height * layer->width; /* row: see sc_run_layer */
    sc_walk walk = sc_start(ticket, l, UINT32_MAX);
    int more = sc_next(&walk);
    for (uint32_t j = 0; j < layer->fan_out; j++) {
        if (!sc_feeds(layer, j))
            continue;
        int32_t bias = scratchcard_bias(ticket->zero_biases, ticket->seed, l, j);
        bias = sc_shift(bias * layer->unit, 7);
        for (uint32_t at = 0; at < layer->rows * layer->columns; at++)
            sc_set_sum(ticket->sums, at, layer->is_narrow, bias);
        for (; more && walk.place - 1 - row < layer->fan_in; more = sc_next(&walk)) {
            uint32_t i = walk.place - 1 - row, index = j * layer->fan_in + i;
            sc_add_map(layer, ticket->sums, in + i / layer->span * size, i % layer->span,
                scratchcard_weight(ticket->weights, ticket->seed, l, index));
        }
        row += layer->fan_in;
        for (uint32_t at = 0; at < layer->positions; at++)
            out[j * layer->positions + at] =
                sc_activate(ticket, l, sc_pooled(layer, ticket->sums, at));
    }
}

#endif

static inline void sc_run_layer(const scratchcard_ticket *ticket, uint32_t l, int32_t *outputs)
{
    const scratchcard_layer *layer = &ticket->layers[l];
    const int16_t *in = ticket->values[l & 1];
    int16_t *out = ticket->values[~l & 1];
    sc_walk walk = sc_start(ticket, l, UINT32_MAX);
    uint32_t row = 0; /* where the unit's weights start among the coded ones */
    int more = sc_next(&walk);
    for (uint32_t j = 0; j < layer->fan_out; j++) {
        if (!sc_feeds(layer, j))
            continue; /* nothing reads its value */
        int32_t sum = scratchcard_bias(ticket->zero_biases, ticket->seed, l, j);
        sum = sc_shift(sum * layer->unit, 7);
        for (; more && walk.place - 1 - row < layer->fan_in; more = sc_next(&walk)) {
            uint32_t i = walk.place - 1 - row, index = j * layer->fan_in + i;
            sum += in[i] * scratchcard_weight(ticket->weights, ticket->seed, l, index);
        }
        row += layer->fan_in;
        if (layer->feeds)
            out[j] = sc_activate(ticket, l, sum);
        else
            outputs[j] = sum;
    }
}

/* Predict one row of n_columns doubles; outputs takes n_outputs integers. Returns the index of the
   class, the largest output and the first of equal ones; or SCRATCHCARD_NOT_FINITE. Where answers
   are numbers, the index means nothing. */
static inline int32_t scratchcard_predict(
    const scratchcard_ticket *ticket, const double *row, int32_t *outputs)
{
    uint32_t best = 0;
    if (ticket->columns) {
        if (!sc_quantise_columns(ticket, row))
            return SCRATCHCARD_NOT_FINITE;
    } else {
        for (uint32_t i = 0; i < ticket->n_inputs; i++) {
            if (!(row[i] - row[i] == 0.0))
                return SCRATCHCARD_NOT_FINITE;
            ticket->values[0][i] = sc_quantise(ticket, i, row[i]);
        }
    }
    for (uint32_t l = 0; l < ticket->n_layers; l++) {
        if (ticket->layers[l].kernel)
            sc_run_maps(ticket, l);
        else
            sc_run_layer(ticket, l, outputs);
    }
    for (uint32_t c = 1; c < ticket->n_outputs; c++)
        if (outputs[c] > outputs[best])
            best = c;
    return (int32_t)best;
}

/* e**x as a fixed sequence of double operations. volatile: each is rounded, none is fused. */
static inline double sc_exponential(double x)
{
    volatile double rest, total, term, factorial = 6227020800.0; /* 13! */
    union { uint64_t bits; double value; } power;
    x = x > 700.0 ? 700.0 : x < -700.0 ? -700.0 : x;
    term = x * 1.44269504088896338700;
    term = term + 0.5;
    int32_t whole = (int32_t)term; /* towards 0 */
    whole = (double)whole > term ? whole - 1 : whole;
    term = (double)whole * 6.93147180369123816490e-01; /* ln 2 in two parts */
    rest = x - term;
    term = (double)whole * 1.90821492927058770002e-10;
    rest = rest - term;
    total = 1.0 / factorial;
    for (int n = 13; n > 1; n--) {
        if (n < 13) {
            term = 1.0 / factorial;
            total = total + term;
        }
        total = total * rest;
        factorial = factorial / n;
    }
    total = total + 1.0;
    total = total * rest;
    total = total + 1.0;
    power.bits = (uint64_t)(whole + 1023) << 52;
    return total * power.value;
}

/* Predict one row of n_columns doubles where answers are numbers; outputs takes n_outputs integers
   and numbers as many doubles. Returns 0, or SCRATCHCARD_NOT_FINITE. */
static inline int32_t scratchcard_predict_numbers(
    const scratchcard_ticket *ticket, const double *row, int32_t *outputs, double *numbers)
{
    if (scratchcard_predict(ticket, row, outputs) < 0)
        return SCRATCHCARD_NOT_FINITE;
    for (uint32_t k = 0; k < ticket->n_outputs; k++) {
        const uint8_t *scale = ticket->lines + 8 * ticket->n_outputs + 4 * k;
        volatile double value = (double)sc_float(scale) * (double)outputs[k];
        value = sc_double(ticket->lines + 8 * k) + value;
        numbers[k] = ticket->loss == SCRATCHCARD_POISSON ? sc_exponential(value) : value;
    }
    return 0;
}

/* The label of a class, 0 <= index < n_classes. */
static inline scratchcard_label scratchcard_label_of(
    const scratchcard_ticket *ticket, uint32_t index)
{
    scratchcard_label label = {index, 0.0, NULL, 0};
    sc_reader reader = {ticket->labels, ticket->mask, 0};
    for (uint32_t c = 0; c <= index && ticket->label_kind != SCRATCHCARD_COUNTED; c++)
        sc_read_label(&reader, ticket->label_kind, &label);
    return label;
}

#ifndef SCRATCHCARD_NO_COLUMNS

/* ---- what columns are, where ticket.columns is not NULL ---- */

/* What a column is; nothing that is read where index is not below n_columns. */
static inline scratchcard_column_info scratchcard_column_of(
    const scratchcard_ticket *ticket, uint32_t index)
{
    scratchcard_column_info found = {SCRATCHCARD_NUMBER, 1, 0, 0, {NULL, 0}};
    if (index >= ticket->n_columns) {
        found.kind = SCRATCHCARD_NOTHING;
        found.is_read = 0;
        return found;
    }
    if (!ticket->columns)
        return found;
    sc_columns columns = sc_start_columns(ticket, ticket->mask);
    for (uint32_t k = 0; k <= index; k++)
        sc_next_column(ticket, &columns);
    found.kind = columns.n_values ? SCRATCHCARD_CATEGORY
        : columns.code ? SCRATCHCARD_NUMBER : SCRATCHCARD_NOTHING;
    found.is_read = (uint8_t)columns.is_read;
    found.may_miss = (uint8_t)columns.may_miss;
    found.n_values = columns.n_kept;
    found.name = columns.name;
    return found;
}

/* The value of a category; NULL where code is not below n_values of this column. */
static inline scratchcard_text scratchcard_value_of(
    const scratchcard_ticket *ticket, uint32_t column, uint32_t code)
{
    scratchcard_text found = {NULL, 0};
    if (!ticket->columns || column >= ticket->n_columns)
        return found;
    sc_columns columns = sc_start_columns(ticket, ticket->mask);
    for (uint32_t k = 0; k <= column; k++)
        sc_next_column(ticket, &columns);
    for (uint32_t i = 0; i <= code && code < columns.n_kept; i++)
        found = sc_read_text(&columns.entries);
    return found;
}

static inline int sc_is_text(scratchcard_text found, const char *text, uint32_t length)
{
    if (!found.text || found.length != length)
        return 0;
    for (uint32_t i = 0; i < length; i++)
        if (found.text[i] != (uint8_t)text[i])
            return 0;
    return 1;
}

/* The column of a name, in UTF-8; -1 where none that is read has it. */
static inline int32_t scratchcard_column(
    const scratchcard_ticket *ticket, const char *name, size_t length)
{
    if (!ticket->columns || length > 65536)
        return -1;
    sc_columns columns = sc_start_columns(ticket, ticket->mask);
    for (uint32_t k = 0; k < ticket->n_columns; k++) {
        sc_next_column(ticket, &columns);
        if (sc_is_text(columns.name, name, (uint32_t)length))
            return (int32_t)k;
    }
    return -1;
}

/* The code of a value of a category, in UTF-8; -1 where none that is read is this text. */
static inline int32_t scratchcard_value(
    const scratchcard_ticket *ticket, uint32_t column, const char *text, size_t length)
{
    if (!ticket->columns || column >= ticket->n_columns || length > 65536)
        return -1;
    sc_columns columns = sc_start_columns(ticket, ticket->mask);
    for (uint32_t k = 0; k <= column; k++)
        sc_next_column(ticket, &columns);
    for (uint32_t code = 0; code < columns.n_kept; code++)
        if (sc_is_text(sc_read_text(&columns.entries), text, (uint32_t)length))
            return (int32_t)code;
    return -1;
}

#endif

#endif
