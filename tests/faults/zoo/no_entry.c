/* SPDX-License-Identifier: Apache-2.0 */
/* Exports something, but not the entry. */
#define ZOO_NAME "no_entry"
#define ZOO_ENTRY
#include "zoo.h"
PATCHBAY_EXPORT const patchbay_class* const* zoo_export(void);
const patchbay_class* const* zoo_export(void) {
    return zoo_classes;
}
