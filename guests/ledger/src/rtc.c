// SPDX-License-Identifier: Apache-2.0

#include "rtc.h"

#include <stdbool.h>

#include "calendar.h"
#include "cpu.h"

#define INDEX 0x70
#define DATA 0x71

#define REG_SECOND 0x00
#define REG_MINUTE 0x02
#define REG_HOUR 0x04
#define REG_DAY 0x07
#define REG_MONTH 0x08
#define REG_YEAR 0x09
#define REG_A 0x0a
#define REG_B 0x0b
#define REG_CENTURY 0x32

#define A_UPDATE_IN_PROGRESS 0x80
#define B_24_HOURS 0x02
#define B_BINARY 0x04
#define HOUR_PM 0x80

// An update takes 2 ms; a port access takes a microsecond at least.
#define UPDATE_POLLS_MAX 10000

static uint8_t cmos(uint8_t reg)
{
    port_write(INDEX, reg);
    return port_read(DATA);
}

static void wait_for_update(void)
{
    for (int i = 0; i < UPDATE_POLLS_MAX; i++) {
        if ((cmos(REG_A) & A_UPDATE_IN_PROGRESS) == 0) {
            return;
        }
    }
}

static uint32_t number(uint8_t raw, bool binary)
{
    return binary ? raw : (uint32_t)(raw & 15) + (uint32_t)(raw >> 4) * 10;
}

uint64_t rtc_seconds(void)
{
    struct calendar_time time;
    uint8_t mode = cmos(REG_B);
    bool binary = (mode & B_BINARY) != 0;
    uint8_t second;
    uint8_t hour;
    wait_for_update();
    do {
        second = cmos(REG_SECOND);
        time.minute = number(cmos(REG_MINUTE), binary);
        hour = cmos(REG_HOUR);
        time.day = number(cmos(REG_DAY), binary);
        time.month = number(cmos(REG_MONTH), binary);
        time.year = number(cmos(REG_YEAR), binary);
    } while (cmos(REG_SECOND) != second); // all of it from within one second
    uint32_t century = number(cmos(REG_CENTURY), binary);
    time.second = number(second, binary);
    time.hour = number(hour & (uint8_t)~HOUR_PM, binary);
    if ((mode & B_24_HOURS) == 0) {
        time.hour = time.hour % 12 + ((hour & HOUR_PM) != 0 ? 12 : 0);
    }
    // Not every machine keeps the century there.
    time.year += (century >= 19 && century <= 21 ? century : 20) * 100;
    if (time.year < 1970 || time.month < 1 || time.month > 12 || time.day < 1) {
        return 0;
    }
    return calendar_seconds(&time);
}
