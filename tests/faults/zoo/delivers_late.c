/* SPDX-License-Identifier: Apache-2.0 */
/* Delivers from its disconnect, when nobody wants anything from it any more. */
#define ZOO_NAME "delivers_late"
#define ZOO_DISCONNECT deliver_late
#include <patchbay/abi.h>
static patchbay_status deliver_late(void* instance, uint64_t token, patchbay_error* error);
#include "zoo.h"
static patchbay_status deliver_late(void* instance, uint64_t token, patchbay_error* error) {
    static const char to[] = "zoo/good:0.1.0";
    const patchbay_host* host = ((animal*)instance)->host;
    patchbay_envelope late = {0};
    patchbay_delivery delivery;
    const patchbay_array batch = {sizeof batch, sizeof late, 1, 0, &late};
    patchbay_array result = {sizeof result, sizeof delivery, 1, 0, &delivery};
    (void)token;
    (void)error;
    late.to = late.sender = late.protocol_id = to;
    late.to_size = late.sender_size = late.protocol_id_size = sizeof to - 1;
    host->deliver(host->lane(host, 0), &batch, &result);
    return PATCHBAY_OK;
}
