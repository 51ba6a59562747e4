/* reader.c: prints what scratchcard.h makes of tickets, for tests/test_portable.py.

   argv[1] is a file of jobs: u32 ticket length, ticket, u32 rows, u32 features, rows of doubles.
   For each job a line "ticket CODE", and if it opened: its columns, its labels, its rows and one row
   made up here, where answers are numbers followed by the bits of these. With no argument: lines
   "FAMILY SEED COUNTER1 INDEX" from stdin; prints both words, the weight and the bias of each. */

#include <stdio.h>
#include <stdlib.h>

#include "scratchcard.h"

static uint32_t read_u32(FILE *file)
{
    uint8_t bytes[4];
    if (fread(bytes, 1, 4, file) != 4)
        exit(3);
    return sc_u32(bytes);
}

static void print_numbers(const scratchcard_ticket *ticket, const double *row, int32_t *outputs)
{
    union { double value; uint64_t bits; } *numbers = malloc(ticket->n_outputs * sizeof *numbers);
    if (scratchcard_predict_numbers(ticket, row, outputs, &numbers->value))
        exit(3);
    printf("numbers");
    for (uint32_t k = 0; k < ticket->n_outputs; k++)
        printf(" %016llx", (unsigned long long)numbers[k].bits);
    printf("\n");
    free(numbers);
}

static void print_row(const scratchcard_ticket *ticket, const double *row, int32_t *outputs)
{
    printf("row %ld", (long)scratchcard_predict(ticket, row, outputs));
    for (uint32_t c = 0; c < ticket->n_outputs; c++)
        printf(" %ld", (long)outputs[c]);
    printf("\n");
    if (ticket->head == SCRATCHCARD_ANSWERS_NUMBERS)
        print_numbers(ticket, row, outputs);
}

static void print_label(const scratchcard_ticket *ticket, uint32_t c)
{
    scratchcard_label label = scratchcard_label_of(ticket, c);
    printf("label ");
    if (ticket->label_kind == SCRATCHCARD_TEXT) {
        for (uint32_t i = 0; i < label.text_length; i++)
            printf("%02x", label.text[i]);
        printf("\n");
    } else if (ticket->label_kind == SCRATCHCARD_NUMBERS) {
        printf("%.17g\n", label.number);
    } else {
        printf("%lld\n", (long long)label.integer);
    }
}

static void print_text(scratchcard_text text)
{
    printf(" .");
    for (uint32_t i = 0; i < text.length; i++)
        printf("%02x", text.text[i]);
}

/* What is found by name, by value and by code is what a walk over all columns finds. */
static void check_column(const scratchcard_ticket *ticket, uint32_t k, const sc_columns *walk)
{
    scratchcard_column_info column = scratchcard_column_of(ticket, k);
    const char *name = (const char *)column.name.text;
    int32_t found = name ? scratchcard_column(ticket, name, column.name.length) : 0;
    if (column.is_read != walk->is_read || column.may_miss != walk->may_miss)
        exit(4);
    if (column.n_values != walk->n_kept || column.name.text != walk->name.text)
        exit(4);
    if (found < 0 || (uint32_t)found > k) /* names that differ are not asked for here */
        exit(4);
    for (uint32_t code = 0; code < column.n_values; code++) {
        scratchcard_text value = scratchcard_value_of(ticket, k, code);
        found = scratchcard_value(ticket, k, (const char *)value.text, value.length);
        if (found < 0 || (uint32_t)found > code)
            exit(4);
    }
    if (scratchcard_value_of(ticket, k, column.n_values).text)
        exit(4);
    if (scratchcard_value(ticket, k, "no such value", 13) != -1)
        exit(4);
    if (scratchcard_column(ticket, "no such column", 14) != -1)
        exit(4);
}

/* A column that is not there, such as (uint32_t)-1 of a name that is not found, has nothing. */
static void check_absent(const scratchcard_ticket *ticket, uint32_t k)
{
    scratchcard_column_info column = scratchcard_column_of(ticket, k);
    if (column.kind != SCRATCHCARD_NOTHING || column.is_read || column.name.text)
        exit(4);
    if (scratchcard_value(ticket, k, "x", 1) != -1 || scratchcard_value_of(ticket, k, 0).text)
        exit(4);
}

