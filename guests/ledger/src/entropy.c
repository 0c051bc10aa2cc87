// SPDX-License-Identifier: Apache-2.0

#include "entropy.h"

static volatile uint64_t state = 0x6c6564676572u;

void entropy_mix(uint64_t value)
{
    uint64_t mixed = (state ^ value) * 0xbf58476d1ce4e5b9u;
    state = mixed ^ (mixed >> 31);
}

uint64_t entropy_state(void)
{
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}
