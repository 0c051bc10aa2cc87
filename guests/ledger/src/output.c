// SPDX-License-Identifier: Apache-2.0

#include "output.h"

#include "memory.h"

#define RING_SIZE 32768u
#define RING_MASK (RING_SIZE - 1)

// Indices count bytes since the start and wrap with 32 bits; the ring's size divides 2^32.
static struct {
    uint8_t bytes[RING_SIZE];
    uint32_t draft;              // end of what was written, perhaps with an unfinished frame
    volatile uint32_t ready;     // end of what may be transmitted
    volatile uint32_t sent;      // end of what was transmitted
    uint32_t payload;            // bytes in the unfinished DATA frame
    bool frame_open;
    bool framed;
    uint8_t channel;
} out;

void output_init(void)
{
    out.draft = 0;
    out.ready = 0;
    out.sent = 0;
    out.frame_open = false;
    out.framed = false;
}

static void put(const uint8_t *bytes, size_t length)
{
    uint32_t at = out.draft & RING_MASK;
    size_t to_end = RING_SIZE - at;
    if (length <= to_end) {
        memcpy(out.bytes + at, bytes, length);
    } else {
        memcpy(out.bytes + at, bytes, to_end);
        memcpy(out.bytes, bytes + to_end, length - to_end);
    }
    out.draft += (uint32_t)length;
}

static void put_header(uint8_t kind, uint8_t channel, size_t length)
{
    uint8_t header[FRAME_HEADER] = {kind, channel, (uint8_t)length, (uint8_t)(length >> 8)};
    put(header, sizeof(header));
}

// The compiler must not move writes to the ring behind the index that makes them visible to the
// interrupt handler; the processor does not.
static void publish(void)
{
    __asm__ volatile("" : : : "memory");
    out.ready = out.draft;
}

void output_finish(void)
{
    if (out.frame_open) {
        uint32_t header = out.ready;
        out.bytes[(header + 2) & RING_MASK] = (uint8_t)out.payload;
        out.bytes[(header + 3) & RING_MASK] = (uint8_t)(out.payload >> 8);
        out.frame_open = false;
    }
    publish();
}

void output_select(bool framed, uint8_t channel)
{
    if (out.frame_open && channel != out.channel) {
        output_finish();
    }
    out.framed = framed;
    out.channel = channel;
}

void output_bytes(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    if (!out.framed) {
        put(at, length);
        return;
    }
    while (length > 0) {
        if (!out.frame_open) {
            publish();
            put_header(FRAME_DATA, out.channel, 0);
            out.frame_open = true;
            out.payload = 0;
        }
        size_t room = FRAME_PAYLOAD_MAX - out.payload;
        size_t part = length < room ? length : room;
        put(at, part);
        at += part;
        length -= part;
        out.payload += (uint32_t)part;
        if (out.payload == FRAME_PAYLOAD_MAX) {
            output_finish();
        }
    }
}

void output_frame(uint8_t kind, uint8_t channel, const void *payload, size_t length)
{
    output_finish();
    put_header(kind, channel, length);
    if (length > 0) {
        put(payload, length);
    }
    publish();
}

bool output_has_reply_room(void)
{
    return RING_SIZE - (out.draft - out.sent) >= OUTPUT_REPLY_ROOM;
}

size_t output_peek(const uint8_t **bytes)
{
    uint32_t at = out.sent & RING_MASK;
    uint32_t length = out.ready - out.sent;
    uint32_t to_end = RING_SIZE - at;
    *bytes = out.bytes + at;
    return length < to_end ? length : to_end;
}

void output_sent(size_t length)
{
    out.sent += (uint32_t)length;
}

void output_discard(void)
{
    out.frame_open = false;
    out.ready = out.sent;
    out.draft = out.sent;
}
