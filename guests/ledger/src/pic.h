// SPDX-License-Identifier: Apache-2.0
//
// The pair of 8259A interrupt controllers.

#ifndef LEDGER_PIC_H
#define LEDGER_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_TIMER 0u
#define LINE_SERIAL 4u
#define LINE_MASTER_SPURIOUS 7u
#define LINE_SLAVE_SPURIOUS 15u

// Vectors as Linux sets them; only the timer and the first serial port are let through.
void pic_init(void);
void pic_end_of_interrupt(uint32_t line);

// False for a spurious interrupt: the controller answers on its lowest line when the real reason
// is gone by the time it is asked.
bool pic_in_service(uint32_t line);

// After a spurious interrupt of the slave, the master still waits for its end.
void pic_end_of_cascade(void);

#endif
