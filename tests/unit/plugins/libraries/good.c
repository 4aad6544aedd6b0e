/* SPDX-License-Identifier: Apache-2.0 */
/* A library that is right in every respect that can be told without loading it. */
#include <patchbay/abi.h>

PATCHBAY_PLUGIN_NOTE("acme/good:1.2.3", "\"GoodConnection\",\"OtherConnection\"")

patchbay_status patchbay_plugin_entry(const patchbay_entry_options* options,
                                      patchbay_plugin* plugin, patchbay_error* error) {
    (void)options;
    (void)plugin;
    return patchbay_error_set(error, PATCHBAY_FAILED, "good.not_for_loading", "only to be read");
}
