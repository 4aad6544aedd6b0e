// SPDX-License-Identifier: Apache-2.0
/// \file
/// Makes a library a plugin: its one export, the tables behind it and the note that the host reads
/// without running code. Once per library, in one source file:
///
///     PATCHBAY_REGISTER_CONNECTION(EchoConnection, "EchoConnection", "patchbay/echo:0.1.0")
///
/// or, for several classes,
///
///     PATCHBAY_REGISTER_CONNECTIONS("me/two:0.1.0", "\"One\",\"Two\"",
///                                   patchbay::connection_class<One>("One"),
///                                   patchbay::connection_class<Two>("Two"))
///
/// A class is constructed with `Host&`. No exception leaves any of these functions.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/async_connection.hpp>

#include <cstddef>
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
patchbay_status answer_entry(const patchbay_entry_options* options, patchbay_plugin* plugin,
                             patchbay_error* error, const patchbay_class* const* classes,
                             std::size_t count) noexcept;

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

/// `public_id` and `names` (class names as JSON strings, with commas between) are string literals.
#define PATCHBAY_REGISTER_CONNECTIONS(public_id, names, ...)                                     \
    PATCHBAY_PLUGIN_NOTE(public_id, names)                                                       \
    extern "C" patchbay_status PATCHBAY_CALL patchbay_plugin_entry(                              \
        const patchbay_entry_options* options, patchbay_plugin* plugin, patchbay_error* error) { \
        static constexpr patchbay_class tables[] = {__VA_ARGS__};                                \
        constexpr std::size_t count = sizeof(tables) / sizeof(tables[0]);                        \
        static const struct Pointers {                                                           \
            const patchbay_class* items[count];                                                  \
        } pointers = [] {                                                                        \
            Pointers made{};                                                                     \
            for (std::size_t i = 0; i < count; ++i) {                                            \
                made.items[i] = &tables[i];                                                      \
            }                                                                                    \
            return made;                                                                         \
        }();                                                                                     \
        return ::patchbay::detail::answer_entry(options, plugin, error, pointers.items, count);  \
    }

#define PATCHBAY_REGISTER_CONNECTION(Type, name, public_id)  \
    PATCHBAY_REGISTER_CONNECTIONS(public_id, "\"" name "\"", \
                                  ::patchbay::connection_class<Type>(name))
