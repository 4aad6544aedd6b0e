/* SPDX-License-Identifier: Apache-2.0 */
/* Begins to connect and never says more. */
#include <patchbay/abi.h>
static patchbay_status connect_never(void* instance, uint64_t token, patchbay_error* error) {
    (void)instance;
    (void)token;
    (void)error;
    return PATCHBAY_PENDING;
}
#define ZOO_NAME "connect_never"
#define ZOO_CONNECT connect_never
#include "zoo.h"
