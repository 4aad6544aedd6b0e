/* SPDX-License-Identifier: Apache-2.0 */
/**
 * \file
 * The Patchbay plugin ABI, version 1.1: the only thing that a host and a plugin share at run time.
 *
 * A plugin is a shared library that offers connection classes. A connection exchanges envelopes
 * with the host's multiplexer. This header is the specification of how they talk; everything else
 * (the C++ SDK, the codecs) is built on it. It is plain C99 and includes nothing but three standard
 * headers, so that any language that can produce a C function can produce a plugin.
 *
 * Contents
 *   1  Rules that hold everywhere        7  Signals
 *   2  Values                            8  The host's table
 *   3  Status and error                  9  Classes and instances
 *   4  Arrays                           10  The entry
 *   5  Payload blocks                   11  Metadata in the library
 *   6  Envelopes                        12  Extensions
 */
#ifndef PATCHBAY_ABI_H
#define PATCHBAY_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- 1. Rules that hold everywhere -------------------------------------------------------------
 *
 * Growth. Every struct that crosses the boundary by pointer begins with `struct_size`, set by the
 * side that owns the memory. A reader uses a later field only when it lies within that size
 * (PATCHBAY_HAS). Fields and slots are appended, never reordered, removed or reused. Functions that
 * were retired stay and answer PATCHBAY_UNSUPPORTED; a slot within the size is null only where its
 * comment says "optional". Structs that cross in arrays carry no size; section 4 tells how they
 * grow.
 *
 * Threads. Each function carries one role and one blocking tag:
 *   [host-thread]  called by the host, on a thread of the host, never concurrently for one plugin.
 *                  Such code must not touch thread-locals with destructors: they would keep the
 *                  library mapped after it was unloaded.
 *   [lane]         called on the thread of the lane concerned, hence serialised for that lane.
 *   [any-thread]   callable from any thread that belongs to the plugin's generation: lanes, and
 *                  threads started through the extension patchbay.threads/1. A plugin must not
 *                  create threads in any other way.
 *   [no-block]     returns promptly, does no I/O that waits, takes no lock that is held across I/O.
 *   [may-block]    may wait.
 * The host never calls a plugin from within a call that the plugin makes, with one exception: a
 * class that declared PATCHBAY_CLASS_INLINE_OK may receive `on_batch` on the thread of the plugin
 * that delivers. The host checks roles in debug builds and reports misbehaviour.
 *
 * Ownership. Whoever allocates frees. Payload that travels is allocated and freed by the host
 * (section 5). Everything else is passed as a view that is valid until the call returns, unless its
 * comment names a longer life. The host keeps no pointer to a plugin's code or data beyond
 * `destroy`, except the tables of section 9, which it drops before it unloads the library.
 *
 * Strings are UTF-8 with a length; they need no NUL at the end and may contain NULs.
 *
 * Exceptions never cross, in either direction.
 */

#define PATCHBAY_ABI_MAJOR 1u
#define PATCHBAY_ABI_MINOR 1u
/** Packed version: major in the upper, minor in the lower 16 bits. */
#define PATCHBAY_ABI_VERSION ((PATCHBAY_ABI_MAJOR << 16) | PATCHBAY_ABI_MINOR)

#if defined(_WIN32)
#define PATCHBAY_CALL __cdecl
#define PATCHBAY_EXPORT __declspec(dllexport)
#else
#define PATCHBAY_CALL
#define PATCHBAY_EXPORT __attribute__((visibility("default")))
#endif

/** True when `field` lies within the size that the owner of `*object` declared. */
#define PATCHBAY_HAS(type, object, field) \
    ((object)->struct_size >= offsetof(type, field) + sizeof((object)->field))

/* ---- 2. Values ---------------------------------------------------------------------------------
 *
 * Small values that cross by copy or inside other structs. They are complete and never grow.
 */

/** View of UTF-8 text. */
typedef struct patchbay_string {
    const char* data;
    size_t size;
} patchbay_string;

/** View of bytes. */
typedef struct patchbay_bytes {
    const uint8_t* data;
    size_t size;
} patchbay_bytes;

/** Where an envelope came from, written by the host. Opaque to plugins: copy it, do not build it.
 *  All zero means none. */
typedef struct patchbay_origin {
    uint32_t instance;
    uint32_t generation;
    uint32_t lane;
    uint32_t check;
} patchbay_origin;

/* ---- 3. Status and error -----------------------------------------------------------------------
 *
 * A status tells the caller what to do; a code, chosen by whoever failed, tells tools what
 * happened; a text tells people. There is no thread-local "last error".
 */

typedef int32_t patchbay_status;

enum {
    PATCHBAY_OK = 0,
    /** Begun; the outcome follows through the completion that the function names. */
    PATCHBAY_PENDING = 1,
    /** Only as completion of an envelope: it answers a dialogue that this generation does not hold.
     *  The host asks older generations that still drain, newest first. */
    PATCHBAY_NOT_MINE = 2,
    /** Report it; trying again does not help by itself. */
    PATCHBAY_FAILED = -1,
    /** Back off and try again later. */
    PATCHBAY_OVERLOADED = -2,
    /** Reconnect, then try again. */
    PATCHBAY_DISCONNECTED = -3,
    /** Not offered here; fall back to something else. */
    PATCHBAY_UNSUPPORTED = -4,
    /** The caller's input is wrong. */
    PATCHBAY_INVALID = -5
};

#define PATCHBAY_ERROR_CODE_CAPACITY 64
#define PATCHBAY_ERROR_TEXT_CAPACITY 512

/** Filled by the callee, owned by the caller. Both strings end with a NUL and are cut when longer.
 *  `code` is stable, lower-case and dotted ("tls.handshake_failed"). */
typedef struct patchbay_error {
    uint32_t struct_size;
    patchbay_status status;
    char code[PATCHBAY_ERROR_CODE_CAPACITY];
    char text[PATCHBAY_ERROR_TEXT_CAPACITY];
} patchbay_error;

/** Fills `*error` (which may be null) and returns `status`. `code` and `text` end with a NUL. */
static inline patchbay_status patchbay_error_set(patchbay_error* error, patchbay_status status,
                                                 const char* code, const char* text) {
    if (error != NULL && PATCHBAY_HAS(patchbay_error, error, text)) {
        size_t i = 0;
        error->status = status;
        while (i + 1 < PATCHBAY_ERROR_CODE_CAPACITY && code[i] != '\0') {
            error->code[i] = code[i];
            ++i;
        }
        error->code[i] = '\0';
        i = 0;
        while (i + 1 < PATCHBAY_ERROR_TEXT_CAPACITY && text[i] != '\0') {
            error->text[i] = text[i];
            ++i;
        }
        error->text[i] = '\0';
    }
    return status;
}

/* ---- 4. Arrays ---------------------------------------------------------------------------------
 *
 * Structs cross in arrays as one header; items are `stride` bytes apart, whatever the reader's own
 * sizeof says. The owner of the memory sets `struct_size`, `stride` and `items`. A filling function
 * reads `count` as the capacity and overwrites it with the number of items filled; of each item it
 * writes the first min(stride, its own sizeof) bytes and zeroes the rest of the stride. A reading
 * function treats fields beyond `stride` as zero. Index with patchbay_array_at only.
 */
