// SPDX-License-Identifier: Apache-2.0

#include "info.h"

#include "channels.h"
#include "commands.h"
#include "machine.h"
#include "pages.h"
#include "reply.h"
#include "store.h"
#include "text.h"

#define INFO_MAX 2048u

static void line(struct text *text, struct slice name, uint64_t value)
{
    text_add(text, name);
    text_add(text, TEXT(":"));
    text_add_number(text, value);
    text_add(text, TEXT("\r\n"));
}

static void server(struct text *text, const struct machine_facts *facts)
{
    text_add(text, TEXT("# Server\r\nserver_name:ledger\r\nledger_version:1\r\n"));
    line(text, TEXT("uptime_in_ticks"), facts->ticks);
    line(text, TEXT("uptime_in_seconds"), facts->ticks / TICKS_PER_SECOND);
    line(text, TEXT("hz"), TICKS_PER_SECOND);
}

static void clients(struct text *text, const struct machine_facts *facts)
{
    (void)facts;
    text_add(text, TEXT("# Clients\r\nconsole_mode:"));
    text_add(text, channels_framed() ? TEXT("channels") : TEXT("stream"));
    text_add(text, TEXT("\r\n"));
    line(text, TEXT("connected_clients"), channels_open());
}

static void memory(struct text *text, const struct machine_facts *facts)
{
    text_add(text, TEXT("# Memory\r\n"));
    line(text, TEXT("used_memory"), store_used_bytes());
    line(text, TEXT("maxmemory"), store_limit_bytes());
    line(text, TEXT("pool_pages_used"), pages_used());
    line(text, TEXT("pool_pages"), pages_total());
    line(text, TEXT("total_system_memory"), facts->memory_bytes);
}

static void stats(struct text *text, const struct machine_facts *facts)
{
    const struct command_counters *counters = command_counters();
    text_add(text, TEXT("# Stats\r\n"));
    line(text, TEXT("total_commands_processed"), counters->executed);
    line(text, TEXT("total_error_replies"), counters->errors);
    line(text, TEXT("out_of_memory_replies"), counters->out_of_memory);
    line(text, TEXT("total_net_input_bytes"), facts->bytes_received);
    line(text, TEXT("total_net_output_bytes"), facts->bytes_sent);
}

static void interrupts(struct text *text, const struct machine_facts *facts)
{
    text_add(text, TEXT("# Interrupts\r\n"));
    line(text, TEXT("irq0_timer"), facts->timer_interrupts);
    line(text, TEXT("irq4_serial"), facts->serial_interrupts);
    line(text, TEXT("spurious"), facts->spurious_interrupts);
    line(text, TEXT("serial_line_errors"), facts->serial_errors);
}

static void keyspace(struct text *text, const struct machine_facts *facts)
{
    (void)facts;
    text_add(text, TEXT("# Keyspace\r\n"));
    if (store_keys() > 0) {
        text_add(text, TEXT("db0:keys="));
        text_add_number(text, store_keys());
        text_add(text, TEXT(",expires=0,avg_ttl=0\r\n"));
    }
}

static const struct section {
    const char *name;
    void (*write)(struct text *text, const struct machine_facts *facts);
} sections_known[] = {
    {"server", server}, {"clients", clients},       {"memory", memory},
    {"stats", stats},   {"interrupts", interrupts}, {"keyspace", keyspace},
};

static bool wanted(const struct section *section, const struct slice *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (text_equals(names[i], slice_of(section->name)) || text_equals(names[i], TEXT("all")) ||
            text_equals(names[i], TEXT("everything")) || text_equals(names[i], TEXT("default"))) {
            return true;
        }
    }
    return count == 0;
}

void info_reply(const struct slice *sections, uint32_t count)
{
    uint8_t bytes[INFO_MAX];
    struct text text = {bytes, 0, sizeof(bytes)};
    struct machine_facts facts;
    machine_facts(&facts);
    for (size_t i = 0; i < sizeof(sections_known) / sizeof(sections_known[0]); i++) {
        if (wanted(&sections_known[i], sections, count)) {
            if (text.length > 0) {
                text_add(&text, TEXT("\r\n"));
            }
            sections_known[i].write(&text, &facts);
        }
    }
    reply_bulk(text_slice(&text));
}
