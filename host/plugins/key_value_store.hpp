// SPDX-License-Identifier: Apache-2.0
/// \file
/// Small durable state of instances, behind the extension patchbay.key_value/1. This room defines
/// what it needs; host/storage keeps it.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::plugins {

/// Every function is called from any thread and may block. Instances are told apart by their name
/// in the host configuration, so that state survives restarts and reloads. Failures carry
/// `ErrorClass::overloaded` when a bound is reached, otherwise `failed`.
class KeyValueStore {
  public:
    /// Bounds per instance; the first two are checked by the caller, the third by the store.
    static constexpr std::size_t largest_key = 256;
    static constexpr std::size_t largest_value = std::size_t{1} << 20U;
    static constexpr std::size_t largest_total = std::size_t{16} << 20U;

    KeyValueStore() = default;
    KeyValueStore(const KeyValueStore&) = delete;
    KeyValueStore& operator=(const KeyValueStore&) = delete;
    virtual ~KeyValueStore() = default;

    /// Nothing when there is no such key.
    [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view instance,
                                                                 std::string_view key) = 0;
    /// Survives a crash of the host once it has returned without failure.
    [[nodiscard]] virtual Result<void> put(std::string_view instance, std::string_view key,
                                           std::string_view value) = 0;
    /// As durable as `put`. A missing key is no failure.
    [[nodiscard]] virtual Result<void> erase(std::string_view instance, std::string_view key) = 0;
};

}  // namespace patchbay::plugins
