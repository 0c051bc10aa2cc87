// SPDX-License-Identifier: Apache-2.0

#ifndef LEDGER_INFO_H
#define LEDGER_INFO_H

#include "bytes.h"

// The reply of INFO: the sections named, or all of them when none is named.
void info_reply(const struct slice *sections, uint32_t count);

#endif
