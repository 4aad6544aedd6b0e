/* SPDX-License-Identifier: Apache-2.0 */
/* Says that all is well and gives too many lanes and no instance. */
#include <patchbay/abi.h>
static patchbay_status create_nothing(const patchbay_host* host,
                                      const patchbay_instance_options* options,
                                      patchbay_created* created, patchbay_error* error) {
    (void)host;
    (void)options;
    (void)error;
    created->lane_count = 4000000000u;
    return PATCHBAY_OK;
}
#define ZOO_NAME "create_gives_nothing"
#define ZOO_CREATE create_nothing
#include "zoo.h"
