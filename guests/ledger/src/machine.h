// SPDX-License-Identifier: Apache-2.0
//
// What the service wants from the machine below it. The host tests put a machine of their own here.

#ifndef LEDGER_MACHINE_H
#define LEDGER_MACHINE_H

#include <stdint.h>

#define TICKS_PER_SECOND 100u

struct machine_time {
    uint64_t seconds; // since 1970, UTC
    uint32_t microseconds;
};

struct machine_facts {
    uint64_t memory_bytes;
    uint64_t ticks;
    uint64_t timer_interrupts;
    uint64_t serial_interrupts;
    uint64_t spurious_interrupts;
    uint64_t serial_errors;
    uint64_t bytes_received;
    uint64_t bytes_sent;
};

struct machine_time machine_time(void);

// The ticks of the timer so far. This and the next two access no port.
uint64_t machine_ticks(void);

// Mixed from the times and places of interrupts: a recording can only know it by recording those.
uint64_t machine_entropy(void);

// Mixes `value` into it as well, and returns what it is then.
uint64_t machine_mix(uint64_t value);

// As machine_mix with the running timer.
uint64_t machine_random(void);

void machine_facts(struct machine_facts *facts);

// Drops all output that has not left yet, even if an interrupt handler is about to send it.
void machine_discard_output(void);

#endif
