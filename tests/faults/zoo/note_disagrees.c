/* SPDX-License-Identifier: Apache-2.0 */
/* Its note names another plugin than its connection.yaml. */
#define ZOO_NAME "note_disagrees"
#define ZOO_NOTE_ID "zoo/note_disagrees:0.2.0"
#include "zoo.h"
