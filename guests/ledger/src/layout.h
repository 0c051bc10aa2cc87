// SPDX-License-Identifier: Apache-2.0
//
// Numbers that assembly and C must agree on.

#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10

#define BOOT_LINUX 0
#define BOOT_PVH 1

#define BOOT_STACK_SIZE 16384

#define EXCEPTION_VECTORS 32
#define PIC_MASTER_VECTOR 0x30
#define PIC_SLAVE_VECTOR 0x38
#define PIC_LINES 16

#endif
