// SPDX-License-Identifier: Apache-2.0

#include "monitor.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_BYTES (32u << 20)
#define BOOT_PARAMS 0x7000u
#define STACK 0x8ff0u
#define PML4 0x9000u
#define COMMAND_LINE 0x20000u

static int vcpu;
static struct kvm_run *run;
static uint8_t *memory;
static struct counts counts;

_Noreturn void fail(const char *what, uint64_t fact)
{
    fprintf(stderr, "%s: %#llx (%s)\n", what, (unsigned long long)fact, strerror(errno));
    exit(1);
}

static int control(int file, unsigned long request, void *argument, const char *name)
{
    int result = ioctl(file, request, argument);
    if (result < 0) {
        fail(name, request);
    }
    return result;
}

static void put(uint64_t address, uint64_t value, size_t bytes)
{
    memcpy(memory + address, &value, bytes);
}

static uint64_t load(const char *image)
{
    static uint8_t file[1 << 20];
    int in = open(image, O_RDONLY | O_CLOEXEC);
    ssize_t length = in < 0 ? -1 : read(in, file, sizeof(file));
    if (length < (ssize_t)sizeof(Elf64_Ehdr)) {
        fail(image, 0);
    }
    close(in);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD) {
            memcpy(memory + segments[i].p_paddr, file + segments[i].p_offset,
                   segments[i].p_filesz);
        }
    }
    return header->e_entry;
}

static void write_boot_params(const char *command_line)
{
    strcpy((char *)memory + COMMAND_LINE, command_line);
    put(BOOT_PARAMS + 0x228, COMMAND_LINE, 4);
    put(BOOT_PARAMS + 0x1e8, 2, 1);
    put(BOOT_PARAMS + 0x2d0, 0, 8);
    put(BOOT_PARAMS + 0x2d8, 0x9fc00, 8);
    put(BOOT_PARAMS + 0x2e0, 1, 4);
    put(BOOT_PARAMS + 0x2e4, 0x100000, 8);
    put(BOOT_PARAMS + 0x2ec, MEMORY_BYTES - 0x100000, 8);
    put(BOOT_PARAMS + 0x2f4, 1, 4);
    put(PML4, (PML4 + 0x1000) | 0x23, 8);
    put(PML4 + 0x1000, (PML4 + 0x2000) | 0x23, 8);
    for (uint64_t i = 0; i < 512; i++) {
        put(PML4 + 0x2000 + 8 * i, i << 21 | 0xe3, 8);
    }
}

static void enter_long_mode(uint64_t entry)
{
    struct kvm_sregs special;
    control(vcpu, KVM_GET_SREGS, &special, "KVM_GET_SREGS");
    struct kvm_segment code = {.limit = 0xffffffff, .selector = 8, .type = 11, .present = 1,
                               .s = 1, .l = 1, .g = 1};
    struct kvm_segment data = code;
    data.selector = 16;
    data.type = 3;
    data.l = 0;
    data.db = 1;
    special.cs = code;
    special.ds = special.es = special.ss = special.fs = special.gs = data;
    special.cr0 = 0x80000011;
    special.cr3 = PML4;
    special.cr4 = 0x20;
    special.efer = 0x500;
    control(vcpu, KVM_SET_SREGS, &special, "KVM_SET_SREGS");
    struct kvm_regs registers = {.rip = entry, .rsi = BOOT_PARAMS, .rsp = STACK, .rflags = 2};
    control(vcpu, KVM_SET_REGS, &registers, "KVM_SET_REGS");
}

void monitor_boot(const char *image, const char *command_line)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        fail("/dev/kvm", 0);
    }
    int vm = control(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
    memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY_BYTES,
                                                 .userspace_addr = (uintptr_t)memory};
    control(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
    vcpu = control(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
    size_t size = (size_t)control(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
    run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    static struct {
        struct kvm_cpuid2 head;
        struct kvm_cpuid_entry2 entries[256];
    } cpuid = {.head.nent = 256};
    control(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid, "KVM_GET_SUPPORTED_CPUID");
    control(vcpu, KVM_SET_CPUID2, &cpuid, "KVM_SET_CPUID2");
    write_boot_params(command_line);
    enter_long_mode(load(image));
}

static void deliver(bool halted)
{
    run->request_interrupt_window = 0;
    if (!devices_interrupt_waits()) {
        return;
    }
    if (halted || (run->ready_for_interrupt_injection && run->if_flag)) {
        struct kvm_interrupt interrupt = {.irq = devices_acknowledge()};
        control(vcpu, KVM_INTERRUPT, &interrupt, "KVM_INTERRUPT");
        counts.interrupts++;
    } else {
        run->request_interrupt_window = 1;
    }
}

bool monitor_run(void)
{
    for (bool halted = false;;) {
        deliver(halted);
        control(vcpu, KVM_RUN, NULL, "KVM_RUN");
        halted = false;
        switch (run->exit_reason) {
        case KVM_EXIT_IO:
            if (run->io.size != 1) {
                fail("port access of more than a byte", run->io.port);
            }
            counts.port_accesses++;
            devices_access(run->io.direction == KVM_EXIT_IO_OUT, run->io.port,
                           (uint8_t *)run + run->io.data_offset, run->io.count);
            break;
        case KVM_EXIT_HLT:
            counts.halts++;
            if (!run->if_flag) {
                return false;
            }
            if (!devices_interrupt_waits()) {
                return true;
            }
            halted = true;
            break;
        case KVM_EXIT_IRQ_WINDOW_OPEN:
        case KVM_EXIT_INTR:
            break;
        case KVM_EXIT_INTERNAL_ERROR:
            for (int i = 0; i < 15; i++) {
                fprintf(stderr, "%02x ", ((uint8_t *)&run->emulation_failure)[25 + i]);
            }
            fail("internal error", run->internal.suberror);
        default:
            fail("unexpected exit", run->exit_reason);
        }
    }
}

uint64_t monitor_patch(const void *instructions, size_t length)
{
    struct kvm_regs registers;
    control(vcpu, KVM_GET_REGS, &registers, "KVM_GET_REGS");
    memcpy(memory + registers.rip, instructions, length); // memory is identity-mapped
    return registers.rip;
}

const struct counts *monitor_counts(void)
{
    return &counts;
}
