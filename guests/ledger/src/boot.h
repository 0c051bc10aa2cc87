// SPDX-License-Identifier: Apache-2.0
//
// What the loader tells: where memory is, and the command line.

#ifndef LEDGER_BOOT_H
#define LEDGER_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

#define COMMAND_LINE_MAX 1024u

struct boot_facts {
    uint64_t memory_end; // of the block of RAM the image is in
    uint8_t command_line[COMMAND_LINE_MAX];
    uint32_t command_line_length;
};

// Reads boot_params (BOOT_LINUX) or hvm_start_info (BOOT_PVH) at `address`. Copies what it needs:
// the originals may be overwritten later. memory_end is 0 if no RAM block holds `image`.
void boot_read(uint64_t address, uint32_t kind, uint64_t image, struct boot_facts *facts);

// The number in the word NAME=NUMBER of the command line. False if there is no such word.
bool boot_number(const struct boot_facts *facts, struct slice name, uint64_t *number);

#endif
