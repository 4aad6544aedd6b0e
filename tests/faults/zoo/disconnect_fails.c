/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses to disconnect. */
#include <patchbay/abi.h>
static patchbay_status disconnect_fails(void* instance, uint64_t token, patchbay_error* error) {
    (void)instance;
    (void)token;
    return patchbay_error_set(error, PATCHBAY_FAILED, "zoo.stays", "I like it here");
}
#define ZOO_NAME "disconnect_fails"
#define ZOO_DISCONNECT disconnect_fails
#include "zoo.h"
