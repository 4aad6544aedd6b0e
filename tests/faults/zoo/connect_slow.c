/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks longer than its time limit, then says that it is connected. */
#define _POSIX_C_SOURCE 200809L
#include <patchbay/abi.h>

#include <time.h>
static patchbay_status connect_slow(void* instance, uint64_t token, patchbay_error* error) {
    const struct timespec pause = {1, 0};
    (void)instance;
    (void)token;
    (void)error;
    nanosleep(&pause, NULL);
    return PATCHBAY_OK;
}
#define ZOO_NAME "connect_slow"
#define ZOO_CONNECT connect_slow
#include "zoo.h"
