// SPDX-License-Identifier: Apache-2.0
/// \file
/// The state of one object on its way to its successor (abi.h, `patchbay.state/1`): which schema
/// the object saves, which it continues, and the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::plugins {

/// A schema that is saved, and the oldest one that is continued.
struct StateSchema {
    std::uint32_t version = 0;
    std::uint32_t oldest = 0;

    [[nodiscard]] bool continues(std::uint32_t saved) const {
        return saved >= oldest && saved <= version;
    }
};

/// Thread-safe.
class StateHandover {
  public:
    static constexpr std::size_t most_bytes = std::size_t{64} << 20U;

    void offer(StateSchema schema);
    /// Nothing: the object has no state.
    [[nodiscard]] std::optional<StateSchema> schema() const;

    /// The object may write, up to `end`.
    void begin_save();
    /// It may read these bytes, up to `end`.
    void begin_load(std::string state);
    /// What was written, or is left to be read.
    [[nodiscard]] std::string end();

    enum class Written : std::uint8_t { ok, too_much, not_asked };
    [[nodiscard]] Written write(std::string_view part);
    /// The next bytes, and how many; nothing when the object was not asked to load.
    [[nodiscard]] std::optional<std::size_t> read(unsigned char* buffer, std::size_t capacity);

  private:
    enum class Phase : std::uint8_t { idle, saving, loading };

    mutable std::mutex mutex_;
    std::optional<StateSchema> schema_;
    Phase phase_ = Phase::idle;
    std::string bytes_;
    std::size_t read_ = 0;
};

}  // namespace patchbay::plugins
