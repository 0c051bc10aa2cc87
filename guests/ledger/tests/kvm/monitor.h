// SPDX-License-Identifier: Apache-2.0
//
// The least a virtual machine monitor needs to run the image on /dev/kvm: 64-bit entry, memory, and
// devices that answer. The timer never interrupts here.

#ifndef LEDGER_TEST_MONITOR_H
#define LEDGER_TEST_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counts {
    uint64_t port_accesses;
    uint64_t halts;
    uint64_t interrupts;
};

// devices.c: the ports, each access of one or more bytes.
void devices_access(bool write, uint16_t port, uint8_t *data, uint32_t count);
bool devices_interrupt_waits(void);
uint8_t devices_acknowledge(void);

// The console. `console_output` returns what the guest has sent since it was last called.
void console_input(const void *bytes, size_t length);
size_t console_output(const uint8_t **bytes);

// monitor.c
void monitor_boot(const char *image, const char *command_line);

// Runs until the guest halts and no interrupt waits. False when it stopped for good.
bool monitor_run(void);
const struct counts *monitor_counts(void);

// Puts other instructions where the halted guest will go on, and returns that address.
uint64_t monitor_patch(const void *instructions, size_t length);

_Noreturn void fail(const char *what, uint64_t fact);

#endif
