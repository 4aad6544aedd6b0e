/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin linked against another plugin's library. */
#include <patchbay/abi.h>

PATCHBAY_PLUGIN_NOTE("acme/linked:1.2.3", "\"GoodConnection\"")

patchbay_status patchbay_plugin_entry(const patchbay_entry_options* options,
                                      patchbay_plugin* plugin, patchbay_error* error) {
    (void)options;
    (void)plugin;
    return patchbay_error_set(error, PATCHBAY_FAILED, "linked.not_for_loading", "only to be read");
}
