// SPDX-License-Identifier: MIT
//
// What a replay prints: operations, boots, verdicts, records.

#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>
#include <stdio.h>

#include "ram_flash.h"
#include "world.h"

// Where to write, or NULL: nowhere.
extern FILE *trace_to;

void trace_op(const struct world *world, uint32_t number,
              const struct ram_flash *ram, const struct ram_op *op);
__attribute__((format(printf, 1, 2))) void trace_say(const char *format, ...);
// The newest record, if it is another one than last time.
void trace_record(const struct world *world);

#endif
