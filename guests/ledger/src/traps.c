// SPDX-License-Identifier: Apache-2.0

#include "traps.h"

#include "cpu.h"
#include "entropy.h"
#include "layout.h"
#include "pic.h"
#include "pit.h"
#include "text.h"
#include "uart.h"

#define VECTORS (PIC_SLAVE_VECTOR + 8)
#define INTERRUPT_GATE 0x8e00 // present, ring 0; interrupts stay off in the handler
#define PAGE_FAULT 14

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct trap_frame {
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

// interrupts.S
extern const uint64_t exception_entries[EXCEPTION_VECTORS];
extern const uint64_t interrupt_entries[PIC_LINES];
void interrupt_dispatch(uint32_t line, uint64_t rip, uint64_t rcx);
_Noreturn void panic_exception(uint64_t vector, uint64_t error_code,
                               const struct trap_frame *frame);

static struct gate idt[VECTORS] __attribute__((aligned(16)));
static uint64_t timer_interrupts;
static uint64_t serial_interrupts;
static uint64_t spurious_interrupts;

static void set_gate(uint32_t vector, uint64_t entry)
{
    idt[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = CODE_SELECTOR,
        .type = INTERRUPT_GATE,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

void traps_init(void)
{
    for (uint32_t i = 0; i < EXCEPTION_VECTORS; i++) {
        set_gate(i, exception_entries[i]);
    }
    for (uint32_t i = 0; i < PIC_LINES; i++) {
        set_gate(PIC_MASTER_VECTOR + i, interrupt_entries[i]);
    }
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } pointer = {sizeof(idt) - 1, (uint64_t)(uintptr_t)idt};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static bool is_spurious(uint32_t line)
{
    return (line == LINE_MASTER_SPURIOUS || line == LINE_SLAVE_SPURIOUS) && !pic_in_service(line);
}

void interrupt_dispatch(uint32_t line, uint64_t rip, uint64_t rcx)
{
    // Where the main loop was when it was interrupted is what nobody outside can foresee. Within a
    // string instruction only RCX tells.
    entropy_mix(rip << 32 ^ rcx ^ (pit_ticks() << 8 | line));
    switch (line) {
    case LINE_TIMER:
        timer_interrupts++;
        pit_interrupt();
        break;
    case LINE_SERIAL:
        serial_interrupts++;
        uart_interrupt();
        break;
    default:
        spurious_interrupts++;
        if (is_spurious(line)) {
            if (line == LINE_SLAVE_SPURIOUS) {
                pic_end_of_cascade();
            }
            return;
        }
        break;
    }
    pic_end_of_interrupt(line);
}

uint64_t traps_timer_interrupts(void)
{
    return timer_interrupts;
}

uint64_t traps_serial_interrupts(void)
{
    return serial_interrupts;
}

uint64_t traps_spurious_interrupts(void)
{
    return spurious_interrupts;
}

_Noreturn void panic(struct slice reason)
{
    interrupts_off();
    uart_write_polled(TEXT("\r\nledger: panic: "));
    uart_write_polled(reason);
    uart_write_polled(TEXT("\r\n"));
    for (;;) {
        __asm__ volatile("cli\n\thlt");
    }
}

_Noreturn void panic_exception(uint64_t vector, uint64_t error_code, const struct trap_frame *frame)
{
    uint8_t bytes[160];
    struct text text = {bytes, 0, sizeof(bytes)};
    text_add(&text, TEXT("exception "));
    text_add_number(&text, vector);
    text_add(&text, TEXT(" at RIP "));
    text_add_hex(&text, frame->rip);
    text_add(&text, TEXT(", error code "));
    text_add_hex(&text, error_code);
    text_add(&text, TEXT(", RSP "));
    text_add_hex(&text, frame->rsp);
    if (vector == PAGE_FAULT) {
        uint64_t address;
        __asm__ volatile("mov %%cr2, %0" : "=r"(address));
        text_add(&text, TEXT(", address "));
        text_add_hex(&text, address);
    }
    panic(text_slice(&text));
}
