// SPDX-License-Identifier: Apache-2.0
//
// Every page serves one size class. Pages with room are in the list of their class; full pages are
// in no list. Within a page, freed blocks are chained through their first two bytes, and blocks
// that were never used are not touched before they are handed out (`carved` counts those that
// were): filling a page with list links beforehand would cost more than all its allocations.

#include "slab.h"

#include <stdbool.h>

#include "pages.h"

#define NO_BLOCK 0xffffu
#define CLASSES 13

static const uint16_t class_size[CLASSES] = {16,  32,  48,  64,  96,   128, 192,
                                             256, 384, 576, 1024, 2048, 4096};

static struct {
    uint64_t page_limit;
    uint64_t pages;
    uint32_t with_room[CLASSES];
    // Class by size, for sizes up to 4096 in steps of 16.
    uint8_t class_of[SLAB_LARGEST / 16 + 1];
} slab;

void slab_init(uint64_t page_limit)
{
    slab.page_limit = page_limit;
    slab.pages = 0;
    uint8_t size_class = 0;
    for (size_t step = 0; step <= SLAB_LARGEST / 16; step++) {
        if (step * 16 > class_size[size_class]) {
            size_class++;
        }
        slab.class_of[step] = size_class;
    }
    for (size_t i = 0; i < CLASSES; i++) {
        slab.with_room[i] = NO_PAGE;
    }
}

static void list_add(uint32_t number, struct page_info *info)
{
    uint32_t head = slab.with_room[info->size_class];
    info->previous = NO_PAGE;
    info->next = head;
    if (head != NO_PAGE) {
        page_info(head)->previous = number;
    }
    slab.with_room[info->size_class] = number;
}

static void list_remove(struct page_info *info)
{
    if (info->previous != NO_PAGE) {
        page_info(info->previous)->next = info->next;
    } else {
        slab.with_room[info->size_class] = info->next;
    }
    if (info->next != NO_PAGE) {
        page_info(info->next)->previous = info->previous;
    }
}

static uint32_t add_page(uint8_t size_class)
{
    void *page = slab.pages < slab.page_limit ? page_alloc() : NULL;
    if (page == NULL) {
        return NO_PAGE;
    }
    slab.pages++;
    uint32_t number = page_number(page);
    struct page_info *info = page_info(number);
    info->first_free = NO_BLOCK;
    info->used = 0;
    info->carved = 0;
    info->size_class = size_class;
    list_add(number, info);
    return number;
}

static bool has_room(const struct page_info *info)
{
    return info->first_free != NO_BLOCK ||
           (uint32_t)(info->carved + 1) * class_size[info->size_class] <= PAGE_SIZE;
}

void *slab_alloc(size_t size)
{
    uint8_t size_class = slab.class_of[(size + 15) / 16];
    uint32_t number = slab.with_room[size_class];
    if (number == NO_PAGE) {
        number = add_page(size_class);
        if (number == NO_PAGE) {
            return NULL;
        }
    }
    struct page_info *info = page_info(number);
    uint8_t *block = page_address(number);
    if (info->first_free != NO_BLOCK) {
        block += info->first_free;
        info->first_free = *(uint16_t *)block;
    } else {
        block += (size_t)info->carved * class_size[size_class];
        info->carved++;
    }
    info->used++;
    if (!has_room(info)) {
        list_remove(info);
    }
    return block;
}

void slab_free(void *block)
{
    uint32_t number = page_number(block);
    struct page_info *info = page_info(number);
    bool was_listed = has_room(info);
    info->used--;
    if (info->used == 0) {
        if (was_listed) {
            list_remove(info);
        }
        slab.pages--;
        page_free(page_address(number));
        return;
    }
    *(uint16_t *)block = info->first_free;
    info->first_free = (uint16_t)((uint8_t *)block - (uint8_t *)page_address(number));
    if (!was_listed) {
        list_add(number, info);
    }
}

size_t slab_size(const void *block)
{
    return class_size[page_info(page_number(block))->size_class];
}

uint64_t slab_pages(void)
{
    return slab.pages;
}
