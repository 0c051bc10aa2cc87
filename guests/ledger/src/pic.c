// SPDX-License-Identifier: Apache-2.0

#include "pic.h"

#include "cpu.h"
#include "layout.h"

#define MASTER_COMMAND 0x20
#define MASTER_DATA 0x21
#define SLAVE_COMMAND 0xa0
#define SLAVE_DATA 0xa1

#define CASCADE_LINE 2u

#define ICW1_INIT_WITH_ICW4 0x11
#define ICW4_8086 0x01
#define OCW2_SPECIFIC_EOI 0x60
#define OCW3_READ_ISR 0x0b

void pic_init(void)
{
    port_write(MASTER_COMMAND, ICW1_INIT_WITH_ICW4);
    port_write(MASTER_DATA, PIC_MASTER_VECTOR);
    port_write(MASTER_DATA, 1u << CASCADE_LINE);
    port_write(MASTER_DATA, ICW4_8086);
    port_write(SLAVE_COMMAND, ICW1_INIT_WITH_ICW4);
    port_write(SLAVE_DATA, PIC_SLAVE_VECTOR);
    port_write(SLAVE_DATA, CASCADE_LINE);
    port_write(SLAVE_DATA, ICW4_8086);
    port_write(MASTER_DATA, (uint8_t) ~(1u << LINE_TIMER | 1u << CASCADE_LINE | 1u << LINE_SERIAL));
    port_write(SLAVE_DATA, 0xff);
}

void pic_end_of_interrupt(uint32_t line)
{
    if (line >= 8) {
        port_write(SLAVE_COMMAND, (uint8_t)(OCW2_SPECIFIC_EOI | (line - 8)));
        line = CASCADE_LINE;
    }
    port_write(MASTER_COMMAND, (uint8_t)(OCW2_SPECIFIC_EOI | line));
}

bool pic_in_service(uint32_t line)
{
    uint16_t command = line >= 8 ? SLAVE_COMMAND : MASTER_COMMAND;
    port_write(command, OCW3_READ_ISR);
    return (port_read(command) & 1u << (line & 7)) != 0;
}

void pic_end_of_cascade(void)
{
    port_write(MASTER_COMMAND, OCW2_SPECIFIC_EOI | CASCADE_LINE);
}
