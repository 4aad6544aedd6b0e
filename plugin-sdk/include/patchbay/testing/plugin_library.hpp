// SPDX-License-Identifier: Apache-2.0
/// \file
/// A built plugin, loaded into a test: its entry is called as a host would, and its classes are
/// given to HostDouble.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::testing {

class PluginLibrary {
  public:
    /// Opens the library and calls its entry with the range of versions. Codes:
    /// `plugin.not_loaded`, `plugin.no_entry`, and that of the plugin's refusal.
    [[nodiscard]] static Result<PluginLibrary> open(
        const std::string& path, std::uint32_t abi_minimum = PATCHBAY_ABI_MAJOR << 16,
        std::uint32_t abi_maximum = PATCHBAY_ABI_VERSION);
    PluginLibrary(PluginLibrary&& other) noexcept;
    PluginLibrary& operator=(PluginLibrary&&) = delete;
    /// Unloads it: no instance may be left.
    ~PluginLibrary();

    [[nodiscard]] std::uint32_t abi_version() const noexcept { return abi_version_; }
    [[nodiscard]] const std::vector<const patchbay_class*>& classes() const noexcept {
        return classes_;
    }
    /// The class of that name, or null.
    [[nodiscard]] const patchbay_class* find(std::string_view name) const noexcept;
    /// Whether a library of that path is mapped in this process.
    [[nodiscard]] static bool is_mapped(const std::string& path);

  private:
    PluginLibrary() = default;
    void* handle_ = nullptr;
    std::uint32_t abi_version_ = 0;
    std::vector<const patchbay_class*> classes_;
};

}  // namespace patchbay::testing