/* Of each that is read its place, kind, whether cells may be missing, name if it has one, values. */
static void print_columns(const scratchcard_ticket *ticket)
{
    sc_columns walk = sc_start_columns(ticket, ticket->mask);
    check_absent(ticket, ticket->n_columns);
    check_absent(ticket, UINT32_MAX);
    for (uint32_t k = 0; k < ticket->n_columns; k++) {
        sc_next_column(ticket, &walk);
        if (ticket->n_columns < 300)
            check_column(ticket, k, &walk);
        if (!walk.is_read)
            continue;
        printf("column %lu %s %d", (unsigned long)k, walk.n_values ? "category" : "number",
            walk.may_miss);
        if (walk.name.text)
            print_text(walk.name);
        for (; walk.to_skip; walk.to_skip--)
            print_text(sc_read_text(&walk.entries));
        printf("\n");
    }
}

/* A row of columns that is made up: of a category a code, or one of none; and missing cells. */
static void make_up(const scratchcard_ticket *ticket, double *row)
{
    volatile double zero = 0.0;
    sc_columns walk = sc_start_columns(ticket, ticket->mask);
    for (uint32_t k = 0; k < ticket->n_columns; k++) {
        row[k] = (double)(k * 37 % 101) / 25 - 2;
        if (!ticket->columns)
            continue;
        sc_next_column(ticket, &walk);
        if (walk.is_read && walk.may_miss && k % 3 == 0)
            row[k] = zero / zero;
        else if (walk.is_read && walk.n_values)
            row[k] = (double)(k * 37 % 101 % (walk.n_kept + 2)) - 1.0;
    }
}

static void run_job(FILE *jobs)
{
    scratchcard_ticket ticket;
    uint32_t length = read_u32(jobs);
    uint8_t *bytes = malloc(length ? length : 1); /* of the exact size: a sanitizer guards its end */
    if (fread(bytes, 1, length, jobs) != length)
        exit(3);
    int code = scratchcard_open(&ticket, bytes, length, NULL, 0);
    int16_t *work = NULL;
    if (code == SCRATCHCARD_WORK) {
        work = malloc(ticket.work_needed * sizeof *work);
        code = scratchcard_open(&ticket, bytes, length, work, ticket.work_needed);
    }
    printf("ticket %d\n", code);
    uint32_t rows = read_u32(jobs), features = read_u32(jobs);
    if (!code) {
        int32_t *outputs = malloc(ticket.n_outputs * sizeof *outputs);
        double *row = malloc(ticket.n_columns * sizeof *row);
        if (ticket.columns)
            print_columns(&ticket);
        for (uint32_t c = 0; c < ticket.n_classes; c++)
            print_label(&ticket, c);
        for (uint32_t r = 0; r < rows; r++) {
            if (features != ticket.n_columns || fread(row, 8, features, jobs) != features)
                exit(3);
            print_row(&ticket, row, outputs);
        }
        make_up(&ticket, row);
        print_row(&ticket, row, outputs);
        free(row);
        free(outputs);
    }
    free(work);
    free(bytes);
}

int main(int argc, char **argv)
{
    unsigned long family, seed, counter1, index;
    if (argc > 1) {
        FILE *jobs = fopen(argv[1], "rb");
        if (!jobs)
            return 3;
        for (uint32_t n = read_u32(jobs); n; n--)
            run_job(jobs);
        fclose(jobs);
        return 0;
    }
    while (scanf("%lu %lu %lu %lu", &family, &seed, &counter1, &index) == 4) {
        uint32_t word[2];
        uint32_t layer = (uint32_t)counter1 / 2;
        sc_philox((uint32_t)index, (uint32_t)counter1, (uint32_t)seed, word);
        printf("%08lx %08lx %ld %ld\n", (unsigned long)word[0], (unsigned long)word[1],
            (long)scratchcard_weight((unsigned)family, (uint32_t)seed, layer, (uint32_t)index),
            (long)scratchcard_bias(0, (uint32_t)seed, layer, (uint32_t)index));
    }
    return 0;
}
