// SPDX-License-Identifier: Apache-2.0

#include "harness.h"
#include "pages.h"
#include "store.h"

#define KEYS 3000

static struct {
    bool present;
    uint8_t fill;
    uint16_t length;
} model[KEYS];

static size_t make_key(uint32_t number, uint8_t *key)
{
    size_t length = 1 + number % 40;
    memset(key, 0, length); // keys may hold zero bytes
    memcpy(key + (length > 4 ? length - 4 : 0), &number, length < 4 ? length : 4);
    return length;
}

static bool value_matches(struct slice value, uint32_t number)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] != model[number].fill) {
            return false;
        }
    }
    return value.length == model[number].length;
}

static void change(uint32_t number)
{
    uint8_t key[64];
    uint8_t bytes[VALUE_MAX];
    struct slice name = {key, make_key(number, key)};
    if (next_random() % 3 == 0) {
        CHECK(store_delete(name) == model[number].present);
        model[number].present = false;
        return;
    }
    uint16_t length = (uint16_t)(next_random() % (next_random() % 50 == 0 ? VALUE_MAX + 1 : 200));
    uint8_t fill = (uint8_t)next_random();
    memset(bytes, fill, length);
    // When there is no memory, nothing may change: the check below finds it if it does.
    if (store_set(name, (struct slice){bytes, length})) {
        model[number].present = true;
        model[number].fill = fill;
        model[number].length = length;
    }
}

static void compare(void)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        uint8_t key[64];
        struct slice name = {key, make_key(i, key)};
        struct slice value;
        CHECK(store_exists(name) == model[i].present);
        CHECK(store_get(name, &value) == model[i].present);
        if (model[i].present) {
            CHECK(value_matches(value, i));
            keys++;
        }
    }
    CHECK(store_keys() == keys);
    CHECK(store_used_bytes() <= store_limit_bytes());
}

// Short keys of different numbers may be equal; those are left out.
static bool is_distinct(uint32_t number)
{
    return 1 + number % 40 >= 4;
}

static void against_model(size_t limit_pages)
{
    start(512, limit_pages);
    memset(model, 0, sizeof(model));
    for (int round = 0; round < 40000; round++) {
        uint32_t number = next_random() % KEYS;
        if (is_distinct(number)) {
            change(number);
        }
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        uint8_t key[64];
        if (!is_distinct(i)) {
            model[i].present = store_exists((struct slice){key, make_key(i, key)});
            CHECK(!model[i].present);
        }
    }
    compare();
    for (uint32_t i = 0; i < KEYS; i++) {
        uint8_t key[64];
        store_delete((struct slice){key, make_key(i, key)});
    }
    CHECK(store_keys() == 0);
    // Only the first segment of the index stays.
    CHECK(store_used_bytes() == PAGE_SIZE);
}

static struct slice short_key(uint32_t *number)
{
    return (struct slice){(const uint8_t *)number, sizeof(*number)};
}

// The index grows with the keys: 1600 of them are 13 pages of entries (32 bytes each), 7 of values
// (16 bytes), and four segments of 512 buckets.
static void index_grows(void)
{
    start(64, 60);
    for (uint32_t i = 0; i < 1600; i++) {
        CHECK(store_set(short_key(&i), TEXT("value")));
    }
    CHECK(store_used_bytes() == (13 + 7 + 4) * PAGE_SIZE);
}

// Blocks that are freed in full pages are used again, though their pages are not empty.
static void holes_are_filled(void)
{
    start(64, 16);
    uint32_t keys = 0;
    while (store_set(short_key(&keys), TEXT("value"))) {
        keys++;
    }
    CHECK(keys > 500);
    for (uint32_t i = 0; i < keys; i += 2) {
        CHECK(store_delete(short_key(&i)));
    }
    for (uint32_t i = 0; i < keys; i += 2) {
        CHECK(store_set(short_key(&i), TEXT("again")));
    }
    CHECK(store_keys() == keys);
}

// However many bytes there are: pages lie within them, and behind their descriptions.
static void pool_limits(void)
{
    for (uintptr_t bytes = 0; bytes < 600 * PAGE_SIZE; bytes += 1000) {
        uintptr_t first = 1 << 20;
        pages_init(first + 1, first + bytes);
        uint32_t total = (uint32_t)pages_total();
        if (total > 0) {
            CHECK((uintptr_t)page_address(total) + PAGE_SIZE <= first + bytes);
            CHECK((uintptr_t)page_address(1) >= (uintptr_t)(page_info(total) + 1));
        }
        CHECK((total + 4) * (uintptr_t)(PAGE_SIZE + 16) > bytes); // next to nothing is wasted
    }
}

void test_store(void)
{
    pool_limits();
    index_grows();
    holes_are_filled();

    against_model(400); // enough for everything
    against_model(40);  // full most of the time
}
