/* SPDX-License-Identifier: Apache-2.0 */
/* Delivers views that lie outside their block, stale handles and a parent that is not its own. */
#define ZOO_NAME "bad_views"
#define ZOO_ON_BATCH bad_views
#include <patchbay/abi.h>
static void bad_views(void* instance, patchbay_lane* lane, uint32_t index,
                      const patchbay_array* envelopes, patchbay_status* results);
#include "zoo.h"
static void bad_views(void* instance, patchbay_lane* lane, uint32_t index,
                      const patchbay_array* envelopes, patchbay_status* results) {
    static const char outside[] = "zoo/somewhere:0.1.0";
    const patchbay_host* host = ((animal*)instance)->host;
    const patchbay_envelope* request = (const patchbay_envelope*)patchbay_array_at(envelopes, 0);
    patchbay_envelope bad[3];
    patchbay_delivery deliveries[3];
    const patchbay_array batch = {sizeof batch, sizeof bad[0], 3, 0, bad};
    patchbay_array result = {sizeof result, sizeof deliveries[0], 3, 0, deliveries};
    uint32_t i;
    for (i = 0; i < 3; ++i) {
        bad[i] = *request;
        bad[i].flags = 0;
        bad[i].parent = 0;
    }
    bad[0].to = outside;
    bad[0].to_size = sizeof outside - 1;
    bad[1].to_size = 0;
    bad[2].parent = 0xfeedfacefeedfaceull;
    bad[2].to_handle = 0xffffffffu;
    host->deliver(lane, &batch, &result);
    zoo_on_batch(instance, lane, index, envelopes, results);
}
