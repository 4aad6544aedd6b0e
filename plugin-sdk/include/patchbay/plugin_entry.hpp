// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one export of a plugin library and the note that the host reads without running code, for
/// classes of whatever base:
///
///     PATCHBAY_REGISTER_CONNECTIONS("me/two:0.1.0", "\"One\",\"Two\"",
///                                   patchbay::connection_class<One>("One"),
///                                   patchbay::batch_connection_class<Two>("Two"))
///
/// Once per library, in one source file.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/static_objects.hpp>

#include <cstddef>

namespace patchbay::detail {

/// Agrees on a version and hands out the tables, or refuses.
patchbay_status answer_entry(const patchbay_entry_options* options, patchbay_plugin* plugin,
                             patchbay_error* error, const patchbay_class* const* classes,
                             std::size_t count) noexcept;

}  // namespace patchbay::detail

/// `public_id` and `names` (class names as JSON strings, with commas between) are string literals.
#define PATCHBAY_REGISTER_CONNECTIONS(public_id, names, ...)                                     \
    PATCHBAY_PLUGIN_NOTE(public_id, names)                                                       \
    PATCHBAY_KEEP_STATIC_OBJECTS                                                                 \
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
