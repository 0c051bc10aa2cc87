// SPDX-License-Identifier: Apache-2.0
//
// Where the guest's kernel code is emulated, an iteration of a REP string instruction costs about
// as much as any other instruction, so eight bytes per iteration are eight times faster than one.

#include "memory.h"

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    void *destination = to;
    if (length >= 8) {
        // The last eight bytes are fetched first and stored last: they may overlap the words.
        uint64_t last;
        const char *from_last = (const char *)from + length - 8;
        char *to_last = (char *)to + length - 8;
        __builtin_memcpy(&last, from_last, 8);
        size_t words = (length - 1) / 8;
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
        __builtin_memcpy(to_last, &last, 8);
    } else {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
    }
    return destination;
}

void *memmove(void *to, const void *from, size_t length)
{
    char *t = to;
    const char *f = from;
    if (t <= f) {
        for (size_t i = 0; i < length; i++) {
            t[i] = f[i];
        }
    } else {
        while (length-- > 0) {
            t[length] = f[length];
        }
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    void *at = to;
    size_t words = length / 8;
    size_t rest = length % 8;
    uint64_t word = (uint8_t)value * 0x0101010101010101u;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(word) : "memory");
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(rest) : "a"(word) : "memory");
    return to;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const uint8_t *l = left;
    const uint8_t *r = right;
    for (size_t i = 0; i < length; i++) {
        if (l[i] != r[i]) {
            return l[i] - r[i];
        }
    }
    return 0;
}
