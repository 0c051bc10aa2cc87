// SPDX-License-Identifier: Apache-2.0

#include "commands.h"
#include "harness.h"
#include "store.h"

static void answers(void)
{
    start(64, 16);
    EXPECT("PING\r\n", "+PONG\r\n");
    EXPECT("ping hello\r\n", "$5\r\nhello\r\n");
    EXPECT("ECHO \"\\x00\\r\\n\"\r\n", "$3\r\n\0\r\n\r\n");
    EXPECT("GET a\r\n", "$-1\r\n");
    EXPECT("*3\r\n$3\r\nSeT\r\n$2\r\na\0\r\n$3\r\n\r\n\0\r\n", "+OK\r\n");
    EXPECT("*2\r\n$3\r\nGET\r\n$2\r\na\0\r\n", "$3\r\n\r\n\0\r\n");
    EXPECT("SET a 1 EX 5\r\n", "-ERR syntax error\r\n");
    EXPECT("INCR n\r\nINCR n\r\nINCRBY n -5\r\n", ":1\r\n:2\r\n:-3\r\n");
    EXPECT("SET n 9223372036854775807\r\nINCR n\r\n",
           "+OK\r\n-ERR increment or decrement would overflow\r\n");
    EXPECT("SET n x\r\nINCR n\r\nINCRBY n y\r\n",
           "+OK\r\n-ERR value is not an integer or out of range\r\n"
           "-ERR value is not an integer or out of range\r\n");
    EXPECT("EXISTS n n m\r\nDBSIZE\r\nDEL n m\r\nDBSIZE\r\n", ":2\r\n:2\r\n:1\r\n:1\r\n");
    EXPECT("TIME\r\nRANDOM\r\n", "*2\r\n$10\r\n1700000000\r\n$6\r\n123456\r\n:42\r\n");
    EXPECT("COMMAND\r\nCOMMAND COUNT\r\nCOMMAND DOCS x\r\n", "*0\r\n:0\r\n*0\r\n");
    EXPECT("CONFIG GET save\r\nCONFIG GET appendonly\r\nCONFIG GET x\r\n",
           "*2\r\n$4\r\nsave\r\n$0\r\n\r\n*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n*0\r\n");
    EXPECT("CONFIG SET a b\r\n", "-ERR unknown subcommand 'SET'. Try CONFIG HELP.\r\n");
    EXPECT("QUIT\r\nPING\r\n", "+OK\r\n+PONG\r\n");
}

static void refusals(void)
{
    start(64, 16);
    EXPECT("NOPE a b\r\n",
           "-ERR unknown command 'NOPE', with args beginning with: 'a' 'b' \r\n");
    EXPECT("*1\r\n$4\r\na\r\nb\r\n", "-ERR unknown command 'a  b', with args beginning with: \r\n");
    EXPECT("*1\r\n$0\r\n\r\n", "-ERR unknown command '', with args beginning with: \r\n");
    EXPECT("*1\r\n$4\r\nget\0\r\n",
           "-ERR unknown command 'get\0', with args beginning with: \r\n");
    EXPECT("GET\r\n", "-ERR wrong number of arguments for 'get' command\r\n");
    EXPECT("SET a\r\n", "-ERR wrong number of arguments for 'set' command\r\n");
    EXPECT("BURN\r\n", "-ERR wrong number of arguments for 'burn' command\r\n");
    EXPECT("BURN 10 10\r\n", "-ERR wrong number of arguments for 'burn' command\r\n");
    EXPECT("BURN ten\r\nBURN 1.5\r\n", "-ERR value is not an integer or out of range\r\n"
                                       "-ERR value is not an integer or out of range\r\n");
    EXPECT("BURN 0\r\nBURN 60001\r\nBURN -1\r\n",
           "-ERR milliseconds must be from 1 to 60000\r\n"
           "-ERR milliseconds must be from 1 to 60000\r\n"
           "-ERR milliseconds must be from 1 to 60000\r\n");
    EXPECT("PING a b\r\n", "-ERR wrong number of arguments for 'ping' command\r\n");
    static char request[1024];
    int length = sprintf(request, "SET %0512d x\r\n", 1);
    struct slice answer = talk(request, (size_t)length, 100);
    CHECK(bytes_equal(answer.data, "+OK\r\n", 5));
    length = sprintf(request, "SET %0513d x\r\n", 1);
    answer = talk(request, (size_t)length, 100);
    CHECK(bytes_equal(answer.data, "-ERR key exceeds", 16));
    length = sprintf(request, "DEL a b %0513d\r\n", 1);
    answer = talk(request, (size_t)length, 100);
    CHECK(bytes_equal(answer.data, "-ERR key exceeds", 16));
    struct slice info = talk("INFO stats\r\n", 12, 100);
    CHECK(bytes_equal(info.data, "$", 1) && info.length > 100);
}

static void memory_ends(void)
{
    start(64, 16);
    static uint8_t request[4200];
    uint32_t stored = 0;
    for (uint32_t i = 0; i < 100; i++) {
        size_t length =
            (size_t)sprintf((char *)request, "*3\r\n$3\r\nSET\r\n$4\r\n%04u\r\n$4096\r\n", i);
        memset(request + length, 'v', 4096);
        memcpy(request + length + 4096, "\r\n", 2);
        struct slice answer = talk(request, length + 4098, 1024);
        if (bytes_equal(answer.data, "+OK\r\n", 5)) {
            stored++;
        } else {
            CHECK(bytes_equal(answer.data, "-OOM ", 5));
        }
    }
    CHECK(stored >= 10 && stored < 16);
    CHECK(store_keys() == stored);
    CHECK(command_counters()->out_of_memory == 100 - stored);
    struct slice answer = talk("DEL 0000\r\nSET new 1\r\nGET new\r\n", 31, 100);
    CHECK(bytes_equal(answer.data, ":1\r\n+OK\r\n$1\r\n1\r\n", 16));
    answer = talk("GET 0001\r\n", 10, 100);
    CHECK(answer.length == 7 + 4096 + 2);
}

void test_commands(void)
{
    answers();
    refusals();
    memory_ends();
}
