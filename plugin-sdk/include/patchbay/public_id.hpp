// SPDX-License-Identifier: Apache-2.0
/// \file
/// Public ids: the text `author/name[:version][:hash]` that names a connection or a protocol. Any
/// other text in the `to` or `sender` of an envelope is an address of an agent.
///
/// The accepted forms are upstream's: author and name are a lower-case letter or underscore
/// followed by at most 127 lower-case letters, digits or underscores; the version is `any`,
/// `latest` or a semantic version; the hash is `Qm` + 44 or `ba` + 57 alphanumeric characters. One
/// newline at the end is tolerated and dropped, as upstream does. A version is printed as it was
/// written: upstream prints `0.1.0-rc1` as `0.1.0rc1`, which it then refuses to read.
#pragma once

#include <patchbay/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

/// The version of a public id that was written without one.
inline constexpr std::string_view latest_version = "latest";

/// Parts of a public id as they stand in the parsed text. `version` and `hash` are empty when
/// absent.
struct PublicIdView {
    std::string_view author;
    std::string_view name;
    std::string_view version;
    std::string_view hash;
};

/// Splits a public id without allocating. Nothing when `text` is not one.
[[nodiscard]] std::optional<PublicIdView> view_public_id(std::string_view text) noexcept;

/// True when `text` is a public id. Costs one scan for `/` for nearly all addresses of agents.
[[nodiscard]] bool is_public_id(std::string_view text) noexcept;

/// True when `text` can be an author or a name.
[[nodiscard]] bool is_simple_id(std::string_view text) noexcept;

/// True for `any`, `latest` and semantic versions.
[[nodiscard]] bool is_version(std::string_view text) noexcept;

/// An owned public id.
struct PublicId {
    std::string author;
    std::string name;
    /// Never empty: "latest" when the text had none.
    std::string version{latest_version};
    /// Package hash; empty when absent. Does not take part in comparisons.
    std::string hash{};

    /// Reads a public id; fails with code "public_id.malformed".
    [[nodiscard]] static Result<PublicId> parse(std::string_view text);

    /// The strict text: `author/name:version`, followed by `:hash` when there is one.
    [[nodiscard]] std::string to_string() const;

    /// Same author and name; look-ups of connections fall back to this when no version matches.
    [[nodiscard]] bool same_component(const PublicId& other) const noexcept {
        return author == other.author && name == other.name;
    }

    friend bool operator==(const PublicId& left, const PublicId& right) noexcept {
        return left.same_component(right) && left.version == right.version;
    }
};

/// The strict text of a public id in any accepted form, and its length without making it.
[[nodiscard]] std::string to_string(const PublicIdView& id);
[[nodiscard]] std::size_t printed_size(const PublicIdView& id) noexcept;

}  // namespace patchbay
