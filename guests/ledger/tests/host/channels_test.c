// SPDX-License-Identifier: Apache-2.0

#include "channels.h"
#include "harness.h"
#include "output.h"
#include "pages.h"

#define SYNC "\4\0\10\0"
#define NONCE "nonce678"

static void switch_and_serve(void)
{
    start(600, 16);
    EXPECT("PING\r\n", "+PONG\r\n");
    EXPECT(SYNC NONCE, SYNC NONCE);
    CHECK(channels_framed() && channels_open() == 0);
    EXPECT("\1\0\0\0\1\377\0\0", "");
    CHECK(channels_open() == 2);
    // Two clients, their requests cut by frames and interleaved, padding between the frames.
    EXPECT("\2\0\3\0PIN\0\0\2\377\7\0INCR a\n\2\0\3\0G\r\n",
           "\2\377\4\0:1\r\n\2\0\7\0+PONG\r\n");
    // Replies to one client that come together share a frame.
    EXPECT("\2\0\14\0PING\nINCR a\n", "\2\0\13\0+PONG\r\n:2\r\n");
    // The host closes: echoed. The number can be used again at once.
    EXPECT("\3\377\0\0\1\377\0\0\2\377\5\0PING\n", "\3\377\0\0\2\377\7\0+PONG\r\n");
    // The guest closes: what the host sent before it knew is dropped, its CLOSE not answered.
    EXPECT("\2\0\5\0QUIT\n\2\0\5\0PING\n", "\2\0\5\0+OK\r\n\3\0\0\0");
    EXPECT("\3\0\0\0\1\0\0\0\2\0\5\0PING\n", "\2\0\7\0+PONG\r\n");
    // A request that cannot be understood costs its sender the channel, and only that.
    EXPECT("\2\0\3\0*x\r", "");
    EXPECT("\2\0\1\0\n",
           "\2\0\57\0-ERR Protocol error: invalid multibulk length\r\n\3\0\0\0");
}

static void sync_again(void)
{
    start(600, 16);
    uint64_t before = pages_used();
    talk(SYNC NONCE "\1\5\0\0\2\5\7\0*1\r\n$10", 12 + 4 + 11, 5);
    CHECK(channels_open() == 1);
    // Output that has not left is dropped: only the answer to the second SYNC comes.
    EXPECT("\1\6\0\0\2\6\5\0PING\n" SYNC "87654321", SYNC "87654321");
    CHECK(channels_open() == 0);
    CHECK(pages_used() + 1 == before); // even the parser of the stream is gone
    // A channel that was open is free again, and nothing of its half request is left.
    EXPECT("\1\5\0\0\2\5\5\0PING\n", "\2\5\7\0+PONG\r\n");
}

static void expect_lost(const void *bytes, size_t length)
{
    start(600, 16);
    talk(SYNC NONCE "\1\1\0\0", 16, 16);
    struct slice answer = talk(bytes, length, 16);
    CHECK(answer.length > 4 && answer.data[0] == FRAME_ERROR && answer.data[1] == 0);
    CHECK((size_t)answer.data[2] + 4 == answer.length);
    CHECK(channels_open() == 0);
    // Everything but SYNC is ignored now, even a SYNC's beginning.
    EXPECT("\1\1\0\0\2\1\5\0PING\n\4\4\0\7\4\0", "");
    EXPECT("\10\0" NONCE "\1\1\0\0\2\1\5\0PING\n", SYNC NONCE "\2\1\7\0+PONG\r\n");
    // A byte that breaks off one beginning may be the beginning itself.
    EXPECT("\2\2\0\0", "\5\0\45\0DATA for a channel that is not in use");
    EXPECT("\4" SYNC NONCE, SYNC NONCE);
}

static void malformed_frames(void)
{
    expect_lost("\6\0\0\0", 4);             // no such kind
    expect_lost("\5\0\0\0", 4);             // ERROR is for the other direction
    expect_lost("\1\1\0\0", 4);             // open already
    expect_lost("\2\2\1\0x", 5);            // not open
    expect_lost("\3\2\0\0", 4);             // not open
    expect_lost("\2\1\1\4", 4);             // 1025 bytes
    expect_lost("\4\1\10\0", 4);            // SYNC of a channel
    expect_lost("\4\0\7\0", 4);             // SYNC with a short nonce
    expect_lost("\1\2\1\0", 4);             // OPEN with a payload
}

