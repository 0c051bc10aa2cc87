// SPDX-License-Identifier: Apache-2.0
//
// BURN on a machine that is interrupted in chosen rounds. Each round looks at the ticks once, when
// its work is done.

#include "burn.h"
#include "harness.h"
#include "machine.h"

#define TICKS 3u // 20 ms take two, and the part of one with which they begin
#define NEVER UINT64_MAX
#define PATIENCE 1000u

struct interrupts {
    uint64_t timer[TICKS]; // the rounds in which it ticks
    uint64_t serial;       // the round in which the serial port interrupts
};

static struct {
    struct interrupts interrupts;
    uint64_t looks;
    uint64_t ticks;
    uint64_t entropy;
} machine;

uint64_t machine_mix(uint64_t value)
{
    machine.entropy = (machine.entropy ^ value) * 6364136223846793005u + 1;
    return machine.entropy;
}

uint64_t machine_entropy(void)
{
    return machine.entropy;
}

// The first look is before round 1.
uint64_t machine_ticks(void)
{
    uint64_t round = machine.looks++;
    if (round == machine.interrupts.serial) {
        machine_mix(4);
    }
    for (uint32_t i = 0; i < TICKS; i++) {
        if (round == machine.interrupts.timer[i]) {
            machine_mix(0);
            machine.ticks++;
        }
    }
    return machine.ticks;
}

static void restart(const struct interrupts *interrupts)
{
    machine.interrupts = *interrupts;
    machine.looks = 0;
    machine.ticks = 7;
    machine.entropy = 1;
}

static uint64_t result_of(uint32_t milliseconds, uint64_t first, uint64_t second, uint64_t third,
                          uint64_t serial)
{
    struct interrupts interrupts = {{first, second, third}, serial};
    uint64_t result = 0;
    restart(&interrupts);
    CHECK(burn(milliseconds, PATIENCE, &result));
    return result;
}

static void ends_with_its_ticks(void)
{
    result_of(1, 10, 20, 30, NEVER);
    CHECK(machine.looks == 21);
    result_of(10, 10, 20, 30, NEVER);
    CHECK(machine.looks == 21);
    result_of(11, 10, 20, 30, NEVER);
    CHECK(machine.looks == 31);
    result_of(20, 10, 20, 30, NEVER);
    CHECK(machine.looks == 31);
}

// A round later in one interrupt only, whichever of them and whatever the round does.
static void depends_on_interrupts(void)
{
    static uint64_t results[4 * 100];
    size_t count = 0;
    for (uint64_t i = 0; i < 100; i++) {
        results[count++] = result_of(20, 100 + i, 300, 500, NEVER);
        results[count++] = result_of(20, 100, 301 + i, 500, NEVER);
        results[count++] = result_of(20, 100, 300, 501 + i, NEVER);
        results[count++] = result_of(20, 100, 300, 500, 401 + i % 99);
    }
    CHECK(results[0] == result_of(20, 100, 300, 500, NEVER));
    CHECK(results[3] == results[4 * 99 + 3]);
    for (size_t i = 0; i < count - 1; i++) {
        for (size_t j = 0; j < i; j++) {
            CHECK(results[i] != results[j]);
        }
    }
}

// What comes after it depends on it.
static void changes_the_entropy(void)
{
    result_of(20, 100, 300, 500, NEVER);
    uint64_t after = machine_entropy();
    result_of(20, 100, 301, 500, NEVER);
    CHECK(machine_entropy() != after);
    result_of(20, 100, 300, 500, NEVER);
    CHECK(machine_entropy() == after);
}

static void gives_up(void)
{
    const struct interrupts late = {{PATIENCE, 2 * PATIENCE, 3 * PATIENCE}, NEVER};
    const struct interrupts too_late = {{PATIENCE + 1, NEVER, NEVER}, 10};
    const struct interrupts ending = {{10, 20, NEVER}, 500};
    uint64_t result;
    restart(&late);
    CHECK(burn(20, PATIENCE, &result));
    restart(&too_late);
    CHECK(!burn(20, PATIENCE, &result));
    CHECK(machine.looks == PATIENCE + 1);
    restart(&ending);
    CHECK(!burn(20, PATIENCE, &result));
    CHECK(machine.looks == PATIENCE + 21);
}

static void answers(void)
{
    const struct interrupts ticking = {{100, 300, 500}, NEVER};
    const struct interrupts none = {{NEVER, NEVER, NEVER}, NEVER};
    char expected[32];
    start(64, 16);
    uint64_t result = result_of(20, 100, 300, 500, NEVER);
    int length = sprintf(expected, ":%llu\r\n", (unsigned long long)(result >> 1));
    restart(&ticking);
    struct slice answer = talk("BURN 20\r\n", 9, 100);
    CHECK(answer.length == (size_t)length && bytes_equal(answer.data, expected, answer.length));
    restart(&none);
    EXPECT("BURN 1\r\nPING\r\n", "-ERR no timer interrupt arrived\r\n+PONG\r\n");
    CHECK(machine.looks == BURN_PATIENCE + 1);
}

void test_burn(void)
{
    ends_with_its_ticks();
    depends_on_interrupts();
    changes_the_entropy();
    gives_up();
    answers();
}
