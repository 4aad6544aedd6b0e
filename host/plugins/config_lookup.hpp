// SPDX-License-Identifier: Apache-2.0
/// \file
/// Values of an instance's `config` by path, for the extension patchbay.config/1. The JSON text is
/// parsed once; look-ups copy nothing.
#pragma once

#include <patchbay/abi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::plugins {

/// Immutable after construction, hence thread-safe.
///
/// A path joins keys and list indexes with dots. Keys that hold dots themselves ("1.0.0") work too:
/// at every map the shortest matching key that leads to a value wins.
///
/// Answers are statuses of abi.h: OK; UNSUPPORTED when there is nothing (or null); INVALID when the
/// value has another type.
class ConfigLookup {
  public:
    /// A text that is not JSON counts as an empty map: the host wrote it, so it does not happen.
    explicit ConfigLookup(const std::string& json);
    ConfigLookup(const ConfigLookup&) = delete;
    ConfigLookup& operator=(const ConfigLookup&) = delete;
    ~ConfigLookup();

    /// The view lives as long as this object.
    patchbay_status text(std::string_view path, std::string_view& value) const;
    patchbay_status integer(std::string_view path, std::int64_t& value) const;
    /// Also for integers.
    patchbay_status number(std::string_view path, double& value) const;
    patchbay_status boolean(std::string_view path, bool& value) const;
    /// Entries of a list or keys of a map; the empty path is the whole `config`.
    patchbay_status size(std::string_view path, std::uint64_t& value) const;

  private:
    struct Tree;
    std::unique_ptr<const Tree> tree_;
};

}  // namespace patchbay::plugins