typedef struct patchbay_array {
    uint32_t struct_size;
    uint32_t stride;
    uint32_t count;
    uint32_t flags; /* zero in 1.0 */
    void* items;
} patchbay_array;

static inline void* patchbay_array_at(const patchbay_array* array, uint32_t index) {
    return (unsigned char*)array->items + (size_t)array->stride * index;
}

/* ---- 5. Payload blocks -------------------------------------------------------------------------
 *
 * The bytes of an envelope live in a reference-counted block of the host's pool; the envelope's
 * fields are views into it. Blocks that a generation still holds when `destroy` returns are taken
 * back by the host, counted and reported.
 */
typedef struct patchbay_block patchbay_block;

/** A block to be written, as `allocate` returns it. Crosses in arrays. */
typedef struct patchbay_buffer {
    patchbay_block* block;
    uint8_t* data;
    size_t capacity; /* at least what was asked for */
} patchbay_buffer;

/* ---- 6. Envelopes ------------------------------------------------------------------------------
 *
 * An envelope says who wrote to whom in which protocol. `protocol_id` is the protocol's
 * specification id in its text form, author/name:version.
 *
 * Delivering. All views must lie inside `block`, or `block` is null and the host copies them.
 * Accepting transfers nothing: the host takes its own reference to the block, and the deliverer
 * releases the one it holds when it no longer needs it. With PATCHBAY_ENVELOPE_GIVE_BLOCK an
 * accepted envelope takes the deliverer's reference over.
 *
 * Taking. Views stay valid until `token` is completed. Every taken envelope is completed exactly
 * once, at once or later, from any thread of the generation.
 */
typedef struct patchbay_envelope {
    const char* to;
    const char* sender;
    const char* protocol_id;
    const uint8_t* message;
    const char* uri; /* context; size 0 when absent */
    uint32_t to_size;
    uint32_t sender_size;
    uint32_t protocol_id_size;
    uint32_t message_size;
    uint32_t uri_size;
    uint32_t flags; /* PATCHBAY_ENVELOPE_* */
    /** Handles issued by the host, 0 = none. They speed up the look-up and are checked: a stale or
     *  forged handle is ignored and the text counts. */
    uint32_t to_handle;
    uint32_t protocol_handle;
    /** Taken: names this envelope in `complete` and as `parent`. Delivered: ignored. */
    uint64_t token;
    /** Delivered: token of the taken envelope on whose behalf this one is sent, or 0. The parent's
     *  receipt does not settle `done` before this envelope settled. Taken: ignored. */
    uint64_t parent;
    patchbay_block* block;
    /** Taken: the lane that delivered it. Delivered: ignored. */
    patchbay_origin origin;
    /** Delivered: `origin` of the request that this envelope answers, or zero. A valid one
     * overrides the look-up of `to` while that lane lives. It never goes on a wire. */
    patchbay_origin reply_to;
    /** Delivered with PATCHBAY_ENVELOPE_RECEIPT: comes back in the receipt's signal. */
    uint64_t receipt;
    /** Context's connection id, used by routing and never serialised; size 0 when absent. */
    const char* connection_id;
    uint32_t connection_id_size;
    /** How often it passed through a connection. Whoever forwards an envelope copies it; the host
     *  adds one and makes the envelope a dead letter at its limit. */
    uint32_t hops;
    /** Taken: the agent whom an inbound route named (`agent: ID`) as the one to get it, whatever
     * `to` says; size 0 when none did. Delivered: ignored. Since 1.1. */
    const char* agent;
    uint32_t agent_size;
    uint32_t reserved;
} patchbay_envelope;

enum {
    /** A receipt is wanted: one PATCHBAY_SIGNAL_RECEIPT when it is known what became of it. */
    PATCHBAY_ENVELOPE_RECEIPT = 1u << 0,
    /** An answer is expected: room for it in the deliverer's own mailbox is reserved on acceptance.
     *  The answer that names the request as `parent` uses it and is never refused for lack of room.
     */
    PATCHBAY_ENVELOPE_REQUEST = 1u << 1,
    /** See "Delivering". */
    PATCHBAY_ENVELOPE_GIVE_BLOCK = 1u << 2
};

/** What became of one delivered envelope. Crosses in arrays. */
typedef struct patchbay_delivery {
    uint32_t status; /* PATCHBAY_DELIVERY_* */
    uint32_t reason; /* PATCHBAY_REASON_*; 0 unless dead-lettered or invalid */
    /** Number of the destination instance; a full one is named again by PATCHBAY_SIGNAL_ROOM. */
    uint32_t destination;
    uint32_t reserved;
} patchbay_delivery;

enum {
    PATCHBAY_DELIVERY_ACCEPTED = 0,
    /** No room at the destination. Keep it and deliver it again after PATCHBAY_SIGNAL_ROOM. All
     *  later envelopes of the same batch for that destination are full too, so order is kept. */
    PATCHBAY_DELIVERY_FULL = 1,
    /** Not deliverable; kept by the host with its reason. Do not deliver it again. */
    PATCHBAY_DELIVERY_DEAD_LETTERED = 2,
    /** Not an envelope: nothing was kept. */
    PATCHBAY_DELIVERY_INVALID = 3
};

enum {
    PATCHBAY_REASON_NONE = 0,
    PATCHBAY_REASON_NO_ROUTE = 1,
    PATCHBAY_REASON_PROTOCOL_REFUSED = 2, /* excluded_protocols, restricted_to_protocols */
    PATCHBAY_REASON_HOP_LIMIT = 3,
    PATCHBAY_REASON_NOT_CONNECTED = 4,
    PATCHBAY_REASON_TIME_LIMIT = 5,
    PATCHBAY_REASON_SEND_FAILED = 6,
    PATCHBAY_REASON_NOT_MINE = 7,
    PATCHBAY_REASON_MALFORMED = 8, /* from outside, reported by a plugin */
    PATCHBAY_REASON_SHUTDOWN = 9,
    PATCHBAY_REASON_TOO_LARGE = 10,
    PATCHBAY_REASON_BAD_VIEW = 11,   /* a view does not lie inside its block */
    PATCHBAY_REASON_BAD_FIELD = 12,  /* empty or over-long to, sender or protocol id; not UTF-8 */
    PATCHBAY_REASON_BAD_PARENT = 13, /* parent is not a token that this generation holds */
    /* The agent whom an inbound route names is not connected. Since 1.1. */
    PATCHBAY_REASON_AGENT_OFFLINE = 14
};

/* ---- 7. Signals --------------------------------------------------------------------------------
 *
 * Everything that a lane learns besides envelopes. Signals come in order. They are few, except
 * receipts, of which there are at most as many as the lane asked for.
 */
typedef struct patchbay_signal {
    uint32_t kind; /* PATCHBAY_SIGNAL_*; unknown kinds are to be ignored */
    patchbay_status status;
    uint64_t token;
    uint64_t value;
    /** Views are valid until the lane's next `signals_take`; in `on_signals` until it returns. */
    patchbay_string name;
    patchbay_bytes payload;
} patchbay_signal;

