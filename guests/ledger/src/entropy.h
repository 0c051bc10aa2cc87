// SPDX-License-Identifier: Apache-2.0
//
// A running mixture of everything in this guest that depends on when things happened. It is as
// unpredictable as the times of its interrupts, and a replay that delivers those exactly gets
// exactly the same numbers. It is not meant for secrets.

#ifndef LEDGER_ENTROPY_H
#define LEDGER_ENTROPY_H

#include <stdint.h>

void entropy_mix(uint64_t value);

// The state at this moment. The main loop mixes something in before it asks again.
uint64_t entropy_state(void);

#endif
