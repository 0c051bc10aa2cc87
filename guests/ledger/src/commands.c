// SPDX-License-Identifier: Apache-2.0

#include "commands.h"

#include "burn.h"
#include "info.h"
#include "machine.h"
#include "reply.h"
#include "store.h"
#include "text.h"

// Redis shows at most this much of what a client sent in an error.
#define ERROR_QUOTE_MAX 128u

#define ERROR_NOT_AN_INTEGER "ERR value is not an integer or out of range"
#define ERROR_OVERFLOW "ERR increment or decrement would overflow"
#define ERROR_OUT_OF_MEMORY "OOM command not allowed when used memory > 'maxmemory'."
#define ERROR_SYNTAX "ERR syntax error"
#define ERROR_MILLISECONDS "ERR milliseconds must be from 1 to 60000"
#define ERROR_NO_TIMER "ERR no timer interrupt arrived"
#define ERROR_KEY_TOO_LONG "ERR key exceeds maximum allowed length (512 bytes)"

static struct command_counters counters;

struct command {
    // The name in lower case, packed by name_word; at most eight letters.
    uint64_t name;
    // How many arguments with the name itself; a negative number is a minimum.
    int8_t arity;
    // Argument numbers of its keys, checked before it runs; 0 is none, last < 0 means "to the end".
    int8_t first_key;
    int8_t last_key;
    void (*run)(const struct slice *arguments, uint32_t count);
};

void commands_init(void)
{
    counters = (struct command_counters){0, 0, 0};
}

const struct command_counters *command_counters(void)
{
    return &counters;
}

void command_error(struct slice text)
{
    counters.errors++;
    reply_error(text);
}

static void out_of_memory(void)
{
    counters.out_of_memory++;
    command_error(TEXT(ERROR_OUT_OF_MEMORY));
}

static void run_ping(const struct slice *arguments, uint32_t count)
{
    if (count > 2) {
        command_error(TEXT("ERR wrong number of arguments for 'ping' command"));
    } else if (count == 2) {
        reply_bulk(arguments[1]);
    } else {
        reply_simple(TEXT("PONG"));
    }
}

static void run_echo(const struct slice *arguments, uint32_t count)
{
    (void)count;
    reply_bulk(arguments[1]);
}

static void run_set(const struct slice *arguments, uint32_t count)
{
    if (count > 3) {
        command_error(TEXT(ERROR_SYNTAX));
    } else if (store_set(arguments[1], arguments[2])) {
        reply_simple(TEXT("OK"));
    } else {
        out_of_memory();
    }
}

static void run_get(const struct slice *arguments, uint32_t count)
{
    (void)count;
    struct slice value;
    if (store_get(arguments[1], &value)) {
        reply_bulk(value);
    } else {
        reply_null();
    }
}

static void run_del(const struct slice *arguments, uint32_t count)
{
    int64_t deleted = 0;
    for (uint32_t i = 1; i < count; i++) {
        deleted += store_delete(arguments[i]);
    }
    reply_integer(deleted);
}

static void run_exists(const struct slice *arguments, uint32_t count)
{
    int64_t found = 0;
    for (uint32_t i = 1; i < count; i++) {
        found += store_exists(arguments[i]);
    }
    reply_integer(found);
}

static void increment(struct slice key, int64_t by)
{
    int64_t number = 0;
    struct slice value;
    if (store_get(key, &value) && !parse_signed(value, &number)) {
        command_error(TEXT(ERROR_NOT_AN_INTEGER));
        return;
    }
    if (__builtin_add_overflow(number, by, &number)) {
        command_error(TEXT(ERROR_OVERFLOW));
        return;
    }
    uint8_t digits[DECIMAL_MAX];
    if (store_set(key, (struct slice){digits, format_signed(number, digits)})) {
        reply_integer(number);
    } else {
        out_of_memory();
    }
}

static void run_incr(const struct slice *arguments, uint32_t count)
{
    (void)count;
    increment(arguments[1], 1);
}

static void run_incrby(const struct slice *arguments, uint32_t count)
{
    (void)count;
    int64_t by;
    if (parse_signed(arguments[2], &by)) {
        increment(arguments[1], by);
    } else {
        command_error(TEXT(ERROR_NOT_AN_INTEGER));
    }
}

