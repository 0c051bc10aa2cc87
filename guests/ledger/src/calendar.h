// SPDX-License-Identifier: Apache-2.0

#ifndef LEDGER_CALENDAR_H
#define LEDGER_CALENDAR_H

#include <stdint.h>

struct calendar_time {
    uint32_t year; // 1970 or later
    uint32_t month; // 1 to 12
    uint32_t day; // 1 to 31
    uint32_t hour;
    uint32_t minute;
    uint32_t second;
};

// Seconds since 1970 of a UTC time.
uint64_t calendar_seconds(const struct calendar_time *time);

#endif
