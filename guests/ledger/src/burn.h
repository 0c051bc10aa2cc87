// SPDX-License-Identifier: Apache-2.0
//
// A computation that never leaves the virtual machine by itself, so that the timer's interrupts have
// to come into its middle. If one of them comes elsewhere, the result is another.

#ifndef LEDGER_BURN_H
#define LEDGER_BURN_H

#include <stdbool.h>
#include <stdint.h>

#define BURN_MILLISECONDS_MAX 60000u

// After so many rounds without a tick there is no timer. A round takes about 60 instructions, with
// the repetitions of string instructions, so a processor that runs the code itself needs a second,
// more than a busy host keeps it from the timer; where the code is emulated it is ten minutes.
#define BURN_PATIENCE 40000000u

// Computes with interrupts on and without an access to a port until the timer's ticks show that
// `milliseconds` have passed. False when it did not tick for `patience` rounds.
bool burn(uint32_t milliseconds, uint64_t patience, uint64_t *result);

#endif
