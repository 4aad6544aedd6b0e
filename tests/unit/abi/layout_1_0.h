/* SPDX-License-Identifier: Apache-2.0 */
/**
 * \file
 * ABI 1.0 in numbers, on systems with 64-bit pointers: the offset and type of every field, the size
 * of every struct, the value of every constant. None of these lines may ever change; a field that
 * is appended adds a line and changes the SIZE of its struct only.
 */
#include <patchbay/abi.h>

#ifdef __cplusplus
#include <type_traits>
#define ASSERT(name, condition) static_assert(condition, #name)
#define FIELD(type, field, offset, ...)                      \
    ASSERT(type##_##field, offsetof(type, field) == offset); \
    static_assert(std::is_same<decltype(type::field), __VA_ARGS__>::value, #type "." #field)
#else
#define ASSERT(name, condition) typedef char assert_##name[(condition) ? 1 : -1]
#define FIELD(type, field, offset, ...) ASSERT(type##_##field, offsetof(type, field) == offset)
#endif
#define SIZE(type, size) ASSERT(size_of_##type, sizeof(type) == size)
#define VALUE(name, value) ASSERT(name, name == value)

/* clang-format off */

SIZE(patchbay_string, 16);
FIELD(patchbay_string, data, 0, const char*);
FIELD(patchbay_string, size, 8, size_t);

SIZE(patchbay_bytes, 16);
FIELD(patchbay_bytes, data, 0, const uint8_t*);
FIELD(patchbay_bytes, size, 8, size_t);

SIZE(patchbay_origin, 16);
FIELD(patchbay_origin, instance, 0, uint32_t);
FIELD(patchbay_origin, generation, 4, uint32_t);
FIELD(patchbay_origin, lane, 8, uint32_t);
FIELD(patchbay_origin, check, 12, uint32_t);

SIZE(patchbay_error, 584);
FIELD(patchbay_error, struct_size, 0, uint32_t);
FIELD(patchbay_error, status, 4, patchbay_status);
FIELD(patchbay_error, code, 8, char[64]);
FIELD(patchbay_error, text, 72, char[512]);

SIZE(patchbay_array, 24);
FIELD(patchbay_array, struct_size, 0, uint32_t);
FIELD(patchbay_array, stride, 4, uint32_t);
FIELD(patchbay_array, count, 8, uint32_t);
FIELD(patchbay_array, flags, 12, uint32_t);
FIELD(patchbay_array, items, 16, void*);

SIZE(patchbay_buffer, 24);
FIELD(patchbay_buffer, block, 0, patchbay_block*);
FIELD(patchbay_buffer, data, 8, uint8_t*);
FIELD(patchbay_buffer, capacity, 16, size_t);

#if PATCHBAY_ABI_MINOR < 1 /* it grew in 1.1 */
SIZE(patchbay_envelope, 152);
#endif
FIELD(patchbay_envelope, to, 0, const char*);
FIELD(patchbay_envelope, sender, 8, const char*);
FIELD(patchbay_envelope, protocol_id, 16, const char*);
FIELD(patchbay_envelope, message, 24, const uint8_t*);
FIELD(patchbay_envelope, uri, 32, const char*);
FIELD(patchbay_envelope, to_size, 40, uint32_t);
FIELD(patchbay_envelope, sender_size, 44, uint32_t);
FIELD(patchbay_envelope, protocol_id_size, 48, uint32_t);
FIELD(patchbay_envelope, message_size, 52, uint32_t);
FIELD(patchbay_envelope, uri_size, 56, uint32_t);
FIELD(patchbay_envelope, flags, 60, uint32_t);
FIELD(patchbay_envelope, to_handle, 64, uint32_t);
FIELD(patchbay_envelope, protocol_handle, 68, uint32_t);
FIELD(patchbay_envelope, token, 72, uint64_t);
FIELD(patchbay_envelope, parent, 80, uint64_t);
FIELD(patchbay_envelope, block, 88, patchbay_block*);
FIELD(patchbay_envelope, origin, 96, patchbay_origin);
FIELD(patchbay_envelope, reply_to, 112, patchbay_origin);
FIELD(patchbay_envelope, receipt, 128, uint64_t);
FIELD(patchbay_envelope, connection_id, 136, const char*);
FIELD(patchbay_envelope, connection_id_size, 144, uint32_t);
FIELD(patchbay_envelope, hops, 148, uint32_t);

SIZE(patchbay_delivery, 16);
FIELD(patchbay_delivery, status, 0, uint32_t);
FIELD(patchbay_delivery, reason, 4, uint32_t);
FIELD(patchbay_delivery, destination, 8, uint32_t);
FIELD(patchbay_delivery, reserved, 12, uint32_t);

SIZE(patchbay_signal, 56);
FIELD(patchbay_signal, kind, 0, uint32_t);
FIELD(patchbay_signal, status, 4, patchbay_status);
FIELD(patchbay_signal, token, 8, uint64_t);
FIELD(patchbay_signal, value, 16, uint64_t);
FIELD(patchbay_signal, name, 24, patchbay_string);
FIELD(patchbay_signal, payload, 40, patchbay_bytes);

SIZE(patchbay_host, 120);
FIELD(patchbay_host, struct_size, 0, uint32_t);
FIELD(patchbay_host, abi_version, 4, uint32_t);
FIELD(patchbay_host, context, 8, void*);
FIELD(patchbay_host, get_extension, 16, const void*(PATCHBAY_CALL*)(const patchbay_host*, patchbay_string));
FIELD(patchbay_host, lane, 24, patchbay_lane*(PATCHBAY_CALL*)(const patchbay_host*, uint32_t));
FIELD(patchbay_host, allocate, 32, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_lane*, size_t, patchbay_array*));
FIELD(patchbay_host, retain, 40, void (PATCHBAY_CALL*)(const patchbay_host*, patchbay_block*));
FIELD(patchbay_host, release, 48, void (PATCHBAY_CALL*)(const patchbay_host*, patchbay_lane*, patchbay_block*const*, uint32_t));
FIELD(patchbay_host, deliver, 56, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, const patchbay_array*, patchbay_array*));
FIELD(patchbay_host, take, 64, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, patchbay_array*));
FIELD(patchbay_host, signals_take, 72, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, patchbay_array*));
FIELD(patchbay_host, sleep, 80, bool (PATCHBAY_CALL*)(patchbay_lane*, uint32_t));
FIELD(patchbay_host, descriptor, 88, intptr_t (PATCHBAY_CALL*)(patchbay_lane*));
FIELD(patchbay_host, complete, 96, void (PATCHBAY_CALL*)(const patchbay_host*, const uint64_t*, uint32_t, patchbay_status, const patchbay_error*));
FIELD(patchbay_host, operation_complete, 104, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t, patchbay_status, const patchbay_error*));
FIELD(patchbay_host, connection_lost, 112, void (PATCHBAY_CALL*)(const patchbay_host*, const patchbay_error*));

