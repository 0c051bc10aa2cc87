// SPDX-License-Identifier: Apache-2.0
//
// Channel 0 of the 8254 timer: the guest's only clock that moves.

#ifndef LEDGER_PIT_H
#define LEDGER_PIT_H

#include <stdint.h>

#define PIT_HERTZ 1193182u

void pit_init(void);

// Called for each interrupt of the timer.
void pit_interrupt(void);
uint64_t pit_ticks(void);

// Time since pit_init in periods of 1 / PIT_HERTZ seconds. Never goes back. Interrupts must be on.
uint64_t pit_now(void);

// The running counter, from 0 to PIT_RELOAD. Only for the main loop: it takes several accesses.
uint32_t pit_counter(void);

#endif
