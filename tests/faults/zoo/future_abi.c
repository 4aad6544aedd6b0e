/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled for an ABI that this host does not know. */
#include <patchbay/abi.h>
#undef PATCHBAY_NOTE_TEXT
#define PATCHBAY_NOTE_TEXT(public_id, classes) \
    "{\"abi\":\"9.0\",\"public_id\":\"" public_id "\",\"classes\":[" classes "]}"
#define ZOO_NAME "future_abi"
#include "zoo.h"
