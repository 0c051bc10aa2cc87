// SPDX-License-Identifier: Apache-2.0

#ifndef LEDGER_RTC_H
#define LEDGER_RTC_H

#include <stdint.h>

// The wall clock in the CMOS chip, in seconds since 1970. Read once at start: the timer is finer
// and cheaper from then on.
uint64_t rtc_seconds(void);

#endif
