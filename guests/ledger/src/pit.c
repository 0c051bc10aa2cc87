// SPDX-License-Identifier: Apache-2.0

#include "pit.h"

#include "cpu.h"
#include "machine.h"

#define CHANNEL_0 0x40
#define CONTROL 0x43

#define CHANNEL_0_RATE_GENERATOR 0x34 // low byte then high byte, mode 2
#define CHANNEL_0_LATCH 0x00

#define PIT_RELOAD ((PIT_HERTZ + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND)

static volatile uint64_t ticks;
static uint64_t latest;

void pit_init(void)
{
    port_write(CONTROL, CHANNEL_0_RATE_GENERATOR);
    port_write(CHANNEL_0, PIT_RELOAD & 0xff);
    port_write(CHANNEL_0, PIT_RELOAD >> 8);
}

void pit_interrupt(void)
{
    ticks++;
}

uint64_t pit_ticks(void)
{
    return ticks;
}

uint32_t pit_counter(void)
{
    port_write(CONTROL, CHANNEL_0_LATCH);
    uint32_t low = port_read(CHANNEL_0);
    uint32_t counter = low | (uint32_t)port_read(CHANNEL_0) << 8;
    return counter < PIT_RELOAD ? counter : PIT_RELOAD;
}

uint64_t pit_now(void)
{
    // A tick between the two readings belongs to neither; it does not happen twice in a row.
    uint64_t before = ticks;
    uint32_t counter = pit_counter();
    if (ticks != before) {
        before = ticks;
        counter = pit_counter();
    }
    uint64_t now = before * PIT_RELOAD + (PIT_RELOAD - counter);
    // The counter may have started anew while the interrupt that says so is still on its way.
    if (now > latest) {
        latest = now;
    }
    return latest;
}