enum {
    /** Lane 0 only. Establish the connection, then `operation_complete(token)`. `value` is the time
     *  limit in nanoseconds; a completion after it is ignored. */
    PATCHBAY_SIGNAL_CONNECT = 1,
    /** Lane 0 only. Stop the traffic, complete what is in progress, then
     * `operation_complete(token)`. `value` is the time limit in nanoseconds. It follows every
     * CONNECT that did not fail: also one that passed its time limit (give it up; completing it is
     * not needed any more) and one whose connection was reported lost. After a failed DISCONNECT
     * the instance counts as disconnected all the same. `name` is "reload" when another generation
     * of the instance takes over, and empty otherwise (since 1.1; `disconnect` of section 9 is not
     * told). */
    PATCHBAY_SIGNAL_DISCONNECT = 2,
    /** The taken envelope `token` is no longer wanted (`status` tells why). It was already settled;
     *  completing it is still required and frees its views. */
    PATCHBAY_SIGNAL_CANCEL = 3,
    /** The lane ends: leave `run` soon. Nothing follows. */
    PATCHBAY_SIGNAL_STOP = 4,
    /** Destination number `value` has room again. */
    PATCHBAY_SIGNAL_ROOM = 5,
    /** `token` is the `receipt` of a delivered envelope, `value` one of PATCHBAY_RECEIPT_*,
     * `status` and `name` (a code) the failure where there is one. */
    PATCHBAY_SIGNAL_RECEIPT = 6,
    /** Timer `token` is due (patchbay.timers/1). */
    PATCHBAY_SIGNAL_TIMER = 7,
    /** Somebody called `wake` (patchbay.wake/1); several calls may give one signal. */
    PATCHBAY_SIGNAL_WAKE = 8,
    /** Lane 0 only. A dependent calls method `name` with `payload`; answer `call_complete(token)`.
     */
    PATCHBAY_SIGNAL_CALL = 9,
    /** Answer to the call made with cookie `token`: `status`, and `payload` (or on failure `name`,
     * a code, and the text as payload). */
    PATCHBAY_SIGNAL_CALL_RESULT = 10,
    /** Answer to the request of patchbay.identity/1 made with cookie `token`: `status`, `value`
     * (see the function), on failure `name` (a code), and `payload`, a JSON object: on failure with
     * at least `error`, the text for the agent. */
    PATCHBAY_SIGNAL_IDENTITY_RESULT = 11,
    /** Ask the agent behind connection `token` for a sign of life, and hand its answer, with
     * `value`, to `pong`. The value is a number below 2^53 that no other ping had. */
    PATCHBAY_SIGNAL_AGENT_PING = 12,
    /** The registration of connection `token` has ended: close it. `value` is one of
     * PATCHBAY_SESSION_END_*, `name` the agent's id, `payload` a sentence. No answer is needed. */
    PATCHBAY_SIGNAL_SESSION_END = 13,
    /** To lanes that asked for it with `subscribe`: `value` is one of PATCHBAY_AGENT_*, `name` the
     * agent's id, `payload` a JSON object with what `list` tells about it. `token` counts the
     * changes that this lane missed before this one because it was slow. */
    PATCHBAY_SIGNAL_AGENT_CHANGED = 14,
    /** Lane 0 only, patchbay.state/1. Write the state, then `operation_complete(token)`. `value` is
     * the time limit in nanoseconds. */
    PATCHBAY_SIGNAL_STATE_SAVE = 15,
    /** Lane 0 only, patchbay.state/1. Read the state, whose schema is `value`, then
     * `operation_complete(token)`; a failure refuses to continue it. The time limit is that of
     * CONNECT. */
    PATCHBAY_SIGNAL_STATE_LOAD = 16,
    /** Connections of another generation wait for `adopt` (patchbay.sockets/1). */
    PATCHBAY_SIGNAL_PARKED = 17
};

enum {
    PATCHBAY_RECEIPT_DONE = 0,
    PATCHBAY_RECEIPT_FAILED = 1,
    PATCHBAY_RECEIPT_DEAD_LETTERED = 2,
    /** It was taken, and then nobody said what became of it in time. */
    PATCHBAY_RECEIPT_UNKNOWN = 3
};

/* ---- 8. The host's table -----------------------------------------------------------------------
 *
 * Each instance gets a table of its own. Pointers to it and to its lanes are valid from `create`
 * (lanes: from `connect` or `run`) until `destroy` returns.
 */
typedef struct patchbay_lane patchbay_lane;
typedef struct patchbay_host patchbay_host;

/** What `sleep` waits for besides signals. */
enum { PATCHBAY_INTEREST_ENVELOPES = 1u << 0 };

struct patchbay_host {
    uint32_t struct_size;
    /** Version that the host and the plugin agreed on. */
    uint32_t abi_version;
    /** The host's own; not for the plugin. */
    void* context;

    /** Table of an extension (section 12), or null. Valid as long as this table.
     *  [any-thread] [no-block], and in `create` and `destroy`. */
    const void*(PATCHBAY_CALL* get_extension)(const patchbay_host* host, patchbay_string id);

    /** Lane `index` of the instance, or null. [any-thread] [no-block] */
    patchbay_lane*(PATCHBAY_CALL* lane)(const patchbay_host* host, uint32_t index);

    /** Allocates up to `buffers->count` blocks of at least `size` bytes each, with one reference
     *  each. `lane` may be null; naming the lane whose thread calls makes it cheaper. OVERLOADED
     *  when the pool's bound left none. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* allocate)(const patchbay_host* host, patchbay_lane* lane,
                                             size_t size, patchbay_array* buffers);
    /** One more reference. [any-thread] [no-block] */
    void(PATCHBAY_CALL* retain)(const patchbay_host* host, patchbay_block* block);
    /** One reference less for each. [any-thread] [no-block] */
    void(PATCHBAY_CALL* release)(const patchbay_host* host, patchbay_lane* lane,
                                 patchbay_block* const* blocks, uint32_t count);

    /** Delivers a batch of patchbay_envelope to the multiplexer on behalf of `lane` and writes one
     *  patchbay_delivery for each (`results->count` must be at least the number of envelopes).
     *  OK: the results tell. DISCONNECTED: the instance is neither connected nor disconnecting;
     *  nothing was looked at.
     *  [any-thread] [no-block], cheapest on the lane's own thread. */
    patchbay_status(PATCHBAY_CALL* deliver)(patchbay_lane* lane, const patchbay_array* envelopes,
                                            patchbay_array* results);

    /** Takes up to `envelopes->count` envelopes from the lane's mailbox. Zero is a normal answer.
     *  [lane] [no-block] */
    patchbay_status(PATCHBAY_CALL* take)(patchbay_lane* lane, patchbay_array* envelopes);
    /** Takes up to `signals->count` signals. [lane] [no-block] */
    patchbay_status(PATCHBAY_CALL* signals_take)(patchbay_lane* lane, patchbay_array* signals);
    /** Says that the lane is about to wait on `descriptor`. True: wait; the descriptor becomes
     *  readable when something of `interest` arrives. False: something is there already, do not
     *  wait. Signals always wake; a lane that holds as many envelopes as it can handle leaves
     *  PATCHBAY_INTEREST_ENVELOPES out, and its mailbox does not wake it. `take` and `signals_take`
     *  end the sleep and reset the descriptor. [lane] [no-block] */
    bool(PATCHBAY_CALL* sleep)(patchbay_lane* lane, uint32_t interest);
    /** The lane's event descriptor, owned by the host: poll it for reading, never read or close it.
     *  A file descriptor, or on Windows an event HANDLE. [any-thread] [no-block] */
    intptr_t(PATCHBAY_CALL* descriptor)(patchbay_lane* lane);

