// SPDX-License-Identifier: Apache-2.0
//
// Takes the place of cpu.h when the sources are built for the host: port accesses are function
// calls, and there are no interrupts to switch off.

#ifndef LEDGER_CPU_H
#define LEDGER_CPU_H

#include <stddef.h>
#include <stdint.h>

uint8_t port_read(uint16_t port);
void port_write(uint16_t port, uint8_t value);
void port_read_many(uint16_t port, uint8_t *to, size_t count);
void port_write_many(uint16_t port, const uint8_t *from, size_t count);

static inline void interrupts_off(void)
{
}

static inline void interrupts_on(void)
{
}

#endif
