// SPDX-License-Identifier: Apache-2.0
//
// What a round computes is of no use. It is there to be interrupted at many kinds of places: between
// reading and writing memory, in functions, within string instructions, and behind a piece of code
// that cannot be interrupted.

#include "burn.h"

#include "cpu.h"
#include "machine.h"
#include "memory.h"
#include "pages.h"

#define MILLISECONDS_PER_TICK (1000u / TICKS_PER_SECOND)

#define WORDS (4u * PAGE_SIZE / 8)
#define BLOCK_WORDS 64u
#define BLOCK_BYTES (BLOCK_WORDS * 8)
#define BLOCKS (WORDS / BLOCK_WORDS)

static uint64_t buffer[WORDS] __attribute__((aligned(PAGE_SIZE)));

static uint64_t shift(uint64_t state)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^ state << 17;
}

static uint64_t compute(uint64_t state)
{
    uint64_t *from = &buffer[state % WORDS];
    uint64_t *to = &buffer[(state >> 32) % WORDS];
    state = (shift(state) + *from) * 0x9e3779b97f4a7c15u;
    *to ^= state;
    return state;
}

// No interrupt can come here; one that is due comes right behind it.
static void exchange(uint64_t state)
{
    uint64_t *left = &buffer[(state >> 8) % WORDS];
    uint64_t *right = &buffer[(state >> 40) % WORDS];
    interrupts_off();
    uint64_t kept = *left;
    *left = *right;
    *right = kept;
    interrupts_on();
}

static void copy_block(uint64_t state)
{
    uint64_t from = (state >> 8) % BLOCKS;
    uint64_t to = from ^ ((state >> 40) % BLOCKS | 1); // another one
    memcpy(buffer + to * BLOCK_WORDS, buffer + from * BLOCK_WORDS, BLOCK_BYTES);
}

static void fill_block(uint64_t state)
{
    memset(buffer + (state >> 40) % BLOCKS * BLOCK_WORDS, (uint8_t)state, BLOCK_BYTES);
}

static void move_memory(uint64_t state, uint64_t round)
{
    if (round % 16 == 0) {
        exchange(state);
    }
    if (round % 32 == 8) {
        copy_block(state);
    }
    if (round % 32 == 24) {
        fill_block(state);
    }
}

bool burn(uint32_t milliseconds, uint64_t patience, uint64_t *result)
{
    // Of the time that the first tick ends, nobody knows how much had passed before.
    uint64_t ticks = (milliseconds + MILLISECONDS_PER_TICK - 1) / MILLISECONDS_PER_TICK + 1;
    uint64_t start = machine_ticks();
    uint64_t latest = start;
    uint64_t latest_round = 0;
    uint64_t state = machine_mix(milliseconds);
    memset(buffer, 0, sizeof(buffer));
    for (uint64_t round = 1; latest - start < ticks; round++) {
        // Every interrupt changes the entropy, that of the serial port as well.
        state = compute(state ^ machine_entropy());
        move_memory(state, round);
        uint64_t now = machine_ticks();
        if (now != latest) {
            state ^= machine_mix(round);
            latest = now;
            latest_round = round;
        } else if (round - latest_round >= patience) {
            return false;
        }
    }
    for (uint32_t i = 0; i < WORDS; i++) {
        state = shift(state ^ buffer[i]);
    }
    *result = machine_mix(state);
    return true;
}