    /** Completes taken envelopes: OK (done), NOT_MINE, or a failure with `error` (may be null).
     *  Unknown and already completed tokens are reported as misbehaviour and ignored.
     *  [any-thread] [no-block] */
    void(PATCHBAY_CALL* complete)(const patchbay_host* host, const uint64_t* tokens, uint32_t count,
                                  patchbay_status status, const patchbay_error* error);
    /** Completes CONNECT or DISCONNECT. `error` may be null. When it returns, the state has
     * changed: after a successful CONNECT the instance may deliver. [any-thread] [no-block] */
    void(PATCHBAY_CALL* operation_complete)(const patchbay_host* host, uint64_t token,
                                            patchbay_status status, const patchbay_error* error);
    /** Reports that an established connection broke. The host stops its traffic, sends DISCONNECT
     *  so that the plugin clears up, and decides what follows: CONNECT again, or STOP.
     *  [any-thread] [no-block] */
    void(PATCHBAY_CALL* connection_lost)(const patchbay_host* host, const patchbay_error* error);
};

/* ---- 9. Classes and instances ------------------------------------------------------------------
 *
 *   call         thread          state before -> after            may run with
 *   create       [host-thread]   none -> created                  nothing
 *   run (k x)    [lane]          created -> running               everything [any-thread]
 *   connect      [lane]          disconnected -> connected        on lane 0
 *   on_batch     [lane]          connected                        other lanes
 *   on_signals   [lane]          any while running                other lanes
 *   disconnect   [lane]          connected -> disconnected        on lane 0
 *   destroy      [host-thread]   lanes ended, threads joined      nothing
 *
 * connect and disconnect alternate; a connect that failed needs no disconnect. A class with a loop
 * of its own sets `run` and learns of connect and disconnect as signals; otherwise the host drives
 * the lanes and calls `connect`, `disconnect`, `on_batch` and `on_signals` on their threads.
 */
typedef struct patchbay_instance_options {
    uint32_t struct_size;
    /** Instance's name in the host configuration. */
    patchbay_string name;
    /** author/INSTANCE:version */
    patchbay_string component_id;
    /** The instance's `config`, overrides applied, as JSON text. Valid until `destroy` returns. */
    patchbay_string config_json;
    /** Absolute folder for the instance's files. Valid until `destroy` returns. */
    patchbay_string data_folder;
    /** Uncompleted envelopes that the operator allows; 0 = the class decides. */
    uint32_t max_in_flight;
    /** Lanes that the operator allows at most. */
    uint32_t lane_limit;
    /** Workers of a class that has a pool; 0 = the class decides. */
    uint32_t max_thread_workers;
    /** PATCHBAY_INSTANCE_* */
    uint32_t flags;
} patchbay_instance_options;

enum {
    /** ordered_sends: a class with a worker pool runs one send at a time. */
    PATCHBAY_INSTANCE_ORDERED_SENDS = 1u << 0
};

/** Filled by `create`; preset by the host with lane_count 1. */
typedef struct patchbay_created {
    uint32_t struct_size;
    uint32_t lane_count;
    void* instance;
} patchbay_created;

enum {
    /** `on_batch` is short, never blocks, and may run on the deliverer's thread. Only honoured when
     *  the library imports neither __cxa_thread_atexit nor pthread_key_create. */
    PATCHBAY_CLASS_INLINE_OK = 1u << 0,
    /** The library stays mapped for the life of the process. */
    PATCHBAY_CLASS_RESIDENT = 1u << 1,
    /** Two generations of an instance may be connected at once: nothing that one opens is
     * exclusive, and nothing comes in twice. A reload then connects the new one before the old one
     * is asked to disconnect, so that traffic does not pause; without it the old one is
     * disconnected first. Hosts before ABI 1.1 do not look at it. */
    PATCHBAY_CLASS_OVERLAPS = 1u << 2
};

typedef struct patchbay_class {
    uint32_t struct_size;
    uint32_t flags; /* PATCHBAY_CLASS_* */
    /** Equals `class_name` of connection.yaml. */
    patchbay_string name;

    /** Makes an instance. Reads its options, starts nothing. [host-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* create)(const patchbay_host* host,
                                           const patchbay_instance_options* options,
                                           patchbay_created* created, patchbay_error* error);
    /** Frees the instance. Lanes and threads have ended. [host-thread] [no-block] */
    void(PATCHBAY_CALL* destroy)(void* instance);

    /** Optional. Runs the loop of lane `index` until PATCHBAY_SIGNAL_STOP. [lane] [may-block] */
    void(PATCHBAY_CALL* run)(void* instance, patchbay_lane* lane, uint32_t index);

    /** Without `run`; optional. OK, PENDING (then `operation_complete(token)`), or a failure.
     *  [lane] [may-block] up to the time limit. */
    patchbay_status(PATCHBAY_CALL* connect)(void* instance, uint64_t token, patchbay_error* error);
    patchbay_status(PATCHBAY_CALL* disconnect)(void* instance, uint64_t token,
                                               patchbay_error* error);
    /** Without `run`. A batch of patchbay_envelope for lane `index`. `results[i]` is preset to OK;
     *  PENDING leaves envelope i to `complete`, everything else completes it now.
     *  [lane] [may-block]; [no-block] for a class with PATCHBAY_CLASS_INLINE_OK. */
    void(PATCHBAY_CALL* on_batch)(void* instance, patchbay_lane* lane, uint32_t index,
                                  const patchbay_array* envelopes, patchbay_status* results);
    /** Without `run`; optional. A batch of patchbay_signal other than CONNECT, DISCONNECT and STOP.
     *  [lane] [may-block] */
    void(PATCHBAY_CALL* on_signals)(void* instance, patchbay_lane* lane, uint32_t index,
                                    const patchbay_array* signals);
} patchbay_class;

/* ---- 10. The entry -----------------------------------------------------------------------------
 *
 * A plugin exports exactly one function, patchbay_plugin_entry. The host passes the versions that
 * it speaks; the plugin answers with the highest one that both speak and its classes, or refuses
 * with a text. The entry may be called several times; the tables it returns are static.
 */
typedef struct patchbay_entry_options {
    uint32_t struct_size;
    uint32_t abi_minimum;
    uint32_t abi_maximum;
    /** Text that names the host for the plugin's refusal, e.g. "patchbay 0.1.0". */
    patchbay_string host_name;
} patchbay_entry_options;

typedef struct patchbay_plugin {
    uint32_t struct_size;
    uint32_t abi_version;
    /** Pointers to the classes: each class grows by its own struct_size. */
    const patchbay_class* const* classes;
    uint32_t class_count;
    uint32_t reserved;
} patchbay_plugin;

/** [host-thread] [no-block] */
typedef patchbay_status(PATCHBAY_CALL* patchbay_entry_function)(
    const patchbay_entry_options* options, patchbay_plugin* plugin, patchbay_error* error);
