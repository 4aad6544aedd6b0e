// SPDX-License-Identifier: Apache-2.0
/// \file
/// Makes a library a plugin: its one export, the tables behind it and the note that the host reads
/// without running code. Once per library, in one source file:
///
///     PATCHBAY_REGISTER_CONNECTION(ClockConnection, "ClockConnection", "samples/clock:0.1.0")
///
/// or, for several classes, PATCHBAY_REGISTER_CONNECTIONS of plugin_entry.hpp.
///
/// A class is constructed with `Host&`. No exception leaves any of these functions.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/async_connection.hpp>
#include <patchbay/plugin_entry.hpp>  // IWYU pragma: export

#include <cstdint>
#include <memory>
#include <string_view>

namespace patchbay {

namespace detail {

using ConnectionFactory = std::unique_ptr<Connection> (*)(Host&);

patchbay_status create_instance(ConnectionFactory factory, const patchbay_host* host,
                                const patchbay_instance_options* options, patchbay_created* created,
                                patchbay_error* error) noexcept;
void PATCHBAY_CALL destroy_instance(void* instance) noexcept;
void PATCHBAY_CALL run_instance(void* instance, patchbay_lane* lane, std::uint32_t index) noexcept;

template <class Type>
std::unique_ptr<Connection> make_connection(Host& host) {
    return std::make_unique<Type>(host);
}

template <class Type>
patchbay_status PATCHBAY_CALL create_connection(const patchbay_host* host,
                                                const patchbay_instance_options* options,
                                                patchbay_created* created,
                                                patchbay_error* error) noexcept {
    return create_instance(&make_connection<Type>, host, options, created, error);
}

}  // namespace detail

/// The table of connection class `Type`. `name` equals `class_name` of connection.yaml.
template <class Type>
[[nodiscard]] constexpr patchbay_class connection_class(std::string_view name,
                                                        std::uint32_t flags = 0) noexcept {
    return {static_cast<std::uint32_t>(sizeof(patchbay_class)),
            flags,
            {name.data(), name.size()},
            &detail::create_connection<Type>,
            &detail::destroy_instance,
            &detail::run_instance,
            nullptr,
            nullptr,
            nullptr,
            nullptr};
}

}  // namespace patchbay

/// The fourth argument, when given, are flags (PATCHBAY_CLASS_*).
#define PATCHBAY_REGISTER_CONNECTION(Type, name, public_id, ...) \
    PATCHBAY_REGISTER_CONNECTIONS(                               \
        public_id, "\"" name "\"",                               \
        ::patchbay::connection_class<Type>(name __VA_OPT__(, ) __VA_ARGS__))
