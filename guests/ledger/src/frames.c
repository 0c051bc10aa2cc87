// SPDX-License-Identifier: Apache-2.0

#include "frames.h"

#include <stddef.h>

static const uint8_t sync_header[FRAME_HEADER] = {FRAME_SYNC, 0, SYNC_NONCE, 0};

void frame_reader_init(struct frame_reader *reader)
{
    reader->taken = 0;
    reader->seeking = 0;
    reader->payload = 0;
}

void frame_reader_seek_sync(struct frame_reader *reader)
{
    reader->taken = 0;
    reader->seeking = 1;
    reader->payload = 0;
}

static enum frame_result fail(struct frame_reader *reader, const char *error)
{
    reader->error = error;
    return FRAME_MALFORMED;
}

static enum frame_result end_header(struct frame_reader *reader)
{
    switch (reader->kind) {
    case FRAME_OPEN:
    case FRAME_CLOSE:
        if (reader->length != 0) {
            return fail(reader, "OPEN or CLOSE with a payload");
        }
        break;
    case FRAME_DATA:
        if (reader->length > FRAME_PAYLOAD_MAX) {
            return fail(reader, "DATA longer than 1024 bytes");
        }
        reader->payload = reader->length;
        break;
    default:
        if (reader->channel != 0 || reader->length != SYNC_NONCE) {
            return fail(reader, "SYNC must be of channel 0 and 8 bytes long");
        }
        return FRAME_MORE; // the nonce follows
    }
    reader->taken = 0;
    return FRAME_COMPLETE;
}

static enum frame_result take_header(struct frame_reader *reader, uint8_t byte)
{
    switch (reader->taken) {
    case 0:
        if (byte == 0) {
            return FRAME_MORE; // padding
        }
        if (byte > FRAME_SYNC) {
            return fail(reader, "unknown kind of frame");
        }
        reader->kind = byte;
        break;
    case 1:
        reader->channel = byte;
        break;
    case 2:
        reader->length = byte;
        break;
    default:
        reader->length |= (uint16_t)(byte << 8);
        reader->taken++;
        return end_header(reader);
    }
    reader->taken++;
    return FRAME_MORE;
}

// The first byte of the header occurs in it only once, so a mismatch can only be the start of
// another header, never the middle of one.
static enum frame_result seek_header(struct frame_reader *reader, uint8_t byte)
{
    if (byte == sync_header[reader->taken]) {
        reader->taken++;
    } else {
        reader->taken = byte == sync_header[0];
    }
    reader->kind = FRAME_SYNC;
    return FRAME_MORE;
}

enum frame_result frame_reader_take(struct frame_reader *reader, uint8_t byte)
{
    if (reader->taken < FRAME_HEADER) {
        return reader->seeking ? seek_header(reader, byte) : take_header(reader, byte);
    }
    reader->nonce[reader->taken++ - FRAME_HEADER] = byte;
    if (reader->taken < FRAME_HEADER + SYNC_NONCE) {
        return FRAME_MORE;
    }
    reader->taken = 0;
    reader->seeking = 0;
    return FRAME_COMPLETE;
}