static void run_dbsize(const struct slice *arguments, uint32_t count)
{
    (void)arguments;
    (void)count;
    reply_integer((int64_t)store_keys());
}

static void reply_bulk_number(uint64_t value)
{
    uint8_t digits[DECIMAL_MAX];
    reply_bulk((struct slice){digits, format_unsigned(value, digits)});
}

static void run_time(const struct slice *arguments, uint32_t count)
{
    (void)arguments;
    (void)count;
    struct machine_time now = machine_time();
    reply_array(2);
    reply_bulk_number(now.seconds);
    reply_bulk_number(now.microseconds);
}

static void run_random(const struct slice *arguments, uint32_t count)
{
    (void)arguments;
    (void)count;
    reply_integer((int64_t)(machine_random() >> 1));
}

static void run_burn(const struct slice *arguments, uint32_t count)
{
    (void)count;
    int64_t milliseconds;
    uint64_t result;
    if (!parse_signed(arguments[1], &milliseconds)) {
        command_error(TEXT(ERROR_NOT_AN_INTEGER));
    } else if (milliseconds < 1 || milliseconds > BURN_MILLISECONDS_MAX) {
        command_error(TEXT(ERROR_MILLISECONDS));
    } else if (burn((uint32_t)milliseconds, BURN_PATIENCE, &result)) {
        reply_integer((int64_t)(result >> 1));
    } else {
        command_error(TEXT(ERROR_NO_TIMER));
    }
}

static void run_info(const struct slice *arguments, uint32_t count)
{
    info_reply(arguments + 1, count - 1);
}

// Clients ask for the command table to help their users; an empty one is a valid answer.
static void run_command(const struct slice *arguments, uint32_t count)
{
    if (count > 1 && text_equals(arguments[1], TEXT("count"))) {
        reply_integer(0);
    } else {
        reply_array(0);
    }
}

static void run_config(const struct slice *arguments, uint32_t count)
{
    if (!text_equals(arguments[1], TEXT("get"))) {
        uint8_t bytes[256];
        struct text text = {bytes, 0, sizeof(bytes)};
        struct slice name = arguments[1];
        name.length = name.length < ERROR_QUOTE_MAX ? name.length : ERROR_QUOTE_MAX;
        text_add(&text, TEXT("ERR unknown subcommand '"));
        text_add(&text, name);
        text_add(&text, TEXT("'. Try CONFIG HELP."));
        command_error(text_slice(&text));
        return;
    }
    if (count != 3) {
        command_error(TEXT("ERR wrong number of arguments for 'config|get' command"));
        return;
    }
    // The settings redis-benchmark prints, and the one there is.
    if (text_equals(arguments[2], TEXT("save"))) {
        reply_array(2);
        reply_bulk(TEXT("save"));
        reply_bulk(TEXT(""));
    } else if (text_equals(arguments[2], TEXT("appendonly"))) {
        reply_array(2);
        reply_bulk(TEXT("appendonly"));
        reply_bulk(TEXT("no"));
    } else if (text_equals(arguments[2], TEXT("maxmemory"))) {
        reply_array(2);
        reply_bulk(TEXT("maxmemory"));
        reply_bulk_number(store_limit_bytes());
    } else {
        reply_array(0);
    }
}

static void run_quit(const struct slice *arguments, uint32_t count)
{
    (void)arguments;
    (void)count;
    reply_simple(TEXT("OK"));
}

#define LETTER(text, i)                                                                            \
    ((uint64_t)(sizeof(text) > (i) + 1 ? (text)[(i) % sizeof(text)] : 0) << 8 * (i))
#define NAME(text)                                                                                 \
    (LETTER(text, 0) | LETTER(text, 1) | LETTER(text, 2) | LETTER(text, 3) | LETTER(text, 4) |     \
     LETTER(text, 5) | LETTER(text, 6) | LETTER(text, 7))

