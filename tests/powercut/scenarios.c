// SPDX-License-Identifier: MIT

#include "scenarios.h"

#include <string.h>

#include "ota/error.h"

#define INTERNAL (1u << KIND_INTERNAL)
#define ONE_SLOT (1u << KIND_ONE_SLOT)
#define SINGLE   (1u << KIND_SINGLE)
#define SLOTS    (INTERNAL | ONE_SLOT)
#define ALL      (SLOTS | SINGLE)

// An update that succeeds.
#define UPDATE .goal = GOAL_UPDATED, .free_positions = -1
// A journal with n free positions: one update appends about ten records, so
// that it turns over at each of them.
#define TURNOVER(n)                                                            \
    {                                                                          \
        .name = "turnover_" #n, .kinds = INTERNAL, .history = 1,               \
        .path = PATH_STAGE, .goal = GOAL_UPDATED, .free_positions = n          \
    }
#define SINGLE_TURNOVER(n)                                                     \
    {                                                                          \
        .name = "single_turnover_" #n, .kinds = SINGLE, .history = 1,          \
        .path = PATH_ARRAY, .goal = GOAL_UPDATED, .free_positions = n          \
    }

const struct scenario scenarios[] = {
    {.name = "adoption", .kinds = ALL, .goal = GOAL_RUNS, .free_positions = -1},
    {.name = "first_update", .kinds = SLOTS, .path = PATH_STAGE, UPDATE},
    {.name = "second_update",
     .kinds = SLOTS,
     .history = 1,
     .path = PATH_STAGE,
     UPDATE},
    {.name = "third_update",
     .kinds = INTERNAL,
     .history = 2,
     .path = PATH_STAGE,
     UPDATE},
    {.name = "resume",
     .kinds = SLOTS,
     .history = 2,
     .path = PATH_RESUME,
     .large = true,
     UPDATE},
    {.name = "fetch_array", .kinds = ALL, .path = PATH_ARRAY, UPDATE},
    {.name = "fetch_stream", .kinds = ALL, .path = PATH_STREAM, UPDATE},
    {.name = "fetch_again",
     .kinds = ALL,
     .history = 1,
     .path = PATH_ARRAY,
     UPDATE},
    {.name = "fetch_large",
     .kinds = SINGLE,
     .history = 1,
     .path = PATH_STREAM,
     .large = true,
     UPDATE},
    {.name = "never_confirms",
     .kinds = ALL & ~SINGLE,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REVERTED,
     .free_positions = -1,
     .never = true},
    {.name = "never_confirms_first",
     .kinds = INTERNAL,
     .path = PATH_ARRAY,
     .goal = GOAL_REVERTED,
     .free_positions = -1,
     .never = true},
    {.name = "single_never_confirms",
     .kinds = SINGLE,
     .path = PATH_ARRAY,
     .goal = GOAL_REVERTED,
     .free_positions = -1,
     .never = true},
    {.name = "trial_without_backup",
     .kinds = INTERNAL,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REVERTED,
     .before = BEFORE_TRIAL,
     .free_positions = -1,
     .never = true},
    {.name = "bad_staged",
     .kinds = SLOTS,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REFUSED,
     .result = OTA_ERR_CRC,
     .free_positions = -1,
     .bad = true},
    {.name = "bad_array",
     .kinds = ALL,
     .history = 1,
     .path = PATH_ARRAY,
     .goal = GOAL_REFUSED,
     .result = OTA_ERR_CRC,
     .free_positions = -1,
     .bad = true},
    {.name = "bad_stream",
     .kinds = SLOTS,
     .history = 1,
     .path = PATH_STREAM,
     .goal = GOAL_REFUSED,
     .result = OTA_ERR_CRC,
     .free_positions = -1,
     .bad = true},
    {.name = "staged_rots",
     .kinds = SLOTS,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REFUSED,
     .result = OTA_ERR_CRC,
     .before = BEFORE_STAGED_ROTS,
     .free_positions = -1},
    {.name = "installing_rots",
     .kinds = INTERNAL,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REFUSED,
     .result = OTA_ERR_CRC,
     .before = BEFORE_INSTALLING_ROTS,
     .free_positions = -1},
    {.name = "app_rots",
     .kinds = ALL,
     .history = 1,
     .goal = GOAL_RUNS,
     .before = BEFORE_APP_ROTS,
     .free_positions = -1},
    {.name = "app_unreadable",
     .kinds = ALL,
     .history = 1,
     .goal = GOAL_RUNS,
     .before = BEFORE_APP_UNREADABLE,
     .free_positions = -1},
    {.name = "app_rots_turnover",
     .kinds = ALL,
     .history = 2,
     .goal = GOAL_RUNS,
     .before = BEFORE_APP_ROTS,
     .free_positions = 1},
    {.name = "backup_rots",
     .kinds = INTERNAL,
     .history = 1,
     .path = PATH_STAGE,
     .before = BEFORE_BACKUP_ROTS,
     UPDATE},
    {.name = "backup_rots_never_confirms",
     .kinds = INTERNAL,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REVERTED,
     .before = BEFORE_BACKUP_ROTS,
     .free_positions = -1,
     .never = true},
    {.name = "backup_unreadable",
     .kinds = INTERNAL,
     .history = 1,
     .path = PATH_STAGE,
     .goal = GOAL_REVERTED,
     .before = BEFORE_BACKUP_UNREADABLE,
     .free_positions = -1,
     .never = true},
    {.name = "withdrawn",
     .kinds = SLOTS,
     .history = 1,
     .path = PATH_STAGE,
     .before = BEFORE_REQUESTED,
     .no_reset = true,
     UPDATE},
    TURNOVER(0),
    TURNOVER(1),
    TURNOVER(2),
    TURNOVER(3),
    TURNOVER(4),
    TURNOVER(5),
    TURNOVER(6),
    TURNOVER(7),
    TURNOVER(8),
    TURNOVER(9),
    TURNOVER(10),
    SINGLE_TURNOVER(0),
    SINGLE_TURNOVER(2),
    SINGLE_TURNOVER(4),
    SINGLE_TURNOVER(5),
    SINGLE_TURNOVER(6),
    SINGLE_TURNOVER(7),
};

const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];

const struct scenario *scenario_find(const char *name)
{
    for (size_t i = 0; i < scenario_count; i++) {
        if (strcmp(scenarios[i].name, name) == 0) {
            return &scenarios[i];
        }
    }
    return NULL;
}
