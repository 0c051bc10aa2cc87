// SPDX-License-Identifier: Apache-2.0
//
// Start, and the loop that serves. Interrupt handlers only move bytes and count; everything else
// happens here with interrupts on.

#include "boot.h"
#include "channels.h"
#include "commands.h"
#include "cpu.h"
#include "entropy.h"
#include "layout.h"
#include "machine.h"
#include "output.h"
#include "pages.h"
#include "pic.h"
#include "pit.h"
#include "rtc.h"
#include "store.h"
#include "traps.h"
#include "uart.h"

// As far as memory is mapped for certain.
#define MEMORY_END_MAX (1ull << 30)
#define LOW_MEMORY_END 0x100000u
// Kept free of keys and values: one page for each client, and some for large requests.
#define RESERVED_PAGES (CHANNELS_MAX + 128u)
#define KEYS_PAGES_MIN 256u

// ledger.lds
extern const uint8_t image_start[];
extern const uint8_t image_end[];

static uint64_t memory_end;
static uint64_t started_at;

void ledger_main(uint64_t boot_address, uint32_t boot_kind);

struct machine_time machine_time(void)
{
    uint64_t now = pit_now();
    return (struct machine_time){
        .seconds = started_at + now / PIT_HERTZ,
        .microseconds = (uint32_t)(now % PIT_HERTZ * 1000000 / PIT_HERTZ),
    };
}

uint64_t machine_ticks(void)
{
    return pit_ticks();
}

uint64_t machine_entropy(void)
{
    return entropy_state();
}

uint64_t machine_mix(uint64_t value)
{
    // An interrupt between reading and writing the state would be forgotten.
    interrupts_off();
    entropy_mix(value);
    uint64_t mixed = entropy_state();
    interrupts_on();
    return mixed;
}

uint64_t machine_random(void)
{
    return machine_mix(pit_counter());
}

void machine_facts(struct machine_facts *facts)
{
    *facts = (struct machine_facts){
        .memory_bytes = memory_end,
        .ticks = pit_ticks(),
        .timer_interrupts = traps_timer_interrupts(),
        .serial_interrupts = traps_serial_interrupts(),
        .spurious_interrupts = traps_spurious_interrupts(),
        .serial_errors = uart_line_errors(),
        .bytes_received = uart_bytes_received(),
        .bytes_sent = uart_bytes_sent(),
    };
}

void machine_discard_output(void)
{
    interrupts_off();
    output_discard();
    interrupts_on();
}

static void init_memory(uint64_t boot_address, uint32_t boot_kind)
{
    static struct boot_facts facts;
    uintptr_t image = (uintptr_t)image_start;
    boot_read(boot_address, boot_kind, image, &facts);
    if (facts.memory_end == 0) {
        panic(TEXT("the memory map has no RAM where the image is"));
    }
    // The loader's page tables stay in use, so they must not be where keys will be.
    uint64_t root = page_table_root();
    if (root >= LOW_MEMORY_END && (root < image || root >= (uintptr_t)image_end)) {
        panic(TEXT("page tables must be below 1 MiB"));
    }
    memory_end = facts.memory_end < MEMORY_END_MAX ? facts.memory_end : MEMORY_END_MAX;
    pages_init((uintptr_t)image_end, memory_end);
    if (pages_total() < RESERVED_PAGES + KEYS_PAGES_MIN) {
        panic(TEXT("not enough memory"));
    }
    uint64_t limit = (pages_total() - RESERVED_PAGES) * PAGE_SIZE;
    uint64_t wanted;
    if (boot_number(&facts, TEXT("maxmemory"), &wanted) && wanted < limit) {
        limit = wanted;
    }
    store_init(limit);
}

// Everything that can be done without waiting.
static void work(void)
{
    const uint8_t *bytes;
    size_t length;
    while (output_has_reply_room() && (length = uart_peek(&bytes)) > 0) {
        uart_consume(channels_input(bytes, length));
    }
    output_finish();
    uart_transmit();
    uart_resume();
}

// With interrupts off, so that the answer still holds when the processor goes to sleep.
static bool nothing_to_do(void)
{
    const uint8_t *bytes;
    bool can_execute = output_has_reply_room() && uart_peek(&bytes) > 0;
    bool can_transmit = !uart_transmits_by_interrupt() && output_peek(&bytes) > 0;
    return !can_execute && !can_transmit;
}

static _Noreturn void serve(void)
{
    const uint8_t *bytes;
    for (;;) {
        work();
        interrupts_off();
        if (!nothing_to_do()) {
            interrupts_on();
            continue;
        }
        if (uart_peek(&bytes) == 0) {
            channels_idle();
        }
        interrupts_on_and_wait();
    }
}

void ledger_main(uint64_t boot_address, uint32_t boot_kind)
{
    uart_init(); // first, so that a panic can be read
    traps_init();
    init_memory(boot_address, boot_kind);
    output_init();
    commands_init();
    if (!channels_init()) {
        panic(TEXT("no memory for a client"));
    }
    started_at = rtc_seconds();
    pic_init();
    pit_init();
    uart_start();
    interrupts_on();
    serve();
}
