/* SPDX-License-Identifier: Apache-2.0 */
/* Completes its connect and its envelopes more often than once, and some that it never had. */
#define ZOO_NAME "completes_twice"
#define ZOO_CONNECT connect_twice
#define ZOO_ON_BATCH complete_twice
#include <patchbay/abi.h>
static patchbay_status connect_twice(void* instance, uint64_t token, patchbay_error* error);
static void complete_twice(void* instance, patchbay_lane* lane, uint32_t index,
                           const patchbay_array* envelopes, patchbay_status* results);
#include "zoo.h"
static patchbay_status connect_twice(void* instance, uint64_t token, patchbay_error* error) {
    const patchbay_host* host = ((animal*)instance)->host;
    (void)error;
    host->operation_complete(host, token, PATCHBAY_OK, NULL);
    host->operation_complete(host, token, PATCHBAY_OK, NULL);
    host->operation_complete(host, 12345, PATCHBAY_OK, NULL);
    return PATCHBAY_PENDING;
}
static void complete_twice(void* instance, patchbay_lane* lane, uint32_t index,
                           const patchbay_array* envelopes, patchbay_status* results) {
    const patchbay_host* host = ((animal*)instance)->host;
    uint32_t i;
    zoo_on_batch(instance, lane, index, envelopes, results);
    for (i = 0; i < envelopes->count; ++i) {
        const patchbay_envelope* envelope =
            (const patchbay_envelope*)patchbay_array_at(envelopes, i);
        const uint64_t tokens[3] = {envelope->token, envelope->token, 0xdeadbeefu};
        host->complete(host, tokens, 3, PATCHBAY_OK, NULL);
        results[i] = PATCHBAY_PENDING;
    }
}
