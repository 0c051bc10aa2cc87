// SPDX-License-Identifier: Apache-2.0

#include "calendar.h"

uint64_t calendar_seconds(const struct calendar_time *time)
{
    // Years that begin in March have their leap day last, so the days before a month do not
    // depend on the year: 153 days in every five months from March on.
    uint64_t year = time->month > 2 ? time->year : time->year - 1;
    uint64_t month = (time->month + 9) % 12;
    uint64_t days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
                    time->day - 1;
    days -= 719468; // 1 March of year 0 to 1 January 1970
    return ((days * 24 + time->hour) * 60 + time->minute) * 60 + time->second;
}
