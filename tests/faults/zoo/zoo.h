/* SPDX-License-Identifier: Apache-2.0 */
/**
 * \file
 * A complete plugin, zoo/ZOO_NAME:0.1.0 with the class "Animal". Each animal is a file that defines
 * ZOO_NAME, includes this, and does one thing wrong by defining a macro first. The good one defines
 * nothing else.
 */
#ifndef PATCHBAY_ZOO_H
#define PATCHBAY_ZOO_H

#include <patchbay/abi.h>

#include <stdlib.h>

typedef struct animal {
    const patchbay_host* host;
} animal;

#ifndef ZOO_NO_NOTE
#ifndef ZOO_NOTE_ID
#define ZOO_NOTE_ID "zoo/" ZOO_NAME ":0.1.0"
#endif
#ifndef ZOO_NOTE_CLASSES
#define ZOO_NOTE_CLASSES "\"Animal\""
#endif
PATCHBAY_PLUGIN_NOTE(ZOO_NOTE_ID, ZOO_NOTE_CLASSES)
#endif

#ifndef ZOO_CREATE
static inline patchbay_status zoo_create(const patchbay_host* host,
                                         const patchbay_instance_options* options,
                                         patchbay_created* created, patchbay_error* error) {
    animal* self = (animal*)calloc(1, sizeof *self);
    (void)options;
    if (self == NULL) {
        return patchbay_error_set(error, PATCHBAY_FAILED, "zoo.memory", "out of memory");
    }
    self->host = host;
    created->instance = self;
    return PATCHBAY_OK;
}
#define ZOO_CREATE zoo_create
#endif

static inline void zoo_destroy(void* instance) {
    free(instance);
}

/** Sends every envelope back. */
static inline void zoo_on_batch(void* instance, patchbay_lane* lane, uint32_t index,
                                const patchbay_array* envelopes, patchbay_status* results) {
    const patchbay_host* host = ((animal*)instance)->host;
    uint32_t i;
    (void)index;
    (void)results;
    for (i = 0; i < envelopes->count; ++i) {
        patchbay_envelope answer = *(const patchbay_envelope*)patchbay_array_at(envelopes, i);
        const patchbay_envelope request = answer;
        patchbay_delivery delivery;
        const patchbay_array batch = {sizeof batch, sizeof answer, 1, 0, &answer};
        patchbay_array result = {sizeof result, sizeof delivery, 1, 0, &delivery};
        answer.to = request.sender;
        answer.to_size = request.sender_size;
        answer.sender = request.to;
        answer.sender_size = request.to_size;
        answer.flags = 0;
        answer.to_handle = 0;
        answer.parent = request.token;
        answer.reply_to = request.origin;
        host->deliver(lane, &batch, &result);
    }
}

#ifndef ZOO_CONNECT
#define ZOO_CONNECT NULL
#endif
#ifndef ZOO_DISCONNECT
#define ZOO_DISCONNECT NULL
#endif
#ifndef ZOO_ON_BATCH
#define ZOO_ON_BATCH zoo_on_batch
#endif
#ifndef ZOO_CLASS_NAME
#define ZOO_CLASS_NAME "Animal"
#endif

static const patchbay_class zoo_class = {
    .struct_size = sizeof(patchbay_class),
    .name = {ZOO_CLASS_NAME, sizeof ZOO_CLASS_NAME - 1},
    .create = ZOO_CREATE,
    .destroy = zoo_destroy,
    .connect = ZOO_CONNECT,
    .disconnect = ZOO_DISCONNECT,
    .on_batch = ZOO_ON_BATCH,
};
static const patchbay_class* const zoo_classes[] = {&zoo_class};

#ifndef ZOO_ENTRY
patchbay_status patchbay_plugin_entry(const patchbay_entry_options* options,
                                      patchbay_plugin* plugin, patchbay_error* error) {
    const uint32_t version = patchbay_negotiate(options);
    if (version == 0) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.version", "speaks ABI 1.0");
    }
    plugin->abi_version = version;
    plugin->classes = zoo_classes;
    plugin->class_count = 1;
    return PATCHBAY_OK;
}
#endif

#endif /* PATCHBAY_ZOO_H */
