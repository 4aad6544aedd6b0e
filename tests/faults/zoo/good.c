/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is wrong with it. */
#define ZOO_NAME "good"
#include "zoo.h"