static void lost_stream(void)
{
    start(64, 16);
    EXPECT("*x\r\nPING\r\n", "-ERR Protocol error: invalid multibulk length\r\n");
    channels_idle();
    EXPECT("PING\r\n", "+PONG\r\n");
    EXPECT("\0\0" SYNC NONCE, SYNC NONCE);
}

static void all_channels(void)
{
    start(600, 16);
    talk(SYNC NONCE, 12, 12);
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        uint8_t frames[] = {FRAME_OPEN, (uint8_t)i, 0, 0, FRAME_DATA, (uint8_t)i, 6, 0,
                            'E', 'C', 'H', 'O', ' ', 'x'};
        CHECK(talk(frames, sizeof(frames), 3).length == 0);
    }
    CHECK(channels_open() == CHANNELS_MAX);
    for (uint32_t i = CHANNELS_MAX; i-- > 0;) {
        uint8_t frames[] = {FRAME_DATA, (uint8_t)i, 2, 0, (uint8_t)('a' + i % 26), '\n'};
        const uint8_t expected[] = {FRAME_DATA, (uint8_t)i, 8, 0, '$', '2', '\r', '\n',
                                    'x', (uint8_t)('a' + i % 26), '\r', '\n'};
        struct slice answer = talk(frames, sizeof(frames), 3);
        CHECK(answer.length == sizeof(expected) && memcmp(answer.data, expected, 12) == 0);
    }
}

static void no_memory_for_a_channel(void)
{
    start(3, 1);
    talk(SYNC NONCE, 12, 12);
    while (page_alloc() != NULL) {
    }
    EXPECT("\1\7\0\0", "\2\7\44\0-ERR max number of clients reached\r\n\3\7\0\0");
    EXPECT("\2\7\1\0x\3\7\0\0\1\7\0\0",
           "\2\7\44\0-ERR max number of clients reached\r\n\3\7\0\0");
}

static void long_replies_are_cut(void)
{
    start(600, 16);
    talk(SYNC NONCE "\1\3\0\0", 16, 16);
    static uint8_t frame[1028] = {FRAME_DATA, 3, 0, 4};
    memset(frame + 4, 'e', 1024);
    memcpy(frame + 4, "*2\r\n$4\r\nECHO\r\n$3000\r\n", 21);
    CHECK(talk(frame, sizeof(frame), 100).length == 0);
    memset(frame + 4, 'e', 21);
    CHECK(talk(frame, sizeof(frame), 100).length == 0);
    size_t left = 3000 - (1024 - 21) - 1024 + 2;
    frame[2] = (uint8_t)left;
    frame[3] = (uint8_t)(left >> 8);
    struct slice answer = talk(frame, 4 + left, 100);
    size_t payload = 0;
    for (size_t at = 0; at < answer.length;) {
        size_t length = answer.data[at + 2] | (size_t)answer.data[at + 3] << 8;
        CHECK(answer.data[at] == FRAME_DATA && answer.data[at + 1] == 3 && length <= 1024);
        payload += length;
        at += 4 + length;
        CHECK(at <= answer.length);
    }
    CHECK(payload == 7 + 3000 + 2);
}

static bool ends_with(struct slice text, const void *end, size_t length)
{
    return text.length >= length && memcmp(text.data + text.length - length, end, length) == 0;
}

