/* SPDX-License-Identifier: Apache-2.0 */
/**
 * \file
 * A mirror: sends every envelope back to its sender, with `to` and `sender` swapped and everything
 * else as it was. The smallest complete connection, in plain C99 against abi.h alone, and the
 * sample to start from in C.
 *
 * It has no loop of its own (`run` is null), so the host calls `on_batch` and `on_signals` on the
 * lane's thread. Nothing is copied: the answer's fields are views into the block of the request. A
 * destination without room keeps its requests uncompleted ("pending") until the signal of room.
 */
#include <patchbay/abi.h>

#include <stdlib.h>
#include <string.h>

/** Requests that may wait for room; beyond it they are completed as overloaded. */
#define PENDING_LIMIT 65536u

typedef struct loopback {
    const patchbay_host* host;
    /** Answers that wait, in the order of their requests; `parent` is the request's token. */
    patchbay_envelope* pending;
    patchbay_delivery* results;
    uint32_t pending_count;
    uint32_t capacity;
} loopback;

/** Room for `count` more answers. False without memory or beyond the limit. */
static bool reserve(loopback* self, uint32_t count) {
    uint32_t capacity = self->capacity == 0 ? 64u : self->capacity;
    patchbay_envelope* pending;
    patchbay_delivery* results;
    if (count > PENDING_LIMIT - self->pending_count) {
        return false;
    }
    while (capacity < self->pending_count + count) {
        capacity *= 2u;
    }
    if (capacity == self->capacity) {
        return true;
    }
    pending = (patchbay_envelope*)realloc(self->pending, capacity * sizeof *pending);
    if (pending == NULL) {
        return false;
    }
    self->pending = pending;
    results = (patchbay_delivery*)realloc(self->results, capacity * sizeof *results);
    if (results == NULL) {
        return false;
    }
    self->results = results;
    self->capacity = capacity;
    return true;
}

/** The answer to a request that was taken. `stride` tells which fields the host knows. */
static patchbay_envelope mirrored(const patchbay_envelope* item, uint32_t stride) {
    patchbay_envelope request;
    patchbay_envelope answer;
    memset(&request, 0, sizeof request);
    memcpy(&request, item, stride < sizeof request ? stride : sizeof request);
    answer = request;
    answer.to = request.sender;
    answer.to_size = request.sender_size;
    answer.sender = request.to;
    answer.sender_size = request.to_size;
    answer.to_handle = 0;
    answer.flags = 0;
    answer.parent = request.token;
    answer.reply_to = request.origin;
    answer.receipt = 0;
    return answer;
}

/** Completion for what the host said about an answer. */
static patchbay_status status_of(const patchbay_delivery* delivery) {
    switch (delivery->status) {
        case PATCHBAY_DELIVERY_ACCEPTED:
            return PATCHBAY_OK;
        case PATCHBAY_DELIVERY_FULL:
            return PATCHBAY_PENDING;
        case PATCHBAY_DELIVERY_INVALID:
            return PATCHBAY_INVALID;
        default:
            return PATCHBAY_FAILED;
    }
}

/**
 * Delivers all that is pending in one batch: the host then keeps the order per destination. The
 * last `new_count` of them belong to the batch being handled, whose completions go to `results`.
 */
static void deliver_pending(loopback* self, patchbay_lane* lane, patchbay_status* results,
                            uint32_t new_count) {
    const uint32_t count = self->pending_count;
    const uint32_t old_count = count - new_count;
    patchbay_array envelopes = {sizeof envelopes, sizeof *self->pending, count, 0, NULL};
    patchbay_array deliveries = {sizeof deliveries, sizeof *self->results, count, 0, NULL};
    patchbay_status status;
    uint32_t kept = 0;
    uint32_t i;
    if (count == 0) {
        return;
    }
    envelopes.items = self->pending;
    deliveries.items = self->results;
    status = self->host->deliver(lane, &envelopes, &deliveries);
    for (i = 0; i < count; ++i) {
        const patchbay_status completion =
            status == PATCHBAY_OK ? status_of(&self->results[i]) : status;
        if (i >= old_count) {
            results[i - old_count] = completion;
        } else if (completion != PATCHBAY_PENDING) {
            self->host->complete(self->host, &self->pending[i].parent, 1, completion, NULL);
        }
        if (completion == PATCHBAY_PENDING) {
            self->pending[kept++] = self->pending[i];
        }
    }
    self->pending_count = kept;
}