#define PATCHBAY_ENTRY_NAME "patchbay_plugin_entry"

/** Declared here so that a plugin that defines it gets its type checked. */
PATCHBAY_EXPORT patchbay_status PATCHBAY_CALL patchbay_plugin_entry(
    const patchbay_entry_options* options, patchbay_plugin* plugin, patchbay_error* error);

/** The version to speak: the highest that both sides do, or 0 when there is none. */
static inline uint32_t patchbay_negotiate(const patchbay_entry_options* options) {
    if (options->abi_maximum < (PATCHBAY_ABI_MAJOR << 16) ||
        options->abi_minimum > PATCHBAY_ABI_VERSION) {
        return 0u;
    }
    return options->abi_maximum < PATCHBAY_ABI_VERSION ? options->abi_maximum
                                                       : PATCHBAY_ABI_VERSION;
}

/* ---- 11. Metadata in the library ---------------------------------------------------------------
 *
 * A host reads this without running code of the plugin, and refuses a library whose metadata does
 * not agree with its connection.yaml. On ELF it is a note (section .note.patchbay, owner
 * "Patchbay", type 1), on PE a section .pbnote of the same layout; the descriptor is JSON:
 * {"abi": "1.0", "public_id": "author/name:version", "classes": ["ClassName"]}.
 *
 *     PATCHBAY_PLUGIN_NOTE("author/name:0.1.0", "\"ClassName\"")
 */
#define PATCHBAY_NOTE_OWNER "Patchbay"
#define PATCHBAY_NOTE_TYPE 1u
#define PATCHBAY_NOTE_SECTION ".note.patchbay"
#define PATCHBAY_NOTE_SECTION_PE ".pbnote"

#if defined(_WIN32)
#define PATCHBAY_NOTE_ATTRIBUTE __attribute__((used, aligned(4), section(PATCHBAY_NOTE_SECTION_PE)))
#else
#define PATCHBAY_NOTE_ATTRIBUTE __attribute__((used, aligned(4), section(PATCHBAY_NOTE_SECTION)))
#endif

#define PATCHBAY_NOTE_TEXT(public_id, classes) \
    "{\"abi\":\"1.0\",\"public_id\":\"" public_id "\",\"classes\":[" classes "]}"

#define PATCHBAY_PLUGIN_NOTE(public_id, classes)                                          \
    PATCHBAY_NOTE_ATTRIBUTE static const struct {                                         \
        uint32_t name_size;                                                               \
        uint32_t descriptor_size;                                                         \
        uint32_t type;                                                                    \
        char name[12];                                                                    \
        char descriptor[(sizeof(PATCHBAY_NOTE_TEXT(public_id, classes)) + 3u) / 4u * 4u]; \
    } patchbay_plugin_note = {(uint32_t)sizeof(PATCHBAY_NOTE_OWNER),                      \
                              (uint32_t)sizeof(PATCHBAY_NOTE_TEXT(public_id, classes)),   \
                              PATCHBAY_NOTE_TYPE, PATCHBAY_NOTE_OWNER,                    \
                              PATCHBAY_NOTE_TEXT(public_id, classes)};

/* ---- 12. Extensions ----------------------------------------------------------------------------
 *
 * Everything optional is asked for by id, "patchbay.<area>/<revision>". An id never changes its
 * meaning; an incompatible successor gets the next revision beside it. Tables grow like all others.
 */

/** Log through the host. Levels: 0 trace, 1 debug, 2 info, 3 warning, 4 error, 5 critical. */
#define PATCHBAY_LOG_EXTENSION "patchbay.log/1"
typedef struct patchbay_log {
    uint32_t struct_size;
    /** Lowest level that is written; test it before formatting. [any-thread] [no-block], and in
     *  `create` and `destroy`. */
    uint32_t(PATCHBAY_CALL* level)(const patchbay_host* host);
    /** One line. `file` may be empty. [any-thread] [no-block], and in `create` and `destroy`. */
    void(PATCHBAY_CALL* write)(const patchbay_host* host, uint32_t level, patchbay_string text,
                               patchbay_string file, uint32_t line);
} patchbay_log;

/** Values of the instance's `config` by path: keys and list indexes joined with dots
 * ("tls.ciphers.0"). OK; UNSUPPORTED: no such key (or null); INVALID: another type. Views live
 * until `destroy` returns. [any-thread] [no-block], and in `create`. */
#define PATCHBAY_CONFIG_EXTENSION "patchbay.config/1"
typedef struct patchbay_config {
    uint32_t struct_size;
    patchbay_status(PATCHBAY_CALL* text)(const patchbay_host* host, patchbay_string path,
                                         patchbay_string* value);
    patchbay_status(PATCHBAY_CALL* integer)(const patchbay_host* host, patchbay_string path,
                                            int64_t* value);
    patchbay_status(PATCHBAY_CALL* number)(const patchbay_host* host, patchbay_string path,
                                           double* value);
    patchbay_status(PATCHBAY_CALL* boolean)(const patchbay_host* host, patchbay_string path,
                                            bool* value);
    /** Entries of a list or keys of a map. */
    patchbay_status(PATCHBAY_CALL* size)(const patchbay_host* host, patchbay_string path,
                                         uint64_t* value);
} patchbay_config;

/** Metrics of the instance. Names and help are copied; registering a name again gives the same id;
 *  id 0 (the bound of metrics per instance is reached, or the name is taken by another kind) is
 *  accepted and ignored everywhere. */
#define PATCHBAY_METRICS_EXTENSION "patchbay.metrics/1"
typedef struct patchbay_metrics {
    uint32_t struct_size;
    /** `name` is lower-case with underscores, without prefix and unit suffix rules of its own.
     *  [any-thread] [no-block], and in `create`. */
    uint32_t(PATCHBAY_CALL* counter)(const patchbay_host* host, patchbay_string name,
                                     patchbay_string help);
    uint32_t(PATCHBAY_CALL* gauge)(const patchbay_host* host, patchbay_string name,
                                   patchbay_string help);
    /** [any-thread] [no-block] */
    void(PATCHBAY_CALL* add)(const patchbay_host* host, uint32_t id, int64_t amount);
    void(PATCHBAY_CALL* set)(const patchbay_host* host, uint32_t id, int64_t value);
} patchbay_metrics;

/** The host's clock; tests may run it by hand. [any-thread] [no-block] */
#define PATCHBAY_CLOCK_EXTENSION "patchbay.clock/1"
typedef struct patchbay_clock {
    uint32_t struct_size;
    uint64_t(PATCHBAY_CALL* monotonic)(const patchbay_host* host); /* nanoseconds */
    uint64_t(PATCHBAY_CALL* wall)(const patchbay_host* host);      /* nanoseconds since 1970, UTC */
} patchbay_clock;

/** Timers for lanes that the host drives (and others, if they like). */
#define PATCHBAY_TIMERS_EXTENSION "patchbay.timers/1"
typedef struct patchbay_timers {
    uint32_t struct_size;
    /** One PATCHBAY_SIGNAL_TIMER with `token` after `delay` nanoseconds; setting a running token
     *  moves it. OVERLOADED beyond the bound of timers per lane. [lane] [no-block] */
    patchbay_status(PATCHBAY_CALL* set)(patchbay_lane* lane, uint64_t token, uint64_t delay);
    /** UNSUPPORTED when no such timer runs. [lane] [no-block] */
    patchbay_status(PATCHBAY_CALL* cancel)(patchbay_lane* lane, uint64_t token);
} patchbay_timers;

