// SPDX-License-Identifier: Apache-2.0
//
// Entry points of exceptions and interrupts. Everything runs at ring 0 on one stack.

#include "layout.h"

        .text
        .code64

// Exceptions never return, so nothing is saved: the handler gets the vector, the error code (or 0)
// and the frame the processor pushed.
        .macro  exception vector, has_error_code
exception_\vector:
        .if     !\has_error_code
        pushq   $0
        .endif
        pushq   $\vector
        jmp     exception_common
        .endm

exception_common:
        cld
        pop     %rdi                    // vector
        pop     %rsi                    // error code
        mov     %rsp, %rdx              // RIP, CS, RFLAGS, RSP, SS
        and     $-16, %rsp
        call    panic_exception

// An interrupt saves what a C function may change and passes the interrupted RIP and RCX, which are
// part of the entropy of RANDOM.
        .macro  interrupt line
interrupt_\line:
        push    %rdi
        push    %rsi
        mov     $\line, %edi
        jmp     interrupt_common
        .endm

interrupt_common:
        push    %rax
        push    %rcx
        push    %rdx
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        mov     72(%rsp), %rsi          // interrupted RIP, above the nine saved registers
        mov     %rcx, %rdx              // as it was interrupted
        cld
        call    interrupt_dispatch      // the stack is aligned: 16 byte frame base, 5 + 9 words
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdx
        pop     %rcx
        pop     %rax
        pop     %rsi
        pop     %rdi
        iretq

        .altmacro
        .macro  make_exception vector
        // Vectors 8, 10 to 14, 17, 21, 29 and 30 push an error code.
        exception \vector, ((0x60227d00 >> \vector) & 1)
        .endm

        .set    number, 0
        .rept   EXCEPTION_VECTORS
        make_exception %number
        .set    number, number + 1
        .endr

        .set    number, 0
        .rept   PIC_LINES
        interrupt %number
        .set    number, number + 1
        .endr

        .macro  table_entry name, number
        .quad   \name\number
        .endm

        .section .rodata
        .balign 8
        .globl  exception_entries
exception_entries:
        .set    number, 0
        .rept   EXCEPTION_VECTORS
        table_entry exception_, %number
        .set    number, number + 1
        .endr

        .globl  interrupt_entries
interrupt_entries:
        .set    number, 0
        .rept   PIC_LINES
        table_entry interrupt_, %number
        .set    number, number + 1
        .endr

        .section .note.GNU-stack, "", @progbits
