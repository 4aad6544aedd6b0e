/* SPDX-License-Identifier: Apache-2.0 */
/* What the multiplexer's benchmark tells its plugin. */
#ifndef PATCHBAY_BENCH_MULTIPLEXER_PLUGIN_H
#define PATCHBAY_BENCH_MULTIPLEXER_PLUGIN_H

#include <stdint.h>

#define BENCH_ADDRESS_STRIDE 24
#define BENCH_MESSAGE_SIZE 200u

typedef struct bench_control {
    const char* addresses;
    const uint8_t* address_sizes;
    uint32_t address_count;
    uint32_t batch;
    uint64_t per_source;
    uint8_t message[BENCH_MESSAGE_SIZE];
} bench_control;

#endif