/** Brings a lane out of its sleep from another thread. [any-thread] [no-block] */
#define PATCHBAY_WAKE_EXTENSION "patchbay.wake/1"
typedef struct patchbay_wake {
    uint32_t struct_size;
    void(PATCHBAY_CALL* wake)(patchbay_lane* lane);
} patchbay_wake;

/** Threads that belong to the generation. The host joins those left after `disconnect` and the end
 * of the lanes, before `destroy`, and reports one that does not end. */
#define PATCHBAY_THREADS_EXTENSION "patchbay.threads/1"
typedef struct patchbay_thread patchbay_thread;
typedef struct patchbay_threads {
    uint32_t struct_size;
    /** Null when it could not be started. `name` is cut to what the system allows.
     *  [any-thread] [no-block] */
    patchbay_thread*(PATCHBAY_CALL* start)(const patchbay_host* host, patchbay_string name,
                                           void(PATCHBAY_CALL* function)(void*), void* argument);
    /** Waits for its end and frees it. Not from itself. [any-thread] [may-block], and in `destroy`.
     */
    void(PATCHBAY_CALL* join)(const patchbay_host* host, patchbay_thread* thread);
} patchbay_threads;

/** Small durable state of the instance: survives restarts and reloads. Keys up to 256 bytes, values
 * up to 1 MiB, 16 MiB in all. A `put` or `erase` that returned OK survives a crash of the host.
 *  [any-thread] [may-block] */
#define PATCHBAY_KEY_VALUE_EXTENSION "patchbay.key_value/1"
typedef struct patchbay_key_value {
    uint32_t struct_size;
    /** `*block` (with one reference, to be released) holds the value. UNSUPPORTED: no such key. */
    patchbay_status(PATCHBAY_CALL* get)(const patchbay_host* host, patchbay_string key,
                                        patchbay_bytes* value, patchbay_block** block);
    patchbay_status(PATCHBAY_CALL* put)(const patchbay_host* host, patchbay_string key,
                                        patchbay_bytes value);
    patchbay_status(PATCHBAY_CALL* erase)(const patchbay_host* host, patchbay_string key);
} patchbay_key_value;

/** Calls to the connections that `connections` of connection.yaml lists. */
#define PATCHBAY_CALLS_EXTENSION "patchbay.calls/1"
typedef struct patchbay_calls {
    uint32_t struct_size;
    /** Handle of the dependency with that public id (or, with several instances, the bound one);
     *  0 when it is not declared. Survives the dependency's reload. [any-thread] [no-block] */
    uint64_t(PATCHBAY_CALL* dependency)(const patchbay_host* host, patchbay_string public_id);
    /** Calls `method`. The answer comes as PATCHBAY_SIGNAL_CALL_RESULT with `cookie` to `lane`,
     * also when the dependency is gone (DISCONNECTED) or the time limit passed (OVERLOADED).
     * Failures returned here are not signalled. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* call)(patchbay_lane* lane, uint64_t dependency,
                                         patchbay_string method, patchbay_bytes arguments,
                                         uint64_t cookie);
    /** Answers PATCHBAY_SIGNAL_CALL; on failure `error` counts. [any-thread] [no-block] */
    void(PATCHBAY_CALL* call_complete)(const patchbay_host* host, uint64_t token,
                                       patchbay_status status, patchbay_bytes result,
                                       const patchbay_error* error);
} patchbay_calls;

/** Handles for look-ups that repeat. 0 when the bound of handles is reached. [any-thread]
 * [no-block] */
#define PATCHBAY_HANDLES_EXTENSION "patchbay.handles/1"
typedef struct patchbay_handles {
    uint32_t struct_size;
    uint32_t(PATCHBAY_CALL* address)(const patchbay_host* host, patchbay_string to);
    uint32_t(PATCHBAY_CALL* protocol)(const patchbay_host* host, patchbay_string protocol_id);
} patchbay_handles;

/** Puts input that could not become an envelope among the dead letters, with a stable code, and a
 * text that says where it was. [any-thread] [no-block] */
#define PATCHBAY_DEAD_LETTERS_EXTENSION "patchbay.dead_letters/1"
typedef struct patchbay_dead_letters {
    uint32_t struct_size;
    patchbay_status(PATCHBAY_CALL* malformed)(const patchbay_host* host, patchbay_bytes raw,
                                              patchbay_string code, patchbay_string text);
} patchbay_dead_letters;

/** Listening sockets that the host opens and owns, and lends to the instance (since 1.1). They
 * outlive the generation that asked for them: a reload refuses and resets no connection. The plugin
 * waits on a lent descriptor and accepts from it; it never closes it, shuts it down or rebinds it.
 *
 * Each `listen` lends all sockets of one listening address and is ended by one `release`. Asking
 * again for the same address, port and flags, in any generation of the instance, lends the same
 * sockets again, also with port 0: then they keep the port that they got. They are closed when the
 * last loan ends without PATCHBAY_RELEASE_KEEP, and all of them with the instance. The host ends
 * and reports loans that are left when `destroy` returns. */
#define PATCHBAY_SOCKETS_EXTENSION "patchbay.sockets/1"

enum {
    /** An IPv6 address serves IPv6 clients only; without it "::" serves IPv4 clients too. */
    PATCHBAY_LISTEN_IPV6_ONLY = 1u << 0
};

enum {
    /** Without a loan the sockets stay open, and clients wait, for the next `listen`. */
    PATCHBAY_RELEASE_KEEP = 1u << 0
};

typedef struct patchbay_listen_options {
    uint32_t struct_size;
    /** PATCHBAY_LISTEN_* */
    uint32_t flags;
    /** An IP address as text ("127.0.0.1", "::"), or "unix:" and the absolute path of a Unix domain
     *  socket. Names of hosts are for the plugin to resolve. */
    patchbay_string address;
    /** 0 = any that is free, the same for all sockets. Without meaning for "unix:". */
    uint32_t port;
    /** Sockets that are wanted at least, 1 to 64. On TCP each has a queue of its own, and the
     * system spreads connections over them, so every one must be served. For "unix:" they are
     * duplicates of one. When the address is lent again, a larger number adds sockets, and a
     * smaller one lends all that there are. */
    uint32_t count;
    /** Connections that wait to be accepted, per socket; 0 = as many as the system allows. */
    uint32_t backlog;
    /** Permissions of the file of a "unix:" socket; 0 = 0660. */
    uint32_t unix_mode;
} patchbay_listen_options;

/** A lent socket. Crosses in arrays. */
typedef struct patchbay_listener {
    /** Non-blocking and closed on exec. A file descriptor, or on Windows a SOCKET. */
    intptr_t descriptor;
    /** Names the listening address in `release`; the same for all of its sockets. */
    uint64_t id;
    uint32_t port;
    uint32_t reserved;
} patchbay_listener;