// A new host finds the guest wherever the old one stopped: within any frame, after any byte. SYNC
// alone would be taken for the rest of that frame; the zeros of PROTOCOL.md complete it.
static void sync_within(const uint8_t *frame, size_t length)
{
    static const uint8_t zeros[FRAME_PAYLOAD_MAX];
    for (size_t cut = 0; cut <= length; cut++) {
        start(600, 16);
        talk(SYNC NONCE "\1\1\0\0\1\377\0\0\2\1\3\0PIN", 27, 27);
        talk(frame, cut, 100);
        talk(zeros, sizeof(zeros), 100);
        CHECK(ends_with(talk(SYNC "after123", 12, 12), SYNC "after123", 12));
        CHECK(channels_framed() && channels_open() == 0);
        EXPECT("\1\377\0\0\2\377\5\0PING\n", "\2\377\7\0+PONG\r\n");
    }
}

static void sync_within_frames(void)
{
    static uint8_t data[FRAME_HEADER + FRAME_PAYLOAD_MAX] = {FRAME_DATA, 0xff, 0, 4};
    memset(data + FRAME_HEADER, 4, FRAME_PAYLOAD_MAX); // the first byte of a SYNC, everywhere
    sync_within(data, sizeof(data));
    static const uint8_t request[] = "\2\1\30\0*1\r\n$4\r\n\4\0\10\0\r\nab\4\0\10\0";
    sync_within(request, sizeof(request) - 1);
    sync_within((const uint8_t *)"\1\2\0\0", 4);
    sync_within((const uint8_t *)"\3\377\0\0", 4);
    sync_within((const uint8_t *)SYNC "\4\0\10\0\4\0\10\0", 12);
    sync_within((const uint8_t *)"\6\0\0\0" SYNC "\4\0\10\0\4\0\10\0", 16); // lost
    // What clients send is never taken for a SYNC.
    start(600, 16);
    talk(SYNC NONCE "\1\1\0\0", 16, 16);
    EXPECT("\2\1\43\0*2\r\n$4\r\nECHO\r\n$16\r\n" SYNC NONCE "....", "");
    EXPECT("\2\1\2\0\r\n", "\2\1\27\0$16\r\n" SYNC NONCE "....\r\n");
}

// More replies than the ring holds, from requests that came at once: none may be damaged.
static void many_long_replies(void)
{
    enum { REPLIES = 14, LENGTH = 4000 };
    static uint8_t bytes[LENGTH + 100];
    start(600, 16);
    size_t length = (size_t)sprintf((char *)bytes, "*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$4000\r\n");
    memset(bytes + length, 'v', LENGTH);
    memcpy(bytes + length + LENGTH, "\r\n", 2);
    CHECK(talk(bytes, length + LENGTH + 2, 100).length == 5);
    for (int i = 0; i < REPLIES; i++) {
        memcpy(bytes + 6 * i, "GET v\n", 6);
    }
    struct slice answer = talk(bytes, 6 * REPLIES, 6 * REPLIES);
    CHECK(answer.length == REPLIES * (7 + LENGTH + 2));
    for (size_t i = 0; i < REPLIES; i++) {
        const uint8_t *reply = answer.data + i * (7 + LENGTH + 2);
        CHECK(memcmp(reply, "$4000\r\n", 7) == 0 && memcmp(reply + 7 + LENGTH, "\r\n", 2) == 0);
    }
}

// Whatever comes, nothing breaks, and a SYNC brings the guest back.
static void noise(void)
{
    static const uint8_t alphabet[] = "\0\1\2\3\4\5\6\10\1\2\2\0\0\0PING\n*1\r\n$";
    start(600, 16);
    talk(SYNC NONCE, 12, 12);
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[48];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = alphabet[next_random() % sizeof(alphabet)];
        }
        talk(bytes, sizeof(bytes), 1 + next_random() % 20);
    }
    // A frame of up to 1024 bytes or the nonce of a SYNC may still be expected, so this may become
    // part of it; after that it is a malformed frame, and SYNC is what the guest waits for.
    uint8_t filler[1100];
    memset(filler, 0xff, sizeof(filler));
    talk(filler, sizeof(filler), 100);
    EXPECT(SYNC NONCE, SYNC NONCE);
}

void test_channels(void)
{
    switch_and_serve();
    sync_again();
    sync_within_frames();
    malformed_frames();
    lost_stream();
    all_channels();
    no_memory_for_a_channel();
    long_replies_are_cut();
    many_long_replies();
    noise();
}
