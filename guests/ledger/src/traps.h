// SPDX-License-Identifier: Apache-2.0
//
// Exceptions, interrupts and the end of the world.

#ifndef LEDGER_TRAPS_H
#define LEDGER_TRAPS_H

#include <stdint.h>

#include "bytes.h"

void traps_init(void);
uint64_t traps_timer_interrupts(void);
uint64_t traps_serial_interrupts(void);
uint64_t traps_spurious_interrupts(void);

// Says why on the console and stops for good: interrupts off and halted, which a host can see.
_Noreturn void panic(struct slice reason);

#endif