static void PATCHBAY_CALL on_batch(void* instance, patchbay_lane* lane, uint32_t index,
                                   const patchbay_array* envelopes, patchbay_status* results) {
    loopback* self = (loopback*)instance;
    uint32_t i;
    (void)index;
    if (!reserve(self, envelopes->count)) {
        for (i = 0; i < envelopes->count; ++i) {
            results[i] = PATCHBAY_OVERLOADED;
        }
        return;
    }
    for (i = 0; i < envelopes->count; ++i) {
        const patchbay_envelope* item = (const patchbay_envelope*)patchbay_array_at(envelopes, i);
        self->pending[self->pending_count++] = mirrored(item, envelopes->stride);
    }
    deliver_pending(self, lane, results, envelopes->count);
}

/** Forgets the answer to a request that is no longer wanted. */
static void cancel(loopback* self, uint64_t token) {
    uint32_t i;
    for (i = 0; i < self->pending_count; ++i) {
        if (self->pending[i].parent == token) {
            --self->pending_count;
            memmove(&self->pending[i], &self->pending[i + 1],
                    (self->pending_count - i) * sizeof *self->pending);
            self->host->complete(self->host, &token, 1, PATCHBAY_FAILED, NULL);
            return;
        }
    }
}

static void PATCHBAY_CALL on_signals(void* instance, patchbay_lane* lane, uint32_t index,
                                     const patchbay_array* signals) {
    loopback* self = (loopback*)instance;
    uint32_t i;
    (void)index;
    for (i = 0; i < signals->count; ++i) {
        const patchbay_signal* signal = (const patchbay_signal*)patchbay_array_at(signals, i);
        if (signal->kind == PATCHBAY_SIGNAL_ROOM) {
            deliver_pending(self, lane, NULL, 0);
        } else if (signal->kind == PATCHBAY_SIGNAL_CANCEL) {
            cancel(self, signal->token);
        }
    }
}

static patchbay_status PATCHBAY_CALL on_disconnect(void* instance, uint64_t token,
                                                   patchbay_error* error) {
    loopback* self = (loopback*)instance;
    patchbay_error reason;
    uint32_t i;
    (void)token;
    (void)error;
    reason.struct_size = sizeof reason;
    patchbay_error_set(&reason, PATCHBAY_DISCONNECTED, "loopback.disconnected",
                       "The answer found no room before the connection ended.");
    for (i = 0; i < self->pending_count; ++i) {
        self->host->complete(self->host, &self->pending[i].parent, 1, PATCHBAY_DISCONNECTED,
                             &reason);
    }
    self->pending_count = 0;
    return PATCHBAY_OK;
}

static patchbay_status PATCHBAY_CALL create(const patchbay_host* host,
                                            const patchbay_instance_options* options,
                                            patchbay_created* created, patchbay_error* error) {
    loopback* self = (loopback*)calloc(1, sizeof *self);
    (void)options;
    if (self == NULL) {
        return patchbay_error_set(error, PATCHBAY_OVERLOADED, "memory.exhausted",
                                  "There is no memory for the instance.");
    }
    self->host = host;
    created->instance = self;
    return PATCHBAY_OK;
}

static void PATCHBAY_CALL destroy(void* instance) {
    loopback* self = (loopback*)instance;
    free(self->pending);
    free(self->results);
    free(self);
}

static const patchbay_class loopback_class = {
    sizeof(patchbay_class),
    0,
    {"LoopbackConnection", sizeof("LoopbackConnection") - 1},
    create,
    destroy,
    NULL, /* run: the host drives */
    NULL, /* connect: nothing to set up */
    on_disconnect,
    on_batch,
    on_signals,
};

static const patchbay_class* const loopback_classes[] = {&loopback_class};

PATCHBAY_PLUGIN_NOTE("patchbay/loopback:0.1.0", "\"LoopbackConnection\"")

patchbay_status PATCHBAY_CALL patchbay_plugin_entry(const patchbay_entry_options* options,
                                                    patchbay_plugin* plugin,
                                                    patchbay_error* error) {
    plugin->abi_version = patchbay_negotiate(options);
    if (plugin->abi_version == 0) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.no_common_version",
                                  "This plugin speaks ABI 1.0, the host does not.");
    }
    plugin->classes = loopback_classes;
    plugin->class_count = 1;
    return PATCHBAY_OK;
}
