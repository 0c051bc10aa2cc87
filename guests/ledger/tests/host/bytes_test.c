// SPDX-License-Identifier: Apache-2.0

#include "boot.h"
#include "calendar.h"
#include "harness.h"
#include "layout.h"

static bool parses(struct slice text, int64_t expected)
{
    int64_t value = 0;
    return parse_signed(text, &value) && value == expected;
}

static bool refuses(struct slice text)
{
    int64_t value;
    return !parse_signed(text, &value);
}

static void numbers(void)
{
    CHECK(parses(TEXT("0"), 0));
    CHECK(parses(TEXT("-17"), -17));
    CHECK(parses(TEXT("9223372036854775807"), INT64_MAX));
    CHECK(parses(TEXT("-9223372036854775808"), INT64_MIN));
    CHECK(refuses(TEXT("9223372036854775808")));
    CHECK(refuses(TEXT("-9223372036854775809")));
    CHECK(refuses(TEXT("")));
    CHECK(refuses(TEXT("-")));
    CHECK(refuses(TEXT("-0")));
    CHECK(refuses(TEXT("+1")));
    CHECK(refuses(TEXT("01")));
    CHECK(refuses(TEXT("1 ")));
    uint8_t digits[DECIMAL_MAX];
    CHECK(format_signed(INT64_MIN, digits) == 20);
    CHECK(memcmp(digits, "-9223372036854775808", 20) == 0);
    CHECK(format_unsigned(UINT64_MAX, digits) == 20);
    CHECK(format_unsigned(0, digits) == 1 && digits[0] == '0');
}

static void comparisons(void)
{
    uint8_t left[40];
    uint8_t right[40];
    for (size_t length = 0; length <= sizeof(left); length++) {
        for (size_t i = 0; i < length; i++) {
            left[i] = (uint8_t)(i * 7);
        }
        memcpy(right, left, length);
        CHECK(bytes_equal(left, right, length));
        uint32_t hash = bytes_hash((struct slice){left, length});
        CHECK(hash == bytes_hash((struct slice){right, length}));
        for (size_t i = 0; i < length; i++) {
            right[i] ^= 0x80;
            CHECK(!bytes_equal(left, right, length));
            right[i] ^= 0x80;
        }
    }
    CHECK(text_equals(TEXT("PiNg"), TEXT("pInG")));
    CHECK(!text_equals(TEXT("["), TEXT("{")));
}

static void dates(void)
{
    CHECK(calendar_seconds(&(struct calendar_time){1970, 1, 1, 0, 0, 0}) == 0);
    CHECK(calendar_seconds(&(struct calendar_time){2000, 2, 29, 12, 0, 1}) == 951825601);
    CHECK(calendar_seconds(&(struct calendar_time){2038, 1, 19, 3, 14, 8}) == 2147483648);
}

void test_bytes(void)
{
    numbers();
    comparisons();
    dates();
}

void test_boot(void)
{
    static uint8_t params[4096] __attribute__((aligned(16)));
    static const char line[] = "quiet maxmemory=65536 xmaxmemory=1 bad=x";
    const uint64_t map[2] = {0x100000, 0x1f00000};
    const uint32_t ram = 1;
    params[0x1e8] = 1;
    memcpy(params + 0x2d0, map, 16);
    memcpy(params + 0x2e0, &ram, 4);
    uint64_t address = (uintptr_t)line;
    memcpy(params + 0x228, &address, 4);
    memcpy(params + 0x0c8, (uint8_t *)&address + 4, 4);
    static struct boot_facts facts;
    boot_read((uintptr_t)params, BOOT_LINUX, 0x100000, &facts);
    CHECK(facts.memory_end == 0x2000000);
    CHECK(facts.command_line_length == sizeof(line) - 1);
    uint64_t number = 0;
    CHECK(boot_number(&facts, TEXT("maxmemory"), &number) && number == 65536);
    CHECK(!boot_number(&facts, TEXT("quiet"), &number));
    CHECK(!boot_number(&facts, TEXT("bad"), &number));
    boot_read((uintptr_t)params, BOOT_LINUX, 0x2000000, &facts);
    CHECK(facts.memory_end == 0);
}
