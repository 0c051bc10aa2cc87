// SPDX-License-Identifier: Apache-2.0
//
// The driver against a 16550A whose line is infinitely fast, and how many port accesses a request
// costs. Every access is an exit from the virtual machine.

#include "harness.h"

#include "channels.h"
#include "cpu.h"
#include "output.h"
#include "uart.h"

#define FIFO 16u

static struct {
    uint8_t line[1 << 16]; // what the host sent
    size_t arrived;        // of it, in the FIFO or taken from it
    size_t taken;
    size_t end;
    uint8_t sent[1 << 16];
    size_t sent_length;
    uint8_t ier;
    uint8_t fcr;
    uint8_t lcr;
    uint8_t mcr;
    uint32_t accesses;
} port;

static bool fifo_on(void)
{
    return (port.fcr & 1) != 0;
}

static void flow(void)
{
    while ((port.mcr & 0x10) == 0 && port.arrived < port.end &&
           port.arrived - port.taken < (fifo_on() ? FIFO : 1)) {
        port.arrived++;
    }
}

static uint8_t identify(void)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    size_t there = port.arrived - port.taken;
    if ((port.ier & 1) == 0 || there == 0) {
        return 0xc1;
    }
    return there >= levels[port.fcr >> 6] ? 0xc4 : 0xcc;
}

static uint8_t read_byte(void)
{
    flow();
    uint8_t value = port.taken < port.arrived ? port.line[port.taken++] : 0;
    flow();
    return value;
}

uint8_t port_read(uint16_t number)
{
    port.accesses++;
    flow();
    switch (number) {
    case 0x3f8:
        return read_byte();
    case 0x3fa:
        return identify();
    case 0x3fd:
        return port.arrived > port.taken ? 0x61 : 0x60;
    default:
        return 0;
    }
}

void port_write(uint16_t number, uint8_t value)
{
    port.accesses++;
    switch (number) {
    case 0x3f8:
        if ((port.lcr & 0x80) == 0) {
            port.sent[port.sent_length++] = value;
        }
        break;
    case 0x3f9:
        if ((port.lcr & 0x80) == 0) {
            port.ier = value;
        }
        break;
    case 0x3fa:
        if (((value ^ port.fcr) & 1) != 0) {
            port.taken = port.arrived; // what was there is lost
        }
        port.fcr = value;
        break;
    case 0x3fb:
        port.lcr = value;
        break;
    case 0x3fc:
        port.mcr = value;
        break;
    default:
        CHECK(false);
    }
    flow();
}

void port_read_many(uint16_t number, uint8_t *to, size_t count)
{
    port.accesses++;
    CHECK(number == 0x3f8);
    for (size_t i = 0; i < count; i++) {
        CHECK(port.taken < port.arrived);
        to[i] = read_byte();
    }
}

void port_write_many(uint16_t number, const uint8_t *from, size_t count)
{
    port.accesses++;
    CHECK(number == 0x3f8 && count <= FIFO);
    memcpy(port.sent + port.sent_length, from, count);
    port.sent_length += count;
}

static void host_sends(const void *bytes, size_t length)
{
    memcpy(port.line + port.end, bytes, length);
    port.end += length;
}

// What the main loop and the handler do for what has arrived.
static void serve_all(void)
{
    const uint8_t *bytes;
    size_t length;
    do {
        uart_interrupt();
        while (output_has_reply_room() && (length = uart_peek(&bytes)) > 0) {
            uart_consume(channels_input(bytes, length));
        }
        output_finish();
        uart_transmit();
        uart_resume();
    } while (port.taken < port.end);
}

static uint32_t cost(const void *request, size_t length)
{
    port.accesses = 0;
    host_sends(request, length);
    serve_all();
    return port.accesses;
}

static void every_length(void)
{
    static uint8_t request[400];
    for (size_t length = 1; length <= 300; length++) {
        memcpy(request, "ECHO ", 5);
        for (size_t i = 0; i < length; i++) {
            request[5 + i] = (uint8_t)('a' + i % 26);
        }
        request[5 + length] = '\n';
        port.sent_length = 0;
        host_sends(request, 6 + length);
        serve_all();
        CHECK(port.taken == port.end);
        uint8_t expected[400];
        size_t head = (size_t)sprintf((char *)expected, "$%zu\r\n", length);
        CHECK(port.sent_length == head + length + 2);
        CHECK(memcmp(port.sent + head, request + 5, length) == 0);
    }
}

// More than the ring holds, while nobody takes it off: receiving stops and goes on later.
static void flood(void)
{
    static uint8_t bytes[20000];
    memset(bytes, '\n', sizeof(bytes));
    port.end = port.taken = port.arrived = 0;
    host_sends(bytes, sizeof(bytes));
    host_sends("PING\n", 5);
    port.sent_length = 0;
    serve_all();
    CHECK(port.taken == sizeof(bytes) + 5);
    CHECK(port.sent_length == 7 && memcmp(port.sent, "+PONG\r\n", 7) == 0);
    CHECK((port.mcr & 2) != 0); // ready again
}

void test_uart(void)
{
    start(600, 16);
    // Sent before the guest runs: nothing of it may be lost.
    host_sends("PING\r\n", 6);
    uart_init();
    uart_start();
    serve_all();
    CHECK(port.sent_length == 7 && memcmp(port.sent, "+PONG\r\n", 7) == 0);
    every_length();
    flood();

    static const char set[] = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\nabc\r\n";
    static const char get[] = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
    uint32_t set_stream = cost(set, sizeof(set) - 1);
    uint32_t get_stream = cost(get, sizeof(get) - 1);
    cost("\4\0\10\0abcdefgh\1\1\0\0", 16);
    static const char frame[] = "\2\1\26\0*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
    uint32_t get_frame = cost(frame, sizeof(frame) - 1);
    static uint8_t many[50 * (sizeof(frame) - 1)];
    for (size_t i = 0; i < 50; i++) {
        memcpy(many + i * (sizeof(frame) - 1), frame, sizeof(frame) - 1);
    }
    uint32_t get_many = cost(many, sizeof(many));
    // To these come one access for the end of interrupt and one halt.
    printf("port accesses: SET %u, GET %u, GET in a frame %u, 50 of them at once %u\n", set_stream,
           get_stream, get_frame, get_many);
    CHECK(set_stream <= 19 && get_stream <= 11 && get_frame <= 15 && get_many <= 50 * 6);
}
