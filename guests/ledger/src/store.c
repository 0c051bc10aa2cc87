// SPDX-License-Identifier: Apache-2.0
//
// A hash table that grows and shrinks by one bucket at a time (linear hashing), so that no single
// command ever pays for moving the whole table. Buckets live in segments of one page each.

#include "store.h"

#include <stddef.h>

#include "memory.h"
#include "pages.h"
#include "slab.h"

#define SEGMENT_BUCKETS (PAGE_SIZE / sizeof(struct entry *))
// 4 million buckets; beyond that only the chains grow.
#define SEGMENTS_MAX 8192u

struct entry {
    struct entry *next;
    uint8_t *value;
    uint32_t hash;
    uint16_t key_length;
    uint16_t value_length;
    uint8_t key[];
};

// VALUE_MAX must fit value_length, and a key with its header the largest block.
_Static_assert(VALUE_MAX <= UINT16_MAX && VALUE_MAX <= SLAB_LARGEST, "value too long for a block");
_Static_assert(offsetof(struct entry, key) + KEY_MAX <= SLAB_LARGEST, "key too long for a block");

static struct {
    struct entry **segments[SEGMENTS_MAX];
    uint32_t buckets; // in use; at least SEGMENT_BUCKETS once the first key is stored
    uint32_t low_mask; // largest 2^n - 1 with 2^n <= buckets
    uint64_t keys;
    uint64_t limit_pages;
} store;

void store_init(uint64_t limit_bytes)
{
    store.limit_pages = limit_bytes / PAGE_SIZE;
    store.buckets = 0;
    store.low_mask = SEGMENT_BUCKETS - 1;
    store.keys = 0;
    slab_init(store.limit_pages);
}

static struct entry **bucket_at(uint32_t number)
{
    return &store.segments[number / SEGMENT_BUCKETS][number % SEGMENT_BUCKETS];
}

static struct entry **bucket_of(uint32_t hash)
{
    // Buckets that were already split are found with one more bit of the hash.
    uint32_t number = hash & (store.low_mask * 2 + 1);
    if (number >= store.buckets) {
        number = hash & store.low_mask;
    }
    return bucket_at(number);
}

// The place that points to the key's entry, or to NULL at the end of its chain.
static struct entry **find(struct slice key, uint32_t hash)
{
    static struct entry *nothing;
    if (store.buckets == 0) {
        nothing = NULL;
        return &nothing;
    }
    struct entry **link = bucket_of(hash);
    for (struct entry *entry; (entry = *link) != NULL; link = &entry->next) {
        if (entry->hash == hash && entry->key_length == key.length &&
            bytes_equal(entry->key, key.data, key.length)) {
            break;
        }
    }
    return link;
}

static bool add_segment(void)
{
    uint32_t number = store.buckets / SEGMENT_BUCKETS;
    if (number == SEGMENTS_MAX) {
        return false;
    }
    struct entry **segment = slab_alloc(PAGE_SIZE);
    if (segment == NULL) {
        return false;
    }
    memset(segment, 0, PAGE_SIZE);
    store.segments[number] = segment;
    return true;
}

// Adds one bucket and moves to it what belongs there from the bucket it is split from. Without
// memory the chains just stay longer.
static void grow(void)
{
    if (store.buckets % SEGMENT_BUCKETS == 0 && !add_segment()) {
        return;
    }
    uint32_t added = store.buckets++;
    uint32_t high_bit = store.low_mask + 1;
    struct entry **target = bucket_at(added);
    struct entry **link = bucket_at(added - high_bit);
    *target = NULL;
    while (*link != NULL) {
        struct entry *entry = *link;
        if ((entry->hash & high_bit) != 0) {
            *link = entry->next;
            entry->next = *target;
            *target = entry;
        } else {
            link = &entry->next;
        }
    }
    if (store.buckets == high_bit * 2) {
        store.low_mask = store.low_mask * 2 + 1;
    }
}

// The reverse of grow.
static void shrink(void)
{
    if (store.buckets == store.low_mask + 1) {
        store.low_mask /= 2;
    }
    uint32_t removed = --store.buckets;
    struct entry *chain = *bucket_at(removed);
    struct entry **link = bucket_at(removed - (store.low_mask + 1));
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = chain;
    if (store.buckets % SEGMENT_BUCKETS == 0) {
        slab_free(store.segments[store.buckets / SEGMENT_BUCKETS]);
    }
}

bool store_get(struct slice key, struct slice *value)
{
    struct entry *entry = *find(key, bytes_hash(key));
    if (entry == NULL) {
        return false;
    }
    *value = (struct slice){entry->value, entry->value_length};
    return true;
}

bool store_exists(struct slice key)
{
    return *find(key, bytes_hash(key)) != NULL;
}

static bool replace_value(struct entry *entry, struct slice value)
{
    size_t room = slab_size(entry->value);
    // A block more than twice too large is given back.
    if (value.length > room || (room > 64 && value.length * 2 < room)) {
        uint8_t *block = slab_alloc(value.length);
        if (block == NULL && value.length > room) {
            return false;
        }
        if (block != NULL) {
            slab_free(entry->value);
            entry->value = block;
        }
    }
    memcpy(entry->value, value.data, value.length);
    entry->value_length = (uint16_t)value.length;
    return true;
}

static bool insert(struct slice key, uint32_t hash, struct slice value)
{
    if (store.buckets == 0) {
        if (!add_segment()) {
            return false;
        }
        store.buckets = SEGMENT_BUCKETS;
    }
    struct entry *entry = slab_alloc(offsetof(struct entry, key) + key.length);
    if (entry == NULL) {
        return false;
    }
    entry->value = slab_alloc(value.length);
    if (entry->value == NULL) {
        slab_free(entry);
        return false;
    }
    entry->hash = hash;
    entry->key_length = (uint16_t)key.length;
    entry->value_length = (uint16_t)value.length;
    memcpy(entry->key, key.data, key.length);
    memcpy(entry->value, value.data, value.length);
    struct entry **bucket = bucket_of(hash);
    entry->next = *bucket;
    *bucket = entry;
    store.keys++;
    if (store.keys > store.buckets) {
        grow();
    }
    return true;
}

bool store_set(struct slice key, struct slice value)
{
    uint32_t hash = bytes_hash(key);
    struct entry *entry = *find(key, hash);
    return entry != NULL ? replace_value(entry, value) : insert(key, hash, value);
}

bool store_delete(struct slice key)
{
    struct entry **link = find(key, bytes_hash(key));
    struct entry *entry = *link;
    if (entry == NULL) {
        return false;
    }
    *link = entry->next;
    slab_free(entry->value);
    slab_free(entry);
    store.keys--;
    // Half as full as at the time of growing, so that a key set and deleted again moves nothing.
    // Two buckets for each key, so that a table that is emptied ends as small as it began.
    for (int i = 0; i < 2; i++) {
        if (store.keys * 2 < store.buckets && store.buckets > SEGMENT_BUCKETS) {
            shrink();
        }
    }
    return true;
}

uint64_t store_keys(void)
{
    return store.keys;
}

uint64_t store_used_bytes(void)
{
    return slab_pages() * PAGE_SIZE;
}

uint64_t store_limit_bytes(void)
{
    return store.limit_pages * PAGE_SIZE;
}
