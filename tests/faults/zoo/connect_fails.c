/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses to connect. */
#include <patchbay/abi.h>
static patchbay_status connect_fails(void* instance, uint64_t token, patchbay_error* error) {
    (void)instance;
    (void)token;
    return patchbay_error_set(error, PATCHBAY_DISCONNECTED, "zoo.refused", "nobody is there");
}
#define ZOO_NAME "connect_fails"
#define ZOO_CONNECT connect_fails
#include "zoo.h"
