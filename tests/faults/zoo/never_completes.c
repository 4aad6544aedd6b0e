/* SPDX-License-Identifier: Apache-2.0 */
/* Takes envelopes and never says what became of them. */
#define ZOO_NAME "never_completes"
#define ZOO_ON_BATCH never_complete
#include <patchbay/abi.h>
static void never_complete(void* instance, patchbay_lane* lane, uint32_t index,
                           const patchbay_array* envelopes, patchbay_status* results) {
    uint32_t i;
    (void)instance;
    (void)lane;
    (void)index;
    for (i = 0; i < envelopes->count; ++i) {
        results[i] = PATCHBAY_PENDING;
    }
}
#include "zoo.h"
