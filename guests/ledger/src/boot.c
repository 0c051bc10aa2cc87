// SPDX-License-Identifier: Apache-2.0

#include "boot.h"

#include "layout.h"

#define RAM 1u

// Linux boot_params ("zero page"): byte offsets.
#define E820_COUNT 0x1e8
#define E820_TABLE 0x2d0
#define E820_ENTRIES_MAX 128u
#define COMMAND_LINE_LOW 0x228
#define COMMAND_LINE_HIGH 0x0c8

// hvm_start_info, version 1 or later.
#define PVH_MAGIC 0x336ec578u

struct __attribute__((packed)) e820_entry {
    uint64_t address;
    uint64_t size;
    uint32_t type;
};

struct pvh_map_entry {
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

struct pvh_start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t modules;
    uint64_t module_list;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t map;
    uint32_t map_entries;
    uint32_t reserved;
};

static void copy_command_line(uint64_t address, struct boot_facts *facts)
{
    facts->command_line_length = 0;
    if (address == 0) {
        return;
    }
    const uint8_t *from = (const uint8_t *)(uintptr_t)address;
    while (facts->command_line_length < COMMAND_LINE_MAX && *from != 0) {
        facts->command_line[facts->command_line_length++] = *from++;
    }
}

static void consider(uint64_t address, uint64_t size, uint32_t type, uint64_t image,
                     struct boot_facts *facts)
{
    if (type == RAM && address <= image && image - address < size) {
        facts->memory_end = address + size;
    }
}

static void read_linux(const uint8_t *params, uint64_t image, struct boot_facts *facts)
{
    const struct e820_entry *map = (const struct e820_entry *)(params + E820_TABLE);
    for (uint32_t i = 0; i < params[E820_COUNT] && i < E820_ENTRIES_MAX; i++) {
        consider(map[i].address, map[i].size, map[i].type, image, facts);
    }
    uint32_t low;
    uint32_t high;
    __builtin_memcpy(&low, params + COMMAND_LINE_LOW, sizeof(low));
    __builtin_memcpy(&high, params + COMMAND_LINE_HIGH, sizeof(high));
    copy_command_line((uint64_t)high << 32 | low, facts);
}

static void read_pvh(const struct pvh_start_info *info, uint64_t image, struct boot_facts *facts)
{
    if (info->magic != PVH_MAGIC || info->version < 1) {
        return;
    }
    const struct pvh_map_entry *map = (const struct pvh_map_entry *)(uintptr_t)info->map;
    for (uint32_t i = 0; i < info->map_entries; i++) {
        consider(map[i].address, map[i].size, map[i].type, image, facts);
    }
    copy_command_line(info->command_line, facts);
}

void boot_read(uint64_t address, uint32_t kind, uint64_t image, struct boot_facts *facts)
{
    facts->memory_end = 0;
    facts->command_line_length = 0;
    if (kind == BOOT_LINUX) {
        read_linux((const uint8_t *)(uintptr_t)address, image, facts);
    } else {
        read_pvh((const struct pvh_start_info *)(uintptr_t)address, image, facts);
    }
}

bool boot_number(const struct boot_facts *facts, struct slice name, uint64_t *number)
{
    const uint8_t *line = facts->command_line;
    uint32_t end = facts->command_line_length;
    for (uint32_t start = 0; start < end;) {
        uint32_t stop = start;
        while (stop < end && line[stop] != ' ') {
            stop++;
        }
        uint32_t value = start + (uint32_t)name.length + 1;
        if (value < stop && line[value - 1] == '=' &&
            bytes_equal(line + start, name.data, name.length)) {
            int64_t parsed;
            if (parse_signed((struct slice){line + value, stop - value}, &parsed) && parsed >= 0) {
                *number = (uint64_t)parsed;
                return true;
            }
        }
        start = stop + 1;
    }
    return false;
}
