// SPDX-License-Identifier: Apache-2.0
/// \file
/// Takes the members of one map of a configuration file apart: every member has an expected type, a
/// wrong one is a problem with its place, and what nobody asked for is an unknown key. Reading goes
/// on after a problem, so that one pass finds them all.
#pragma once

#include "config/host_configuration.hpp"
#include "config/problems.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::config {

/// Smallest and largest allowed number.
template <class Number>
struct Range {
    Number low;
    Number high;
};

class MapReader {
  public:
    /// `path` names the map in messages ("connections[0].mailbox"), empty for the whole file.
    /// A value that is not a map is a problem; the reader then has no members.
    MapReader(const Value& value, std::string path, Problems& problems);

    /// The member, or null when it is absent. From now on its key is known.
    const Value* member(std::string_view key);
    /// The same; its absence is a problem.
    const Value* required(std::string_view key);

    // Each leaves `target` alone when the member is absent or wrong.
    void read(std::string_view key, bool& target);
    void read(std::string_view key, std::string& target);
    void read(std::string_view key, std::uint32_t& target, Range<std::uint32_t> range);
    void read(std::string_view key, std::uint64_t& target, Range<std::uint64_t> range);
    void read(std::string_view key, double& target, Range<double> range);
    /// In seconds; the range too.
    void read(std::string_view key, Duration& target, Range<double> range);

    template <class Target, class... Bounds>
    void read(std::string_view key, std::optional<Target>& target, Bounds... bounds) {
        if (member(key) != nullptr) {
            Target value{};
            read(key, value, bounds...);
            target = std::move(value);
        }
    }

    /// One of a fixed set of words.
    template <class Enumeration>
    void read_word(std::string_view key, Enumeration& target,
                   std::initializer_list<std::pair<const char*, Enumeration>> words) {
        const Value* value = member(key);
        if (value == nullptr) {
            return;
        }
        std::vector<std::string> allowed;
        for (const auto& [word, meaning] : words) {
            if (value->is_string() && value->string() == word) {
                target = meaning;
                return;
            }
            allowed.emplace_back(word);
        }
        not_allowed(*value, path_of(key), allowed);
    }

    /// The items of a list; none when the member is absent or not a list.
    const Value::List& items(std::string_view key);

    /// Calls `use(reader)` for the member when it is there. Unknown keys in it are reported.
    void section(std::string_view key, const std::function<void(MapReader&)>& use);

    /// "path.key", for messages.
    [[nodiscard]] std::string path_of(std::string_view key) const;
    [[nodiscard]] const Value& value() const { return value_; }
    [[nodiscard]] bool is_map() const { return value_.is_map(); }

    void problem(const SourceLocation& location, std::string code, std::string message);
    /// "`path` must be EXPECTED, but is ...".
    void wrong_type(const Value& value, const std::string& path, std::string_view expected);
    void not_allowed(const Value& value, const std::string& path,
                     const std::vector<std::string>& allowed);

    /// Reports the keys that nobody asked for, each with the nearest known one. A key that names
    /// something the file may not say can be announced by `refuse` before.
    void finish();
    /// `key` is known, and forbidden here for this reason.
    void refuse(std::string_view key, const std::string& reason);

  private:
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::uint64_t low,
                                                      std::uint64_t high);

    const Value& value_;
    std::string path_;
    Problems& problems_;
    std::vector<std::string> known_;
};

/// How a value looks in a message: "the string `x`", "a list", ... ; never the content of a secret.
[[nodiscard]] std::string shown(const Value& value, std::string_view path);

}  // namespace patchbay::config