// In the order of how often they are expected.
static const struct command table[] = {
    {NAME("get"), 2, 1, 1, run_get},
    {NAME("set"), -3, 1, 1, run_set},
    {NAME("incr"), 2, 1, 1, run_incr},
    {NAME("ping"), -1, 0, 0, run_ping},
    {NAME("incrby"), 3, 1, 1, run_incrby},
    {NAME("del"), -2, 1, -1, run_del},
    {NAME("exists"), -2, 1, -1, run_exists},
    {NAME("time"), 1, 0, 0, run_time},
    {NAME("random"), 1, 0, 0, run_random},
    {NAME("burn"), 2, 0, 0, run_burn},
    {NAME("echo"), 2, 0, 0, run_echo},
    {NAME("dbsize"), 1, 0, 0, run_dbsize},
    {NAME("info"), -1, 0, 0, run_info},
    {NAME("config"), -2, 0, 0, run_config},
    {NAME("command"), -1, 0, 0, run_command},
    {NAME("quit"), -1, 0, 0, run_quit},
};

// Eight letters or fewer as one number, so that finding a command takes no string comparison.
// Longer names, and names with a zero byte, give a number no command has.
static uint64_t name_word(struct slice name)
{
    if (name.length > 8) {
        return UINT64_MAX;
    }
    uint64_t word = 0;
    for (size_t i = name.length; i-- > 0;) {
        uint8_t c = name.data[i];
        if (c == 0) {
            return UINT64_MAX;
        }
        word = word << 8 | (c >= 'A' && c <= 'Z' ? c | 0x20u : c);
    }
    return word;
}

static const struct command *find_command(struct slice name)
{
    uint64_t word = name_word(name);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].name == word) {
            return &table[i];
        }
    }
    return NULL;
}

static void unknown_command(const struct slice *arguments, uint32_t count)
{
    uint8_t bytes[512];
    struct text text = {bytes, 0, sizeof(bytes)};
    struct slice name = arguments[0];
    name.length = name.length < ERROR_QUOTE_MAX ? name.length : ERROR_QUOTE_MAX;
    text_add(&text, TEXT("ERR unknown command '"));
    text_add(&text, name);
    text_add(&text, TEXT("', with args beginning with: "));
    size_t start = text.length;
    for (uint32_t i = 1; i < count && text.length - start < ERROR_QUOTE_MAX; i++) {
        struct slice argument = arguments[i];
        size_t room = ERROR_QUOTE_MAX - (text.length - start);
        argument.length = argument.length < room ? argument.length : room;
        text_add(&text, TEXT("'"));
        text_add(&text, argument);
        text_add(&text, TEXT("' "));
    }
    command_error(text_slice(&text));
}

static void wrong_arity(struct slice name)
{
    uint8_t bytes[128];
    struct text text = {bytes, 0, sizeof(bytes)};
    uint8_t lower_name[8];
    for (size_t i = 0; i < name.length; i++) {
        lower_name[i] = name.data[i] | 0x20; // known commands have letters only
    }
    text_add(&text, TEXT("ERR wrong number of arguments for '"));
    text_add(&text, (struct slice){lower_name, name.length});
    text_add(&text, TEXT("' command"));
    command_error(text_slice(&text));
}

static bool keys_fit(const struct command *command, const struct slice *arguments, uint32_t count)
{
    if (command->first_key == 0) {
        return true;
    }
    uint32_t last = command->last_key < 0 ? count - 1 : (uint32_t)command->last_key;
    for (uint32_t i = (uint32_t)command->first_key; i <= last; i++) {
        if (arguments[i].length > KEY_MAX) {
            return false;
        }
    }
    return true;
}

bool command_execute(const struct slice *arguments, uint32_t count)
{
    const struct command *command = find_command(arguments[0]);
    if (command == NULL) {
        unknown_command(arguments, count);
        return true;
    }
    bool enough = command->arity >= 0 ? count == (uint32_t)command->arity
                                      : count >= (uint32_t)-command->arity;
    if (!enough) {
        wrong_arity(arguments[0]);
        return true;
    }
    if (!keys_fit(command, arguments, count)) {
        command_error(TEXT(ERROR_KEY_TOO_LONG));
        return true;
    }
    counters.executed++;
    command->run(arguments, count);
    return command->run != run_quit;
}
