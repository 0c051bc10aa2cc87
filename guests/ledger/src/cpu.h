// SPDX-License-Identifier: Apache-2.0
//
// The few processor instructions C has no words for. A port access leaves the virtual machine and
// is the most expensive thing this guest can do: count them.

#ifndef LEDGER_CPU_H
#define LEDGER_CPU_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t port_read(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %w1, %b0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void port_write(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port) : "memory");
}

// Reads the port `count` times. A hypervisor sees one access, not `count`.
static inline void port_read_many(uint16_t port, uint8_t *to, size_t count)
{
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void port_write_many(uint16_t port, const uint8_t *from, size_t count)
{
    __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static inline void interrupts_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void interrupts_on(void)
{
    __asm__ volatile("sti" : : : "memory");
}

// Sleeps until the next interrupt. STI takes effect only after the instruction that follows it, so
// an interrupt that came after the caller's last look (with interrupts off) still ends the sleep.
static inline void interrupts_on_and_wait(void)
{
    __asm__ volatile("sti\n\thlt" : : : "memory");
}

static inline uint64_t page_table_root(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

#endif
