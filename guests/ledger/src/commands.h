// SPDX-License-Identifier: Apache-2.0
//
// Executes requests. Replies go to the selected output.

#ifndef LEDGER_COMMANDS_H
#define LEDGER_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

struct command_counters {
    uint64_t executed;
    uint64_t errors;
    uint64_t out_of_memory;
};

void commands_init(void);

// False when the client asked for the connection to be closed after the reply.
bool command_execute(const struct slice *arguments, uint32_t count);

// A reply that is an error; counted.
void command_error(struct slice text);

const struct command_counters *command_counters(void);

#endif
