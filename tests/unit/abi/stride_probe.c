/* SPDX-License-Identifier: Apache-2.0 */
/**
 * \file
 * A plugin with a loop of its own that crosses every kind of array with the strides that its
 * configuration names: `take_stride`, `deliver_stride`, `result_stride`, `signal_stride`. A stride
 * beyond the struct's size plays a plugin built against a later header, a smaller one a plugin
 * built against an earlier header. It mirrors what it takes, in batches.
 */
#include <patchbay/abi.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 8u

typedef struct probe {
    const patchbay_host* host;
    uint32_t take_stride;
    uint32_t deliver_stride;
    uint32_t result_stride;
    uint32_t signal_stride;
} probe;

static uint32_t stride_of(const patchbay_host* host, const char* key, size_t size,
                          size_t default_stride) {
    const patchbay_string id = {PATCHBAY_CONFIG_EXTENSION, sizeof(PATCHBAY_CONFIG_EXTENSION) - 1};
    const patchbay_config* config = (const patchbay_config*)host->get_extension(host, id);
    patchbay_string path;
    int64_t value = (int64_t)default_stride;
    path.data = key;
    path.size = size;
    if (config != NULL) {
        (void)config->integer(host, path, &value);
    }
    return (uint32_t)value;
}

static patchbay_array array_of(void* items, uint32_t stride, uint32_t count) {
    patchbay_array array;
    array.struct_size = sizeof array;
    array.stride = stride;
    array.count = count;
    array.flags = 0;
    array.items = items;
    return array;
}

/** An item as this header knows it; what lies beyond the stride is zero. */
static void read_item(const patchbay_array* array, uint32_t index, void* item, size_t size) {
    memset(item, 0, size);
    memcpy(item, patchbay_array_at(array, index), array->stride < size ? array->stride : size);
}

/** Writes what fits into the stride; what lies beyond the struct is not zero, as a later struct's
 *  fields would not be. */
static void write_item(const patchbay_array* array, uint32_t index, const void* item, size_t size) {
    memset(patchbay_array_at(array, index), 0xAB, array->stride);
    memcpy(patchbay_array_at(array, index), item, array->stride < size ? array->stride : size);
}

static void mirror(probe* self, patchbay_lane* lane, const patchbay_array* taken) {
    unsigned char* memory = (unsigned char*)malloc((size_t)BATCH * self->deliver_stride);
    unsigned char* answers = (unsigned char*)calloc(BATCH, self->result_stride);
    patchbay_array envelopes = array_of(memory, self->deliver_stride, taken->count);
    patchbay_array results = array_of(answers, self->result_stride, taken->count);
    uint64_t tokens[BATCH];
    uint32_t i;
    for (i = 0; i < taken->count; ++i) {
        patchbay_envelope request;
        patchbay_envelope answer;
        read_item(taken, i, &request, sizeof request);
        tokens[i] = request.token;
        answer = request;
        answer.to = request.sender;
        answer.to_size = request.sender_size;
        answer.sender = request.to;
        answer.sender_size = request.to_size;
        answer.to_handle = 0;
        answer.flags = 0;
        answer.parent = request.token;
        answer.reply_to = request.origin;
        write_item(&envelopes, i, &answer, sizeof answer);
    }
    if (self->host->deliver(lane, &envelopes, &results) == PATCHBAY_OK) {
        for (i = 0; i < taken->count; ++i) {
            patchbay_delivery delivery;
            read_item(&results, i, &delivery, sizeof delivery);
            self->host->complete(
                self->host, &tokens[i], 1,
                delivery.status == PATCHBAY_DELIVERY_ACCEPTED ? PATCHBAY_OK : PATCHBAY_FAILED,
                NULL);
        }
    } else {
        self->host->complete(self->host, tokens, taken->count, PATCHBAY_DISCONNECTED, NULL);
    }
    free(memory);
    free(answers);
}

static void PATCHBAY_CALL run(void* instance, patchbay_lane* lane, uint32_t index) {
    probe* self = (probe*)instance;
    unsigned char* signals = (unsigned char*)malloc((size_t)BATCH * self->signal_stride);
    unsigned char* memory = (unsigned char*)malloc((size_t)BATCH * self->take_stride);
    bool stopped = false;
    (void)index;
    while (!stopped) {
        patchbay_array taken_signals = array_of(signals, self->signal_stride, BATCH);
        patchbay_array taken = array_of(memory, self->take_stride, BATCH);
        uint32_t i;
        (void)self->host->signals_take(lane, &taken_signals);
        for (i = 0; i < taken_signals.count; ++i) {
            patchbay_signal signal;
            read_item(&taken_signals, i, &signal, sizeof signal);
            if (signal.kind == PATCHBAY_SIGNAL_CONNECT ||
                signal.kind == PATCHBAY_SIGNAL_DISCONNECT) {
                self->host->operation_complete(self->host, signal.token, PATCHBAY_OK, NULL);
            } else if (signal.kind == PATCHBAY_SIGNAL_STOP) {
                stopped = true;
            }
        }
        (void)self->host->take(lane, &taken);
        if (taken.count != 0) {
            mirror(self, lane, &taken);
        } else if (!stopped && taken_signals.count == 0 &&
                   self->host->sleep(lane, PATCHBAY_INTEREST_ENVELOPES)) {
            struct pollfd descriptor;
            descriptor.fd = (int)self->host->descriptor(lane);
            descriptor.events = POLLIN;
            descriptor.revents = 0;
            (void)poll(&descriptor, 1, -1);
        }
    }
    free(signals);
    free(memory);
}

#define STRIDE(key, type) stride_of(host, key, sizeof(key) - 1, sizeof(type))

static patchbay_status PATCHBAY_CALL create(const patchbay_host* host,
                                            const patchbay_instance_options* options,
                                            patchbay_created* created, patchbay_error* error) {
    probe* self = (probe*)calloc(1, sizeof *self);
    (void)options;
    (void)error;
    self->host = host;
    self->take_stride = STRIDE("take_stride", patchbay_envelope);
    self->deliver_stride = STRIDE("deliver_stride", patchbay_envelope);
    self->result_stride = STRIDE("result_stride", patchbay_delivery);
    self->signal_stride = STRIDE("signal_stride", patchbay_signal);
    created->instance = self;
    return PATCHBAY_OK;
}

static void PATCHBAY_CALL destroy(void* instance) {
    free(instance);
}

static const patchbay_class probe_class = {
    sizeof(patchbay_class), 0, {"StrideProbe", 11}, create, destroy, run, NULL, NULL, NULL, NULL};
static const patchbay_class* const classes[] = {&probe_class};

PATCHBAY_PLUGIN_NOTE("patchbay/stride_probe:0.1.0", "\"StrideProbe\"")

patchbay_status PATCHBAY_CALL patchbay_plugin_entry(const patchbay_entry_options* options,
                                                    patchbay_plugin* plugin,
                                                    patchbay_error* error) {
    plugin->abi_version = patchbay_negotiate(options);
    if (plugin->abi_version == 0) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.no_common_version", "no");
    }
    plugin->classes = classes;
    plugin->class_count = 1;
    return PATCHBAY_OK;
}
