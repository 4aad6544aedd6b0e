/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest plugin that touches every inline function and macro of abi.h, for the compilers and
 * language standards of header_matrix.sh. */
#include "layout_1_0.h"

#include <patchbay/abi.h> /* a second time: the include guard holds */

#if PATCHBAY_ABI_MINOR >= 1
#include "layout_1_1.h"
#endif

PATCHBAY_PLUGIN_NOTE("patchbay/header_use:0.1.0", "\"HeaderUse\"")

patchbay_status PATCHBAY_CALL patchbay_plugin_entry(const patchbay_entry_options* options,
                                                    patchbay_plugin* plugin,
                                                    patchbay_error* error) {
    static const patchbay_class* const classes[1] = {NULL};
    patchbay_array array = {sizeof(patchbay_array), sizeof(classes[0]), 1, 0, NULL};
    plugin->abi_version = patchbay_negotiate(options);
    if (plugin->abi_version == 0) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.version", "no common version");
    }
    if (PATCHBAY_HAS(patchbay_plugin, plugin, class_count)) {
        plugin->classes = classes;
        plugin->class_count = array.count;
    }
    return array.items != NULL && patchbay_array_at(&array, 0) != NULL ? PATCHBAY_FAILED
                                                                       : PATCHBAY_OK;
}

#ifdef EXPECT_WARNING
int implicit_narrowing(long long wide);
int implicit_narrowing(long long wide) {
    int narrow = wide;
    return narrow;
}
#endif