typedef struct patchbay_sockets {
    uint32_t struct_size;
    /** Fills `listeners` with patchbay_listener; there must be room for all sockets of the address,
     *  and 64 are always enough. On failure nothing is lent, and `error` (may be null) holds one of
     *  the codes listen.address_in_use, listen.address_not_available, listen.permission_denied,
     *  listen.bad_address, listen.too_many (sockets, addresses, or more sockets than there is room
     *  for) and listen.failed. An instance has 64 addresses at most. UNSUPPORTED: this host cannot,
     *  or does not know a flag. May be called before the instance is connected.
     *  [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* listen)(const patchbay_host* host,
                                           const patchbay_listen_options* options,
                                           patchbay_array* listeners, patchbay_error* error);
    /** Ends one loan; afterwards the plugin does not touch its descriptors. `flags` are
     *  PATCHBAY_RELEASE_*. [any-thread] [no-block], and in `destroy`. */
    void(PATCHBAY_CALL* release)(const patchbay_host* host, uint64_t id, uint32_t flags);

    /* Established connections that change hands. The generation that a reload ends parks those of
     * which it has nothing left to do, each with what the next one has to know to go on; that one
     * adopts them. The two agree by `kind`, a name of the form that the state has: what is not
     * understood is never parked. What nobody adopts is closed with the instance. */

    /** This generation adopts connections of that kind. In `create`; one kind, the last counts. */
    void(PATCHBAY_CALL* accept_parked)(const patchbay_host* host, patchbay_string kind);
    /** Gives a connected socket to the host, with up to PATCHBAY_PARKED_STATE_SIZE bytes of state.
     *  OK: it is the plugin's no more, and must not be closed. UNSUPPORTED: no other generation
     *  accepts that kind. OVERLOADED: there are 65,536 already, or 64 MiB of state. With
     *  descriptor -1 nothing is parked: OK says that it could be.
     *  [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* park)(const patchbay_host* host, intptr_t descriptor,
                                         patchbay_string kind, patchbay_bytes state);
    /** Fills `parked` with patchbay_parked, the oldest first; from then on they are the plugin's to
     *  close. Zero is a normal answer: lanes are signalled in turn, and take what is there. When
     *  more wait than there was room for, a signal follows. A class whose generations do not
     * overlap is signalled after CONNECT, and may as well adopt in the middle of it. [lane]
     * [no-block] */
    patchbay_status(PATCHBAY_CALL* adopt)(patchbay_lane* lane, patchbay_array* parked);
} patchbay_sockets;

#define PATCHBAY_PARKED_STATE_SIZE 65536u

/** An adopted connection. Crosses in arrays. */
typedef struct patchbay_parked {
    intptr_t descriptor;
    /** Valid until the lane's next `adopt`. */
    patchbay_bytes state;
} patchbay_parked;

/** What an instance knows beyond its connection and its files, handed from generation to generation
 * by a reload (since 1.1). The old one is asked with PATCHBAY_SIGNAL_STATE_SAVE when it takes no
 * more envelopes, and the new one with PATCHBAY_SIGNAL_STATE_LOAD before it takes the first. A
 * class with PATCHBAY_CLASS_OVERLAPS saves while it is connected, and may first wait for what it
 * has in progress; any other saves after DISCONNECT, and loads before CONNECT. Saving changes
 * nothing: when the new one refuses, or fails to connect, the old one goes on.
 *
 * A reload is refused before anything is asked when the new generation does not continue the schema
 * that the old one saves; so is one from a class with state to one without, unless the operator
 * says that the state may be lost. */
