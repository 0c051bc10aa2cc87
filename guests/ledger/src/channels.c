// SPDX-License-Identifier: Apache-2.0

#include "channels.h"

#include "commands.h"
#include "frames.h"
#include "machine.h"
#include "memory.h"
#include "output.h"
#include "resp.h"
#include "text.h"

enum mode {
    MODE_STREAM,         // the bytes of one client
    MODE_STREAM_DISCARD, // the same, after a protocol error: until the line falls silent
    MODE_FRAMES,
    MODE_LOST,           // after a malformed frame: until the next SYNC
};

enum channel_state {
    CHANNEL_FREE,
    CHANNEL_OPEN,
    CHANNEL_CLOSING, // we have sent CLOSE, the host has not yet
};

static struct {
    enum mode mode;
    struct resp_parser *stream;
    struct frame_reader reader;
    uint32_t open;
    uint8_t state[CHANNELS_MAX]; // enum channel_state
    struct resp_parser *parsers[CHANNELS_MAX]; // of the channels that are CHANNEL_OPEN
} channels;

bool channels_init(void)
{
    memset(&channels, 0, sizeof(channels));
    channels.mode = MODE_STREAM;
    channels.stream = resp_open();
    return channels.stream != NULL;
}

bool channels_framed(void)
{
    return channels.mode == MODE_FRAMES || channels.mode == MODE_LOST;
}

uint32_t channels_open(void)
{
    return channels_framed() ? channels.open : 1;
}

enum outcome {
    CLIENT_STAYS,
    CLIENT_LEAVES, // it asked for it
    CLIENT_LOST,   // what it sends cannot be understood
};

// Feeds one client and returns how many bytes it took.
static size_t feed(struct resp_parser *parser, const uint8_t *data, size_t length,
                   enum outcome *outcome)
{
    enum resp_result result;
    size_t taken = resp_consume(parser, data, length, &result);
    *outcome = CLIENT_STAYS;
    if (result == RESP_ERROR) {
        uint8_t bytes[128];
        struct text text = {bytes, 0, sizeof(bytes)};
        text_add(&text, TEXT("ERR "));
        text_add(&text, slice_of(parser->error));
        command_error(text_slice(&text));
        *outcome = CLIENT_LOST;
    } else if (result == RESP_REQUEST && parser->count > 0) {
        *outcome = command_execute(parser->arguments, parser->count) ? CLIENT_STAYS : CLIENT_LEAVES;
    }
    if (result != RESP_MORE) {
        resp_reset(parser);
    }
    return taken;
}

static void drop_all_channels(void)
{
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (channels.state[i] == CHANNEL_OPEN) {
            resp_close(channels.parsers[i]);
        }
        channels.state[i] = CHANNEL_FREE;
    }
    channels.open = 0;
}

static void malformed(struct slice reason)
{
    drop_all_channels();
    frame_reader_seek_sync(&channels.reader);
    channels.mode = MODE_LOST;
    output_frame(FRAME_ERROR, 0, reason.data, reason.length);
}

static void close_parser(uint8_t channel, enum channel_state next)
{
    resp_close(channels.parsers[channel]);
    channels.state[channel] = (uint8_t)next;
    channels.open--;
}

static void on_open(uint8_t channel)
{
    if (channels.state[channel] != CHANNEL_FREE) {
        malformed(TEXT("OPEN of a channel that is in use"));
        return;
    }
    channels.parsers[channel] = resp_open();
    if (channels.parsers[channel] == NULL) {
        output_select(true, channel);
        command_error(TEXT("ERR max number of clients reached"));
        output_frame(FRAME_CLOSE, channel, NULL, 0);
        channels.state[channel] = CHANNEL_CLOSING;
        return;
    }
    channels.state[channel] = CHANNEL_OPEN;
    channels.open++;
}

static void on_close(uint8_t channel)
{
    switch (channels.state[channel]) {
    case CHANNEL_OPEN:
        close_parser(channel, CHANNEL_FREE);
        output_frame(FRAME_CLOSE, channel, NULL, 0);
        break;
    case CHANNEL_CLOSING:
        channels.state[channel] = CHANNEL_FREE;
        break;
    default:
        malformed(TEXT("CLOSE of a channel that is not in use"));
        break;
    }
}

static void on_sync(const uint8_t *nonce)
{
    drop_all_channels();
    machine_discard_output();
    channels.mode = MODE_FRAMES;
    output_frame(FRAME_SYNC, 0, nonce, SYNC_NONCE);
}

// Part of the payload of a DATA frame.
static size_t on_data(uint8_t channel, const uint8_t *data, size_t length)
{
    if (channels.state[channel] == CHANNEL_CLOSING) {
        return length; // sent before the host saw our CLOSE
    }
    enum outcome outcome;
    output_select(true, channel);
    size_t taken = feed(channels.parsers[channel], data, length, &outcome);
    if (outcome != CLIENT_STAYS) {
        close_parser(channel, CHANNEL_CLOSING);
        output_frame(FRAME_CLOSE, channel, NULL, 0);
    }
    return taken;
}

static void on_frame(const struct frame_reader *reader)
{
    switch (reader->kind) {
    case FRAME_OPEN:
        on_open(reader->channel);
        break;
    case FRAME_CLOSE:
        on_close(reader->channel);
        break;
    case FRAME_SYNC:
        on_sync(reader->nonce);
        break;
    default:
        if (channels.state[reader->channel] == CHANNEL_FREE) {
            malformed(TEXT("DATA for a channel that is not in use"));
        }
        break;
    }
}

static size_t input_frames(const uint8_t *data, size_t length)
{
    struct frame_reader *reader = &channels.reader;
    if (reader->payload > 0) {
        size_t part = length < reader->payload ? length : reader->payload;
        size_t taken = on_data(reader->channel, data, part);
        reader->payload -= (uint32_t)taken;
        return taken;
    }
    switch (frame_reader_take(reader, *data)) {
    case FRAME_COMPLETE:
        on_frame(reader);
        break;
    case FRAME_MALFORMED:
        malformed(slice_of(reader->error));
        break;
    default:
        break;
    }
    return 1;
}

static size_t input_stream(const uint8_t *data, size_t length)
{
    if (channels.stream->state == RESP_START) {
        if (*data == 0) {
            return 1; // padding: a host may send it without knowing the mode (PROTOCOL.md)
        }
        if (*data == FRAME_SYNC) {
            resp_close(channels.stream);
            channels.stream = NULL;
            channels.mode = MODE_FRAMES;
            frame_reader_init(&channels.reader);
            return input_frames(data, length);
        }
    }
    enum outcome outcome;
    output_select(false, 0);
    size_t taken = feed(channels.stream, data, length, &outcome);
    // A wire cannot be hung up. One who leaves is followed by the next client; what a lost client
    // sent up to now is dropped, and what comes after a silence is a new client.
    if (outcome == CLIENT_LOST) {
        channels.mode = MODE_STREAM_DISCARD;
    }
    return taken;
}

size_t channels_input(const uint8_t *data, size_t length)
{
    switch (channels.mode) {
    case MODE_STREAM:
        return input_stream(data, length);
    case MODE_STREAM_DISCARD:
        return length;
    default:
        return input_frames(data, length);
    }
}

void channels_idle(void)
{
    if (channels.mode == MODE_STREAM_DISCARD) {
        channels.mode = MODE_STREAM;
    }
}
