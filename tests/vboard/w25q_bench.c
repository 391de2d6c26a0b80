// SPDX-License-Identifier: MIT

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "w25q_bench.h"

static void on_event(void *context, const struct vboard_event *event)
{
    struct bench *bench = context;
    switch (event->kind) {
    case VBOARD_EVENT_VIOLATION:
        bench->violations++;
        snprintf(bench->violation, sizeof(bench->violation), "%s", event->text);
        break;
    case VBOARD_EVENT_FLASH:
        bench->operations++;
        bench->operation = *event;
        break;
    case VBOARD_EVENT_POWER_CUT:
        snprintf(bench->cut, sizeof(bench->cut), "%s", event->text);
        bench->cut_number = event->number;
        break;
    default:
        break;
    }
}

void bench_power(struct bench *bench)
{
    vboard_power_on(bench->board);
    vboard_bus_wait(bench->board, 6 * VBOARD_MS);
}

void bench_open(struct bench *bench, enum vboard_timing timing)
{
    memset(bench, 0, sizeof(*bench));
    bench->log = fopen("/dev/null", "w");
    assert_non_null(bench->log);
    struct vboard_config config = {
        .mcu = "stm32f446re",
        .timing = timing,
        .lenient = true,
        .log = bench->log,
        .event = on_event,
        .context = bench,
    };
    bench->board = vboard_new(&config);
    assert_non_null(bench->board);
    assert_int_equal(vboard_attach_w25q(bench->board, NULL), 0);
    vboard_bus_open(&bench->bus, bench->board, &w25q_slave, 20000000);
    bench_power(bench);
}

void bench_close(struct bench *bench)
{
    vboard_free(bench->board);
    fclose(bench->log);
}

int talk(struct bench *bench, const void *out, size_t out_len, void *in,
         size_t in_len)
{
    const struct ota_bus *bus = &bench->bus.bus;
    bus->select(bus);
    int err = bus->transfer(bus, out, NULL, out_len) ||
              bus->transfer(bus, NULL, in, in_len);
    bus->deselect(bus);
    return err ? -1 : 0;
}

uint8_t status_of(struct bench *bench, uint8_t code)
{
    uint8_t value[1] = {0};
    assert_int_equal(ASK(bench, value, code), 0);
    return value[0];
}

uint8_t byte_at(struct bench *bench, uint32_t address)
{
    return vboard_w25q(bench->board, NULL)[address];
}

void wait_ready(struct bench *bench)
{
    for (unsigned i = 0; status_of(bench, 0x05) & 1; i++) {
        assert_true(i < 200000);
        vboard_bus_wait(bench->board, 100 * VBOARD_US);
    }
}

void expect_violation(struct bench *bench, const char *text)
{
    if (bench->violations != 1 || !strstr(bench->violation, text)) {
        fail_msg("%u violations, the last \"%s\", not \"%s\"",
                 bench->violations, bench->violation, text);
    }
    bench->violations = 0;
}

void expect_legal(const struct bench *bench)
{
    if (bench->violations) {
        fail_msg("refused: %s", bench->violation);
    }
}
