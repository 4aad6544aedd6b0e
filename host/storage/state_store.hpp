// SPDX-License-Identifier: Apache-2.0
/// \file
/// The instances' small durable state (patchbay.key_value/1) in one file of the data folder. Meant
/// for little that changes seldom: every change is on the disk before the call returns.
#pragma once

#include "events/event.hpp"
#include "plugins/key_value_store.hpp"
#include "storage/database.hpp"

#include <patchbay/result.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::storage {

/// Thread-safe; calls take turns.
class StateStore final : public plugins::KeyValueStore {
  public:
    /// Nothing is opened or made before the first call, so that hosts whose plugins keep no state
    /// have no file. A damaged file is moved aside, with an event, and a new one begun. `events`
    /// must outlive the store.
    StateStore(std::string path, events::EventSink& events);

    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view instance,
                                                         std::string_view key) override;
    [[nodiscard]] Result<void> put(std::string_view instance, std::string_view key,
                                   std::string_view value) override;
    [[nodiscard]] Result<void> erase(std::string_view instance, std::string_view key) override;

  private:
    struct Open {
        Database database;
        Statement select;
        Statement others;  ///< bytes of all other keys of the instance
        Statement insert;
        Statement remove;
    };
    [[nodiscard]] Result<Open> open_file();
    [[nodiscard]] Result<void> ensure_open();  // with mutex_ held

    const std::string path_;
    events::EventSink& events_;
    std::mutex mutex_;
    std::optional<Open> open_;
};

}  // namespace patchbay::storage