#define PATCHBAY_STATE_EXTENSION "patchbay.state/1"
typedef struct patchbay_state {
    uint32_t struct_size;
    /** This object has a state. It saves it in the schema `version`, and continues what was saved
     * in the schemas `oldest` to `version`; at least 1. In `create`. */
    void(PATCHBAY_CALL* offer)(const patchbay_host* host, uint32_t version, uint32_t oldest);
    /** Appends to the state. OVERLOADED beyond 64 MiB. From the signal to its completion.
     *  [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* write)(const patchbay_host* host, patchbay_bytes part);
    /** Copies the next bytes, at most `capacity`, and says how many; 0 = the end. From the signal
     * to its completion. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* read)(const patchbay_host* host, uint8_t* buffer,
                                         size_t capacity, size_t* size);
} patchbay_state;

/** Proofs of representation that `cert_requests` of connection.yaml asks for (since 1.1). The host
 * looks for them and checks signature and dates before each connect; without all of them it does
 * not connect the instance, unless its configuration says `allow_missing_certificates`. */
#define PATCHBAY_PROOFS_EXTENSION "patchbay.proofs/1"

/** Most requests of one instance that the host fulfils. */
#define PATCHBAY_MOST_PROOFS 64u

/** One proof that was found good. Crosses in arrays. */
typedef struct patchbay_proof {
    patchbay_string identifier;
    patchbay_string ledger_id;  /* of the key that signed */
    patchbay_string public_key; /* the represented key, as its ledger writes it */
    patchbay_string not_before; /* days in UTC, YYYY-MM-DD, both included */
    patchbay_string not_after;
    patchbay_string message;   /* what was signed */
    patchbay_string signature; /* as the ledger writes it: hexadecimal after 0x, or base64 */
    patchbay_string signer_public_key;
    patchbay_string signer_address;
    patchbay_string path; /* absolute, of the file in upstream's format */
} patchbay_proof;

typedef struct patchbay_proofs {
    uint32_t struct_size;
    /** Fills `proofs` with patchbay_proof, in the order of `cert_requests`; what was missing at the
     *  last connect is left out. The views live in `*block`, which is to be released.
     *  PATCHBAY_MOST_PROOFS items are always room enough. OVERLOADED: there is less room than
     *  `count` then says, and nothing was filled. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* list)(const patchbay_host* host, patchbay_array* proofs,
                                         patchbay_block** block);
} patchbay_proofs;

/** Who the agents of a transport are, and whether they still live (since 1.1). A transport reports
 * sockets and hands over what agents say; every decision, and its audit, is the host's. The rules
 * are those of the host's configuration (`identity`, `heartbeat`, `network`).
 *
 * A registration binds an agent id to one connection of the transport. The host gives it a session
 * number, which is never used again: whatever arrives late for an old session changes nothing.
 * `connection` is the transport's own number for the socket, different for every socket that the
 * instance ever had; signals name it.
 *
 * Requests with a `cookie` return OK and answer with PATCHBAY_SIGNAL_IDENTITY_RESULT to `lane`,
 * after what they decided is on the disk. Failures returned here are not signalled: OVERLOADED
 * beyond 1,024 requests of the instance in progress, INVALID without what the request needs. A
 * session is ended by `unregister`, by PATCHBAY_SIGNAL_SESSION_END, and with the instance. */
#define PATCHBAY_IDENTITY_EXTENSION "patchbay.identity/1"

/** Filled by the host. Views live until `destroy` returns; times are nanoseconds. */
typedef struct patchbay_identity_settings {
    uint32_t struct_size;
    uint32_t flags; /* PATCHBAY_IDENTITY_* */
    patchbay_string network_name;
    patchbay_string network_id;
    uint64_t heartbeat_interval;
    uint64_t agent_timeout;
    uint64_t ping_timeout;
    uint64_t certificate_lifetime;
} patchbay_identity_settings;

enum {
    /** `compatibility: openagents-0.5`: agents are trusted as upstream trusts them, and the
     *  transport omits its own checks too (sender ids, requests before registration). */
    PATCHBAY_IDENTITY_OPENAGENTS_05 = 1u << 0
};

enum {
    /** `force_reconnect` of a registration; `force` of a claim. */
    PATCHBAY_IDENTITY_FORCE = 1u << 0,
    /** With `renew`: all earlier certificates of the agent are void at once, not only when the new
     *  one is first used. */
    PATCHBAY_IDENTITY_VOID_EARLIER = 1u << 1
};

typedef struct patchbay_agent_registration {
    uint32_t struct_size;
    uint32_t flags; /* PATCHBAY_IDENTITY_FORCE */
    uint64_t connection;
    patchbay_string agent_id;
    /** What `list` tells about the agent: a JSON object, up to 64 KiB; empty = {}. */
    patchbay_string metadata;
    /** The certificate as the agent sent it, a JSON object; empty = none. */
    patchbay_string certificate;
    /** Answer to the challenge of an earlier refusal: a JSON object; empty = none. */
    patchbay_string proof;
    /** Where the agent connects from, "ADDRESS:PORT"; what is before the last colon counts for
     *  limits of rates. */
    patchbay_string remote;
    /** How, for people: "websocket", "websocket+tls". */
    patchbay_string transport;
} patchbay_agent_registration;

typedef struct patchbay_agent_claim {
    uint32_t struct_size;
    uint32_t flags;   /* PATCHBAY_IDENTITY_FORCE */
    uint64_t session; /* 0 = not registered: refused unless PATCHBAY_IDENTITY_OPENAGENTS_05 */
    patchbay_string agent_id;
    /** Proof of ownership for a forced claim, as the agent sent it; empty = that of the session. */
    patchbay_string certificate;
    /** One-time token, for `claims: token`; empty = none. */
    patchbay_string token;
    /** Ed25519 key that is bound to the claim: 32 bytes; empty = none. */
    patchbay_bytes public_key;
    patchbay_string remote;
} patchbay_agent_claim;

/** Filled by the host. */
typedef struct patchbay_agent {
    uint32_t struct_size;
    uint32_t flags; /* PATCHBAY_AGENT_IS_* */
    uint64_t session;
    uint64_t connection;
    /** Lane that registered it, or PATCHBAY_NO_LANE when another instance did. */
    uint32_t lane;
    uint32_t reserved;
} patchbay_agent;

#define PATCHBAY_NO_LANE 0xFFFFFFFFu

enum { PATCHBAY_AGENT_IS_ONLINE = 1u << 0, PATCHBAY_AGENT_IS_CLAIMED = 1u << 1 };

enum {
    PATCHBAY_SESSION_END_REPLACED = 1, /* a newer registration of the id took its place */
    PATCHBAY_SESSION_END_TIMEOUT = 2,  /* silent for too long */
    PATCHBAY_SESSION_END_REMOVED = 3   /* by an operator, or its claim was revoked */
};

enum {
    PATCHBAY_AGENT_JOINED = 1,   /* registered, and was not there before */
    PATCHBAY_AGENT_LEFT = 2,     /* unregistered, or its socket closed and it did not come back */
    PATCHBAY_AGENT_LOST = 3,     /* silent for too long */
    PATCHBAY_AGENT_REPLACED = 4, /* another connection took its place, or it came back */
    PATCHBAY_AGENT_CLAIMED = 5,
    PATCHBAY_AGENT_RELEASED = 6
};

typedef struct patchbay_identity {
    uint32_t struct_size;
    /** [any-thread] [no-block], and in `create`. */
    void(PATCHBAY_CALL* settings)(const patchbay_host* host, patchbay_identity_settings* settings);

    /** `value` of the answer is the session; its signals go to `lane`. From then on envelopes to
     * the agent come to this lane's mailbox. Answers may take `ping_timeout`. A refusal with the
     * code identity.proof_required has a `challenge` in its payload. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* register_agent)(patchbay_lane* lane,
                                                   const patchbay_agent_registration* registration,
                                                   uint64_t cookie);
    /** The socket closed. The agent may come back within a short grace before others learn that it
     * left. A session that has ended is ignored. [any-thread] [no-block] */
    void(PATCHBAY_CALL* unregister)(const patchbay_host* host, uint64_t session);
    /** Something arrived from the agent: it lives. [any-thread] [no-block] */
    void(PATCHBAY_CALL* touch)(const patchbay_host* host, uint64_t session);
    /** The agent answered the ping with that value; `success` false counts as no answer. Other
     *  values are ignored. [any-thread] [no-block] */
    void(PATCHBAY_CALL* pong)(const patchbay_host* host, uint64_t session, uint64_t value,
                              bool success);

    /** The payload of the answer has `certificate`. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* claim)(patchbay_lane* lane, const patchbay_agent_claim* claim,
                                          uint64_t cookie);
    /** A fresh certificate for the owner; the old one is valid until the new one is first used.
     *  `flags`: PATCHBAY_IDENTITY_VOID_EARLIER. The payload has `certificate`. [any-thread]
     *  [no-block] */
    patchbay_status(PATCHBAY_CALL* renew)(patchbay_lane* lane, uint64_t session, uint32_t flags,
                                          uint64_t cookie);
    /** The owner gives its claim up; it stays registered. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* release)(patchbay_lane* lane, uint64_t session, uint64_t cookie);
    /** `value` of the answer is 1 for a valid certificate, else 0, and then `name` is the code of
     * the reason, which is not for the agent. FAILED: it cannot be read. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* validate)(patchbay_lane* lane, patchbay_string certificate,
                                             patchbay_string remote, uint64_t cookie);

    /** What is known of that id. UNSUPPORTED: it is neither registered nor claimed. [any-thread]
     *  [no-block] */
    patchbay_status(PATCHBAY_CALL* lookup)(const patchbay_host* host, patchbay_string agent_id,
                                           patchbay_agent* agent);
    /** A page of at most `limit` (0 = 1,000, the most) registered agents whose ids follow `after`
     * in byte order, as a JSON array of objects with agent_id, name, connected, metadata, claimed,
     * last_seen (seconds since 1970) and transport. A page ends early before it grows beyond 4 MiB;
     * the one after the last is empty. `*block` is to be released. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* list)(const patchbay_host* host, patchbay_string after,
                                         uint32_t limit, patchbay_bytes* json,
                                         patchbay_block** block);
    /** Changes of all agents come to `lane` from now on, or (false) no longer. A lane that does
     * not keep up misses changes, and is told how many. [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* subscribe)(patchbay_lane* lane, bool wanted);

    /** The socket of a session moved to this generation (`adopt`): `lane` serves it from now on, as
     * `connection`, and the agent's envelopes come here. UNSUPPORTED: the session has ended.
     *  [any-thread] [no-block] */
    patchbay_status(PATCHBAY_CALL* move)(patchbay_lane* lane, uint64_t session,
                                         uint64_t connection);
} patchbay_identity;

#ifdef __cplusplus
}
#endif

#endif /* PATCHBAY_ABI_H */
