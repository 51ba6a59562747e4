/* Prints the outputs for each row on an ATmega328P in simavr, through its serial port. */

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "ticket.h"
#include "rows.h"

static void put(char character)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = (uint8_t)character;
}

static void print(int32_t value)
{
    char text[12], *at = text;
    uint32_t left = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    if (value < 0)
        put('-');
    do
        *at++ = (char)('0' + left % 10u);
    while (left /= 10u);
    while (at > text)
        put(*--at);
    put(' ');
}

int main(void)
{
    UCSR0B = 1 << TXEN0;
    for (int n = 0; n < ROWS; n++) {
        static ticket_input row[TICKET_INPUTS];
        static ticket_output outputs[TICKET_OUTPUTS];
        for (int i = 0; i < TICKET_INPUTS; i++)
            row[i] = (ticket_input)pgm_read_byte(&rows[n][i]);
        ticket_outputs(row, outputs);
        print(ticket_predict(row));
        for (int i = 0; i < TICKET_OUTPUTS; i++)
            print(outputs[i]);
        put('\n');
    }
    cli();
    sleep_enable();
    sleep_cpu(); /* asleep without interrupts: the simulator ends */
    return 0;
}
