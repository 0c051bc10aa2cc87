// SPDX-License-Identifier: Apache-2.0
//
// The two ways into the guest.
//
// ledger_entry64  64-bit long mode, paging on, RSI = Linux boot_params. The page tables are kept.
// ledger_entry32  PVH: 32-bit protected mode, paging off, EBX = hvm_start_info. Only QEMU comes
//                 this way. Some hosts emulate no 32-bit IRET, so this path takes no interrupt.
//
// Both end in ledger_main(address of the boot information, kind of boot information).

#include "layout.h"

        .section .note.pvh, "a", @note
        .balign 4
        .long   4                       // length of the name
        .long   4                       // length of the value
        .long   18                      // XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   ledger_entry32

        .section .text.boot, "ax", @progbits
        .code64
        .globl  ledger_entry64
        .type   ledger_entry64, @function
ledger_entry64:
        cli
        cld
        mov     $boot_stack_top, %esp
        lgdt    gdt_pointer
        pushq   $CODE_SELECTOR
        pushq   $.Lcode_loaded
        lretq
.Lcode_loaded:
        mov     %rsi, %rdi
        mov     $BOOT_LINUX, %esi
        jmp     .Lenter_c

        .code32
        .globl  ledger_entry32
        .type   ledger_entry32, @function
ledger_entry32:
        cli
        cld
        mov     $boot_stack_top, %esp

        // Identity map of the first GiB in 2 MiB pages. Accessed and dirty are set beforehand, so
        // the processor never writes to these tables and their contents stay the same in every run.
        movl    $(boot_pdpt + 0x23), boot_pml4          // present, writable, accessed
        movl    $(boot_pd + 0x23), boot_pdpt
        mov     $boot_pd, %edi
        mov     $0xe3, %eax                             // as above, dirty, 2 MiB page
        mov     $512, %ecx
.Lnext_page:
        mov     %eax, (%edi)
        add     $0x200000, %eax
        add     $8, %edi
        dec     %ecx
        jnz     .Lnext_page

        mov     %cr4, %eax
        or      $0x20, %eax                             // PAE
        mov     %eax, %cr4
        mov     $boot_pml4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx                       // EFER
        rdmsr
        or      $0x100, %eax                            // LME
        wrmsr
        mov     %cr0, %eax
        or      $0x80000000, %eax                       // PG
        mov     %eax, %cr0

        lgdt    gdt_pointer
        ljmp    $CODE_SELECTOR, $.Llong_mode

        .code64
.Llong_mode:
        mov     %ebx, %edi
        mov     $BOOT_PVH, %esi

.Lenter_c:
        mov     $DATA_SELECTOR, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        xor     %ebp, %ebp
        call    ledger_main
        // ledger_main does not return.
1:      cli
        hlt
        jmp     1b

        .section .rodata
        .balign 8
gdt:
        .quad   0
        .quad   0x00af9b000000ffff      // CODE_SELECTOR: 64-bit code, ring 0, accessed
        .quad   0x00cf93000000ffff      // DATA_SELECTOR: flat data, accessed
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .quad   gdt

        .section .bss.boot, "aw", @nobits
        .balign 4096
boot_pml4:      .skip 4096
boot_pdpt:      .skip 4096
boot_pd:        .skip 4096
boot_stack:     .skip BOOT_STACK_SIZE
boot_stack_top:

        .section .note.GNU-stack, "", @progbits