SIZE(patchbay_instance_options, 88);
FIELD(patchbay_instance_options, struct_size, 0, uint32_t);
FIELD(patchbay_instance_options, name, 8, patchbay_string);
FIELD(patchbay_instance_options, component_id, 24, patchbay_string);
FIELD(patchbay_instance_options, config_json, 40, patchbay_string);
FIELD(patchbay_instance_options, data_folder, 56, patchbay_string);
FIELD(patchbay_instance_options, max_in_flight, 72, uint32_t);
FIELD(patchbay_instance_options, lane_limit, 76, uint32_t);
FIELD(patchbay_instance_options, max_thread_workers, 80, uint32_t);
FIELD(patchbay_instance_options, flags, 84, uint32_t);

SIZE(patchbay_created, 16);
FIELD(patchbay_created, struct_size, 0, uint32_t);
FIELD(patchbay_created, lane_count, 4, uint32_t);
FIELD(patchbay_created, instance, 8, void*);

SIZE(patchbay_class, 80);
FIELD(patchbay_class, struct_size, 0, uint32_t);
FIELD(patchbay_class, flags, 4, uint32_t);
FIELD(patchbay_class, name, 8, patchbay_string);
FIELD(patchbay_class, create, 24, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, const patchbay_instance_options*, patchbay_created*, patchbay_error*));
FIELD(patchbay_class, destroy, 32, void (PATCHBAY_CALL*)(void*));
FIELD(patchbay_class, run, 40, void (PATCHBAY_CALL*)(void*, patchbay_lane*, uint32_t));
FIELD(patchbay_class, connect, 48, patchbay_status (PATCHBAY_CALL*)(void*, uint64_t, patchbay_error*));
FIELD(patchbay_class, disconnect, 56, patchbay_status (PATCHBAY_CALL*)(void*, uint64_t, patchbay_error*));
FIELD(patchbay_class, on_batch, 64, void (PATCHBAY_CALL*)(void*, patchbay_lane*, uint32_t, const patchbay_array*, patchbay_status*));
FIELD(patchbay_class, on_signals, 72, void (PATCHBAY_CALL*)(void*, patchbay_lane*, uint32_t, const patchbay_array*));

