/* SPDX-License-Identifier: Apache-2.0 */
/* Its table has another class than its note promises. */
#define ZOO_NAME "lies_about_class"
#define ZOO_CLASS_NAME "Impostor"
#include "zoo.h"
