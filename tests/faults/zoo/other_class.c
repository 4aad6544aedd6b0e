/* SPDX-License-Identifier: Apache-2.0 */
/* Its note lists no class of the name in its connection.yaml. */
#define ZOO_NAME "other_class"
#define ZOO_NOTE_CLASSES "\"Animals\""
#include "zoo.h"