SIZE(patchbay_entry_options, 32);
FIELD(patchbay_entry_options, struct_size, 0, uint32_t);
FIELD(patchbay_entry_options, abi_minimum, 4, uint32_t);
FIELD(patchbay_entry_options, abi_maximum, 8, uint32_t);
FIELD(patchbay_entry_options, host_name, 16, patchbay_string);

SIZE(patchbay_plugin, 24);
FIELD(patchbay_plugin, struct_size, 0, uint32_t);
FIELD(patchbay_plugin, abi_version, 4, uint32_t);
FIELD(patchbay_plugin, classes, 8, const patchbay_class*const*);
FIELD(patchbay_plugin, class_count, 16, uint32_t);
FIELD(patchbay_plugin, reserved, 20, uint32_t);

SIZE(patchbay_log, 24);
FIELD(patchbay_log, struct_size, 0, uint32_t);
FIELD(patchbay_log, level, 8, uint32_t (PATCHBAY_CALL*)(const patchbay_host*));
FIELD(patchbay_log, write, 16, void (PATCHBAY_CALL*)(const patchbay_host*, uint32_t, patchbay_string, patchbay_string, uint32_t));

SIZE(patchbay_config, 48);
FIELD(patchbay_config, struct_size, 0, uint32_t);
FIELD(patchbay_config, text, 8, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, patchbay_string*));
FIELD(patchbay_config, integer, 16, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, int64_t*));
FIELD(patchbay_config, number, 24, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, double*));
FIELD(patchbay_config, boolean, 32, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, bool*));
FIELD(patchbay_config, size, 40, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, uint64_t*));

SIZE(patchbay_metrics, 40);
FIELD(patchbay_metrics, struct_size, 0, uint32_t);
FIELD(patchbay_metrics, counter, 8, uint32_t (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, patchbay_string));
FIELD(patchbay_metrics, gauge, 16, uint32_t (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, patchbay_string));
FIELD(patchbay_metrics, add, 24, void (PATCHBAY_CALL*)(const patchbay_host*, uint32_t, int64_t));
FIELD(patchbay_metrics, set, 32, void (PATCHBAY_CALL*)(const patchbay_host*, uint32_t, int64_t));

SIZE(patchbay_clock, 24);
FIELD(patchbay_clock, struct_size, 0, uint32_t);
FIELD(patchbay_clock, monotonic, 8, uint64_t (PATCHBAY_CALL*)(const patchbay_host*));
FIELD(patchbay_clock, wall, 16, uint64_t (PATCHBAY_CALL*)(const patchbay_host*));

SIZE(patchbay_timers, 24);
FIELD(patchbay_timers, struct_size, 0, uint32_t);
FIELD(patchbay_timers, set, 8, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, uint64_t, uint64_t));
FIELD(patchbay_timers, cancel, 16, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, uint64_t));

SIZE(patchbay_wake, 16);
FIELD(patchbay_wake, struct_size, 0, uint32_t);
FIELD(patchbay_wake, wake, 8, void (PATCHBAY_CALL*)(patchbay_lane*));

SIZE(patchbay_threads, 24);
FIELD(patchbay_threads, struct_size, 0, uint32_t);
FIELD(patchbay_threads, start, 8, patchbay_thread*(PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, void (PATCHBAY_CALL*)(void*), void*));
FIELD(patchbay_threads, join, 16, void (PATCHBAY_CALL*)(const patchbay_host*, patchbay_thread*));

SIZE(patchbay_key_value, 32);
FIELD(patchbay_key_value, struct_size, 0, uint32_t);
FIELD(patchbay_key_value, get, 8, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, patchbay_bytes*, patchbay_block**));
FIELD(patchbay_key_value, put, 16, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string, patchbay_bytes));
FIELD(patchbay_key_value, erase, 24, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string));

SIZE(patchbay_calls, 32);
FIELD(patchbay_calls, struct_size, 0, uint32_t);
FIELD(patchbay_calls, dependency, 8, uint64_t (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string));
FIELD(patchbay_calls, call, 16, patchbay_status (PATCHBAY_CALL*)(patchbay_lane*, uint64_t, patchbay_string, patchbay_bytes, uint64_t));
FIELD(patchbay_calls, call_complete, 24, void (PATCHBAY_CALL*)(const patchbay_host*, uint64_t, patchbay_status, patchbay_bytes, const patchbay_error*));

