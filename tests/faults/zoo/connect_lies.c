/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it is connected, and that it is not. */
#define ZOO_NAME "connect_lies"
#define ZOO_CONNECT connect_lies
#include <patchbay/abi.h>
static patchbay_status connect_lies(void* instance, uint64_t token, patchbay_error* error);
#include "zoo.h"
static patchbay_status connect_lies(void* instance, uint64_t token, patchbay_error* error) {
    const patchbay_host* host = ((animal*)instance)->host;
    patchbay_error lost = {sizeof lost, PATCHBAY_OK, "", ""};
    (void)error;
    patchbay_error_set(&lost, PATCHBAY_DISCONNECTED, "zoo.gone", "the line went dead");
    host->operation_complete(host, token, PATCHBAY_OK, NULL);
    host->connection_lost(host, &lost);
    return PATCHBAY_PENDING;
}
