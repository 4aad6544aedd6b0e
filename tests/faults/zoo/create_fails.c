/* SPDX-License-Identifier: Apache-2.0 */
/* Cannot be made. */
#include <patchbay/abi.h>
static patchbay_status create_fails(const patchbay_host* host,
                                    const patchbay_instance_options* options,
                                    patchbay_created* created, patchbay_error* error) {
    (void)host;
    (void)options;
    (void)created;
    return patchbay_error_set(error, PATCHBAY_INVALID, "zoo.config", "the port is not a number");
}
#define ZOO_NAME "create_fails"
#define ZOO_CREATE create_fails
#include "zoo.h"
