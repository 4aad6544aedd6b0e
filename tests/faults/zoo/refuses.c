/* SPDX-License-Identifier: Apache-2.0 */
/* Its entry refuses this host. */
#define ZOO_NAME "refuses"
#define ZOO_ENTRY
#include "zoo.h"
patchbay_status patchbay_plugin_entry(const patchbay_entry_options* options,
                                      patchbay_plugin* plugin, patchbay_error* error) {
    (void)options;
    (void)plugin;
    (void)zoo_classes;
    return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "zoo.refused", "not on Mondays");
}
