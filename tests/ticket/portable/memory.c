/* memory.c: opens the ticket file argv[1], for tests/ticket/test_memory.py. Prints the bytes that
   scratchcard.h asks the caller for beside the file, and by how many the process grew. Linux. */

#include <stdio.h>
#include <stdlib.h>

#include "scratchcard.h"

static long peak(void) /* bytes; unlike ru_maxrss it starts anew with the program */
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    return kib * 1024;
}

int main(int argc, char **argv)
{
    scratchcard_ticket ticket;
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END))
        return 1;
    size_t length = (size_t)ftell(file);
    uint8_t *bytes = malloc(length);
    rewind(file);
    if (!bytes || fread(bytes, 1, length, file) != length)
        return 1;
    long before = peak();
    if (scratchcard_open(&ticket, bytes, length, NULL, 0) != SCRATCHCARD_WORK)
        return 1;
    int16_t *work = malloc(ticket.work_needed * sizeof *work);
    if (!work || scratchcard_open(&ticket, bytes, length, work, ticket.work_needed))
        return 1;
    printf("%lu %ld\n", (unsigned long)(ticket.work_needed * sizeof *work), peak() - before);
    return 0;
}
