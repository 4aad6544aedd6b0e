// SPDX-License-Identifier: Apache-2.0
/// \file
/// A generation of a plugin: one loaded copy of its library, the classes it offers, and whether it
/// may be unloaded again. All instances of the plugin share it; a reload makes the next one.
#pragma once

#include "events/event.hpp"
#include "plugins/library.hpp"

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// How this host introduces itself to plugins.
struct HostIdentity {
    std::string name = "patchbay";
    std::uint32_t abi_minimum = PATCHBAY_ABI_MAJOR << 16U;
    std::uint32_t abi_maximum = PATCHBAY_ABI_VERSION;
};

/// "1.0".
[[nodiscard]] std::string abi_version_text(std::uint32_t version);

/// Thread-safe. Unloads when the last owner lets it go.
class PluginGeneration {
  public:
    /// Loads the library, negotiates and checks the class tables. `plugin` is the public id, for
    /// messages; `number` counts the generations of that plugin from 1; `limit` bounds each call
    /// into it; `check` looks at the private copy before it is loaded, for at most `check_limit`
    /// beyond that. Codes: those of `Library::load`; `plugin.refused` (the plugin's own words),
    /// `plugin.abi_version`, `plugin.class_table`, `plugin.hung`.
    [[nodiscard]] static Result<std::shared_ptr<PluginGeneration>> load(
        std::shared_ptr<RunFolder> runs, const std::string& library, std::string plugin,
        std::uint32_t number, const HostIdentity& host, std::chrono::nanoseconds limit,
        events::EventSink& events, const Library::Check& check = {},
        std::chrono::nanoseconds check_limit = {});

    PluginGeneration(const PluginGeneration&) = delete;
    PluginGeneration& operator=(const PluginGeneration&) = delete;
    ~PluginGeneration();

    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] std::uint32_t abi_version() const { return abi_version_; }
    [[nodiscard]] const std::string& plugin() const { return plugin_; }
    [[nodiscard]] const Library& library() const { return library_; }
    [[nodiscard]] std::vector<std::string> class_names() const;

    /// The class of that name, as a table of this host's size whose missing slots are null. The
    /// failure lists the classes that are there.
    [[nodiscard]] Result<patchbay_class> find_class(std::string_view name) const;

    /// Serialises [host-thread] calls into this plugin.
    [[nodiscard]] std::mutex& host_calls() { return host_calls_; }

    /// Code of it may still run: from now on it stays mapped for the life of the process.
    void mark_hung();
    [[nodiscard]] bool is_hung() const;

    /// How a generation ended; filled in when its last owner lets it go.
    struct End {
        std::mutex mutex{};
        bool ended = false;
        Unloaded unloaded{};
    };
    /// Outlives the generation.
    [[nodiscard]] std::shared_ptr<End> end() const { return end_; }

  private:
    PluginGeneration(std::shared_ptr<RunFolder> runs, Library library, std::string plugin,
                     std::uint32_t number, events::EventSink& events);
    Result<void> negotiate(const HostIdentity& host, std::chrono::nanoseconds limit);
    void report(events::Level level, const char* code, std::string text);

    /// Before the library, which takes its copy away from there.
    std::shared_ptr<RunFolder> runs_;
    Library library_;
    std::string plugin_;
    std::uint32_t number_;
    events::EventSink& events_;
    std::uint32_t abi_version_ = 0;
    std::vector<patchbay_class> classes_;
    bool resident_ = false;
    std::mutex host_calls_;
    mutable std::mutex mutex_;
    bool hung_ = false;
    std::shared_ptr<End> end_ = std::make_shared<End>();
};

}  // namespace patchbay::plugins