SIZE(patchbay_handles, 24);
FIELD(patchbay_handles, struct_size, 0, uint32_t);
FIELD(patchbay_handles, address, 8, uint32_t (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string));
FIELD(patchbay_handles, protocol, 16, uint32_t (PATCHBAY_CALL*)(const patchbay_host*, patchbay_string));

SIZE(patchbay_dead_letters, 16);
FIELD(patchbay_dead_letters, struct_size, 0, uint32_t);
FIELD(patchbay_dead_letters, malformed, 8, patchbay_status (PATCHBAY_CALL*)(const patchbay_host*, patchbay_bytes, patchbay_string, patchbay_string));

VALUE(PATCHBAY_OK, 0);
VALUE(PATCHBAY_PENDING, 1);
VALUE(PATCHBAY_NOT_MINE, 2);
VALUE(PATCHBAY_FAILED, (-1));
VALUE(PATCHBAY_OVERLOADED, (-2));
VALUE(PATCHBAY_DISCONNECTED, (-3));
VALUE(PATCHBAY_UNSUPPORTED, (-4));
VALUE(PATCHBAY_INVALID, (-5));
VALUE(PATCHBAY_INTEREST_ENVELOPES, 1);
VALUE(PATCHBAY_ENVELOPE_RECEIPT, 1);
VALUE(PATCHBAY_ENVELOPE_REQUEST, 2);
VALUE(PATCHBAY_ENVELOPE_GIVE_BLOCK, 4);
VALUE(PATCHBAY_DELIVERY_ACCEPTED, 0);
VALUE(PATCHBAY_DELIVERY_FULL, 1);
VALUE(PATCHBAY_DELIVERY_DEAD_LETTERED, 2);
VALUE(PATCHBAY_DELIVERY_INVALID, 3);
VALUE(PATCHBAY_REASON_NONE, 0);
VALUE(PATCHBAY_REASON_NO_ROUTE, 1);
VALUE(PATCHBAY_REASON_PROTOCOL_REFUSED, 2);
VALUE(PATCHBAY_REASON_HOP_LIMIT, 3);
VALUE(PATCHBAY_REASON_NOT_CONNECTED, 4);
VALUE(PATCHBAY_REASON_TIME_LIMIT, 5);
VALUE(PATCHBAY_REASON_SEND_FAILED, 6);
VALUE(PATCHBAY_REASON_NOT_MINE, 7);
VALUE(PATCHBAY_REASON_MALFORMED, 8);
VALUE(PATCHBAY_REASON_SHUTDOWN, 9);
VALUE(PATCHBAY_REASON_TOO_LARGE, 10);
VALUE(PATCHBAY_REASON_BAD_VIEW, 11);
VALUE(PATCHBAY_REASON_BAD_FIELD, 12);
VALUE(PATCHBAY_REASON_BAD_PARENT, 13);
VALUE(PATCHBAY_SIGNAL_CONNECT, 1);
VALUE(PATCHBAY_SIGNAL_DISCONNECT, 2);
VALUE(PATCHBAY_SIGNAL_CANCEL, 3);
VALUE(PATCHBAY_SIGNAL_STOP, 4);
VALUE(PATCHBAY_SIGNAL_ROOM, 5);
VALUE(PATCHBAY_SIGNAL_RECEIPT, 6);
VALUE(PATCHBAY_SIGNAL_TIMER, 7);
VALUE(PATCHBAY_SIGNAL_WAKE, 8);
VALUE(PATCHBAY_SIGNAL_CALL, 9);
VALUE(PATCHBAY_SIGNAL_CALL_RESULT, 10);
VALUE(PATCHBAY_RECEIPT_DONE, 0);
VALUE(PATCHBAY_RECEIPT_FAILED, 1);
VALUE(PATCHBAY_RECEIPT_DEAD_LETTERED, 2);
VALUE(PATCHBAY_RECEIPT_UNKNOWN, 3);
VALUE(PATCHBAY_INSTANCE_ORDERED_SENDS, 1);
VALUE(PATCHBAY_CLASS_INLINE_OK, 1);
VALUE(PATCHBAY_CLASS_RESIDENT, 2);
/* clang-format on */
