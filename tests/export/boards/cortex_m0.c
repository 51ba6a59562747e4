/* Prints the outputs for each row on a Cortex-M0 in qemu, by semihosting. */

#include "ticket.h"
#include "rows.h"

extern uint32_t stack_top;
void start(void);

__attribute__((section(".vectors"), used)) static void *const vectors[2] = {
    &stack_top, (void *)start};

static void call(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void print(int32_t value)
{
    char text[13], *at = text + 12;
    uint32_t left = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    *at = 0;
    *--at = ' ';
    do
        *--at = (char)('0' + left % 10u);
    while (left /= 10u);
    if (value < 0)
        *--at = '-';
    call(4, at); /* SYS_WRITE0 */
}

void start(void)
{
    ticket_output outputs[TICKET_OUTPUTS];
    for (int n = 0; n < ROWS; n++) {
        ticket_outputs(rows[n], outputs);
        print(ticket_predict(rows[n]));
        for (int i = 0; i < TICKET_OUTPUTS; i++)
            print(outputs[i]);
        call(4, "\n");
    }
    call(0x18, (const void *)0x20026); /* SYS_EXIT: the program is done */
    for (;;) {
    }
}
