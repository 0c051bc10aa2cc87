// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include "channels.h"
#include "commands.h"
#include "machine.h"
#include "output.h"
#include "pages.h"
#include "store.h"

static uint8_t *pool;
static uint8_t transmitted[1 << 16];

struct machine_time machine_time(void)
{
    return (struct machine_time){.seconds = 1700000000, .microseconds = 123456};
}

uint64_t machine_random(void)
{
    return 84;
}

void machine_facts(struct machine_facts *facts)
{
    *facts = (struct machine_facts){.memory_bytes = 1, .ticks = 250};
}

void machine_discard_output(void)
{
    output_discard();
}

void start(size_t pages, size_t limit_pages)
{
    free(pool);
    size_t bytes = pages * (PAGE_SIZE + 64) + 2 * PAGE_SIZE;
    pool = malloc(bytes); // not cleared: nothing may depend on it
    memset(pool, 0xa5, bytes);
    pages_init((uintptr_t)pool, (uintptr_t)pool + bytes);
    store_init(limit_pages * PAGE_SIZE);
    output_init();
    commands_init();
    CHECK(channels_init());
}

static size_t transmit(size_t at)
{
    const uint8_t *bytes;
    size_t length;
    output_finish();
    while ((length = output_peek(&bytes)) > 0) {
        CHECK(at + length <= sizeof(transmitted));
        memcpy(transmitted + at, bytes, length);
        at += length;
        output_sent(length);
    }
    return at;
}

struct slice talk(const void *bytes, size_t length, size_t piece)
{
    size_t sent = 0;
    for (const uint8_t *from = bytes; length > 0;) {
        size_t part = length < piece ? length : piece;
        // A block of its own, so that reading past its end is found.
        uint8_t *copy = malloc(part);
        memcpy(copy, from, part);
        for (size_t taken = 0; taken < part;) {
            if (!output_has_reply_room()) {
                sent = transmit(sent);
            }
            size_t now = channels_input(copy + taken, part - taken);
            CHECK(now >= 1 && now <= part - taken);
            taken += now;
        }
        free(copy);
        from += part;
        length -= part;
    }
    return (struct slice){transmitted, transmit(sent)};
}

uint32_t next_random(void)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

int main(void)
{
    test_bytes();
    test_boot();
    test_resp();
    test_store();
    test_commands();
    test_burn();
    test_channels();
    test_uart();
    free(pool);
    puts("host tests passed");
    return 0;
}
