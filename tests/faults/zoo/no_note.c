/* SPDX-License-Identifier: Apache-2.0 */
/* Carries no note. */
#define ZOO_NAME "no_note"
#define ZOO_NO_NOTE
#include "zoo.h"
