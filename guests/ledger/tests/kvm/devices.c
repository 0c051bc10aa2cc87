// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "monitor.h"

#define FIFO 16u
#define SERIAL_LINE 4u

static struct {
    uint8_t input[1 << 20]; // what the host sent
    size_t arrived;         // of it, in the FIFO or taken from it
    size_t taken;
    size_t end;
    uint8_t output[1 << 20];
    size_t output_length;
    uint8_t ier, fcr, lcr, mcr;
    bool level;
} serial;

static struct {
    uint8_t vector_base, mask, initialization;
    bool requested, in_service; // of the serial line
} pic;

static uint8_t rtc_index;

static bool fifo_on(void)
{
    return (serial.fcr & 1) != 0;
}

static void settle(void)
{
    size_t room = fifo_on() ? FIFO : 1;
    while ((serial.mcr & 0x10) == 0 && serial.arrived < serial.end &&
           serial.arrived - serial.taken < room) {
        serial.arrived++;
    }
    bool level =
        (serial.ier & 1) != 0 && serial.arrived > serial.taken && (serial.mcr & 0x18) == 0x08;
    if (level && !serial.level) {
        pic.requested = true;
    }
    serial.level = level;
}

static uint8_t serial_read(uint16_t port)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    size_t there = serial.arrived - serial.taken;
    switch (port & 7) {
    case 0:
        return there > 0 ? serial.input[serial.taken++] : 0;
    case 1:
        return serial.ier;
    case 2:
        if ((serial.ier & 1) == 0 || there == 0) {
            return 0xc1;
        }
        return there >= levels[serial.fcr >> 6] ? 0xc4 : 0xcc;
    case 5:
        return there > 0 ? 0x61 : 0x60;
    case 6:
        return 0xb0;
    default:
        return 0;
    }
}

static void serial_write(uint16_t port, uint8_t value)
{
    bool divisor = (serial.lcr & 0x80) != 0;
    switch (port & 7) {
    case 0:
        if (!divisor) {
            serial.output[serial.output_length++ % sizeof(serial.output)] = value;
        }
        break;
    case 1:
        if (!divisor) {
            serial.ier = value;
        }
        break;
    case 2:
        if (((value ^ serial.fcr) & 1) != 0) {
            serial.taken = serial.arrived;
        }
        serial.fcr = value;
        break;
    case 3:
        serial.lcr = value;
        break;
    case 4:
        serial.mcr = value;
        break;
    default:
        break;
    }
}

static void pic_write(uint16_t port, uint8_t value)
{
    if (port == 0x20) {
        if ((value & 0x10) != 0) {
            pic.initialization = 1;
        } else if (value == (0x60 | SERIAL_LINE)) {
            pic.in_service = false;
        } else {
            fail("unexpected command of the interrupt controller", value);
        }
    } else if (pic.initialization == 1) {
        pic.vector_base = value;
        pic.initialization = 2;
    } else if (pic.initialization == 2 || pic.initialization == 3) {
        pic.initialization = (pic.initialization + 1) & 3;
    } else {
        pic.mask = value;
    }
}

static uint8_t rtc_read(void)
{
    // 2023-11-14 22:13:20 UTC, in BCD, 24 hours.
    switch (rtc_index) {
    case 0x00:
        return 0x20;
    case 0x02:
        return 0x13;
    case 0x04:
        return 0x22;
    case 0x07:
        return 0x14;
    case 0x08:
        return 0x11;
    case 0x09:
        return 0x23;
    case 0x0b:
        return 0x02;
    case 0x32:
        return 0x20;
    default:
        return 0;
    }
}

static uint8_t read_port(uint16_t port)
{
    if (port >= 0x3f8 && port <= 0x3ff) {
        uint8_t value = serial_read(port);
        settle();
        return value;
    }
    switch (port) {
    case 0x40: // the timer stands still
        return 0x10;
    case 0x71:
        return rtc_read();
    default:
        fail("read of an unknown port", port);
    }
}

static void write_port(uint16_t port, uint8_t value)
{
    if (port >= 0x3f8 && port <= 0x3ff) {
        serial_write(port, value);
        settle();
        return;
    }
    switch (port) {
    case 0x20:
    case 0x21:
        pic_write(port, value);
        break;
    case 0x40:
    case 0x43:
    case 0xa0:
    case 0xa1:
        break;
    case 0x70:
        rtc_index = value & 0x7f;
        break;
    default:
        fail("write to an unknown port", port);
    }
}

void devices_access(bool write, uint16_t port, uint8_t *data, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (write) {
            write_port(port, data[i]);
        } else {
            data[i] = read_port(port);
        }
    }
}

bool devices_interrupt_waits(void)
{
    return pic.requested && !pic.in_service && (pic.mask & 1u << SERIAL_LINE) == 0 &&
           pic.vector_base != 0;
}

uint8_t devices_acknowledge(void)
{
    pic.requested = false;
    pic.in_service = true;
    return (uint8_t)(pic.vector_base + SERIAL_LINE);
}

void console_input(const void *bytes, size_t length)
{
    if (serial.taken == serial.end) {
        serial.taken = serial.arrived = serial.end = 0;
    }
    if (serial.end + length > sizeof(serial.input)) {
        fail("too much input", length);
    }
    memcpy(serial.input + serial.end, bytes, length);
    serial.end += length;
    settle();
}

size_t console_output(const uint8_t **bytes)
{
    *bytes = serial.output;
    size_t length = serial.output_length;
    serial.output_length = 0;
    return length;
}
