/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin of the multiplexer's benchmark: a source that delivers to random addresses, and a sink
 * that reads every byte. It sees nothing but abi.h. */
#include "multiplexer_plugin.h"

#include <patchbay/abi.h>

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_LIMIT 64u

static const char protocol_id[] = "fetchai/default:1.0.0";

typedef struct object {
    const patchbay_host* host;
    bench_control* control;
    uint64_t sum;
    char sender[32];
    uint32_t sender_size;
} object;

static bench_control* control_of(const patchbay_instance_options* options) {
    /* The benchmark hands its control block over as text: it is one process. */
    return (bench_control*)(uintptr_t)strtoull(options->config_json.data, NULL, 16);
}

static patchbay_status create(const patchbay_host* host, const patchbay_instance_options* options,
                              patchbay_created* created, patchbay_error* error) {
    object* made = calloc(1, sizeof(object));
    if (made == NULL || options->name.size > sizeof made->sender) {
        free(made);
        return patchbay_error_set(error, PATCHBAY_FAILED, "bench.no_memory", "no memory");
    }
    made->host = host;
    made->control = control_of(options);
    made->sender_size = (uint32_t)options->name.size;
    memcpy(made->sender, options->name.data, options->name.size);
    created->instance = made;
    return PATCHBAY_OK;
}

static void destroy(void* instance) {
    free(instance);
}

/* ---- Source ---- */

static void wait_for_room(const patchbay_host* host, patchbay_lane* lane) {
    patchbay_signal signals[16];
    for (;;) {
        patchbay_array array = {sizeof array, sizeof signals[0], 16u, 0u, signals};
        host->signals_take(lane, &array);
        if (array.count != 0u) {
            return;
        }
        if (host->sleep(lane, 0u)) {
            struct pollfd descriptor = {(int)host->descriptor(lane), POLLIN, 0};
            poll(&descriptor, 1, 100);
        }
    }
}

static void fill(const object* self, const bench_control* control, uint32_t* random,
                 patchbay_envelope* envelope, const patchbay_buffer* buffer) {
    *random = *random * 1664525u + 1013904223u;
    const uint32_t place = (uint32_t)(((uint64_t)*random * control->address_count) >> 32u);
    const char* to = control->addresses + (size_t)place * BENCH_ADDRESS_STRIDE;
    const uint32_t to_size = control->address_sizes[place];
    /* The one copy: header strings and message land in the block. */
    uint8_t* at = buffer->data;
    memcpy(at, to, to_size);
    envelope->to = (const char*)at;
    envelope->to_size = to_size;
    at += to_size;
    memcpy(at, self->sender, self->sender_size);
    envelope->sender = (const char*)at;
    envelope->sender_size = self->sender_size;
    at += self->sender_size;
    memcpy(at, protocol_id, sizeof protocol_id - 1u);
    envelope->protocol_id = (const char*)at;
    envelope->protocol_id_size = sizeof protocol_id - 1u;
    at += sizeof protocol_id - 1u;
    memcpy(at, control->message, BENCH_MESSAGE_SIZE);
    envelope->message = at;
    envelope->message_size = BENCH_MESSAGE_SIZE;
    envelope->block = buffer->block;
    envelope->flags = PATCHBAY_ENVELOPE_GIVE_BLOCK;
}

static void run_source(void* instance, patchbay_lane* lane, uint32_t index) {
    object* self = (object*)instance;
    const patchbay_host* host = self->host;
    const bench_control* control = self->control;
    patchbay_envelope envelopes[BATCH_LIMIT];
    patchbay_delivery results[BATCH_LIMIT];
    patchbay_buffer buffers[BATCH_LIMIT];
    uint32_t random = 1u + index + (uint32_t)(uintptr_t)self;
    const uint32_t batch = control->batch;
    memset(envelopes, 0, sizeof envelopes);
    for (uint64_t sent = 0; sent < control->per_source;) {
        patchbay_array allocated = {sizeof allocated, sizeof buffers[0], batch, 0u, buffers};
        if (host->allocate(host, lane, BENCH_MESSAGE_SIZE + 64u, &allocated) != PATCHBAY_OK) {
            sched_yield();
            continue;
        }
        uint32_t count = allocated.count;
        for (uint32_t i = 0; i < count; ++i) {
            fill(self, control, &random, &envelopes[i], &buffers[i]);
        }
        sent += count;
        while (count != 0u) {
            const patchbay_array in = {sizeof in, sizeof envelopes[0], count, 0u, envelopes};
            patchbay_array out = {sizeof out, sizeof results[0], count, 0u, results};
            host->deliver(lane, &in, &out);
            uint32_t full = 0;
            for (uint32_t i = 0; i < count; ++i) {
                if (results[i].status == PATCHBAY_DELIVERY_FULL) {
                    if (full != i) {
                        envelopes[full] = envelopes[i];
                    }
                    ++full;
                }
            }
            count = full;
            if (count != 0u) {
                wait_for_room(host, lane);
            }
        }
    }
}

/* ---- Sink ---- */

static void on_batch(void* instance, patchbay_lane* lane, uint32_t index,
                     const patchbay_array* envelopes, patchbay_status* results) {
    object* self = (object*)instance;
    uint64_t sum = 0;
    (void)lane;
    (void)index;
    (void)results; /* preset to OK */
    for (uint32_t i = 0; i < envelopes->count; ++i) {
        const patchbay_envelope* envelope =
            (const patchbay_envelope*)patchbay_array_at(envelopes, i);
        const uint8_t* message = envelope->message;
        const size_t words = envelope->message_size / 8u;
        for (size_t at = 0; at < words; ++at) {
            uint64_t word;
            memcpy(&word, message + at * 8u, 8u);
            sum += word;
        }
    }
    self->sum += sum;
}

static const patchbay_class source_class = {.struct_size = sizeof(patchbay_class),
                                            .name = {"BenchSource", 11},
                                            .create = create,
                                            .destroy = destroy,
                                            .run = run_source};
static const patchbay_class sink_class = {.struct_size = sizeof(patchbay_class),
                                          .flags = PATCHBAY_CLASS_INLINE_OK,
                                          .name = {"BenchSink", 9},
                                          .create = create,
                                          .destroy = destroy,
                                          .on_batch = on_batch};
static const patchbay_class* const classes[] = {&source_class, &sink_class};

patchbay_status patchbay_plugin_entry(const patchbay_entry_options* options,
                                      patchbay_plugin* plugin, patchbay_error* error) {
    const uint32_t version = patchbay_negotiate(options);
    if (version == 0u) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.version", "unknown ABI");
    }
    plugin->abi_version = version;
    plugin->classes = classes;
    plugin->class_count = 2;
    return PATCHBAY_OK;
}
