// SPDX-License-Identifier: Apache-2.0
//
// Boots the image on /dev/kvm, checks answers, and prints how many exits a request costs.

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "monitor.h"

#define ROUNDS 200u

static void expect(const void *input, size_t length, const void *answer, size_t answer_length)
{
    const uint8_t *output;
    console_input(input, length);
    if (!monitor_run()) {
        fail("the guest has stopped", 0);
    }
    size_t got = console_output(&output);
    if (got != answer_length || memcmp(output, answer, got) != 0) {
        fwrite(output, 1, got, stderr);
        fail("unexpected answer, length", got);
    }
}

#define EXPECT(input, answer) expect(input, sizeof(input) - 1, answer, sizeof(answer) - 1)

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(const char *name, const void *input, size_t length, const void *answer,
                    size_t answer_length)
{
    struct counts before = *monitor_counts();
    double start = seconds();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        expect(input, length, answer, answer_length);
    }
    double end = seconds();
    const struct counts *after = monitor_counts();
    printf("  %-14s %5.1f port accesses, %.1f halts, %.1f interrupts, %.0f us\n", name,
           (double)(after->port_accesses - before.port_accesses) / ROUNDS,
           (double)(after->halts - before.halts) / ROUNDS,
           (double)(after->interrupts - before.interrupts) / ROUNDS, (end - start) / ROUNDS * 1e6);
}

#define MEASURE(name, input, answer)                                                               \
    measure(name, input, sizeof(input) - 1, answer, sizeof(answer) - 1)

// An exception must be reported with its number and place, and stop the guest for good.
static void panics(void)
{
    static const uint8_t undefined_instruction[] = {0x0f, 0x0b};
    uint64_t rip = monitor_patch(undefined_instruction, sizeof(undefined_instruction));
    char expected[80];
    int length = snprintf(expected, sizeof(expected),
                          "\r\nledger: panic: exception 6 at RIP 0x%016llx, error code ",
                          (unsigned long long)rip);
    const uint8_t *output;
    console_input("\0", 1); // the interrupt that ends the halt
    if (monitor_run()) {
        fail("the guest went on after an exception at", rip);
    }
    size_t got = console_output(&output);
    if (got < (size_t)length + 2 || memcmp(output, expected, (size_t)length) != 0 ||
        memcmp(output + got - 2, "\r\n", 2) != 0) {
        fwrite(output, 1, got, stderr);
        fail("unexpected last words, length", got);
    }
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: test-kvm IMAGE\n");
        return 2;
    }
    monitor_boot(arguments[1], "maxmemory=1048576");
    // Sent before the guest runs: nothing of it may be lost.
    double start = seconds();
    EXPECT("PING\r\n", "+PONG\r\n");
    printf("  boot           %llu port accesses, %.0f us\n",
           (unsigned long long)monitor_counts()->port_accesses, (seconds() - start) * 1e6);
    EXPECT("SET key abc\r\nGET key\r\nINCRBY n -5\r\nDEL n n\r\nDBSIZE\r\n",
           "+OK\r\n$3\r\nabc\r\n:-5\r\n:1\r\n:1\r\n");
    // The timer stands at its start, 0x1010 of 11932.
    EXPECT("TIME\r\n", "*2\r\n$10\r\n1700000000\r\n$4\r\n6553\r\n");
    EXPECT("CONFIG GET maxmemory\r\n", "*2\r\n$9\r\nmaxmemory\r\n$7\r\n1048576\r\n");
    MEASURE("PING", "*1\r\n$4\r\nPING\r\n", "+PONG\r\n");
    MEASURE("SET", "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\nabc\r\n", "+OK\r\n");
    MEASURE("GET", "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", "$3\r\nabc\r\n");
    EXPECT("\4\0\10\0nonce678\1\5\0\0\2\5\5\0PING\n", "\4\0\10\0nonce678\2\5\7\0+PONG\r\n");
    MEASURE("GET in a frame", "\2\5\26\0*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n",
            "\2\5\11\0$3\r\nabc\r\n");
    EXPECT("\4\0\10\0NONCE678", "\4\0\10\0NONCE678");
    panics();
    puts("KVM tests passed");
    return 0;
}
