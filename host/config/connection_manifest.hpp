// SPDX-License-Identifier: Apache-2.0
/// \file
/// A connection.yaml as a value: upstream's fields with upstream's meaning, and `library`, which is
/// ours. Entries that other rooms complain about (edges of the graph, fingerprints, dependencies)
/// keep the place where they were written.
#pragma once

#include "config/cert_request.hpp"
#include "config/value.hpp"

#include <patchbay/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::config {

/// A public id as it was written ("author/name:version"), checked for form, and where.
struct Reference {
    std::string id;
    SourceLocation location{};
    /// Only in `connections`, written in place of the version ("author/name:>=1.2, <2"): the
    /// specifiers that the version must fulfil. `id` is then without a version.
    std::string versions{};

    /// As it was written.
    [[nodiscard]] std::string text() const { return versions.empty() ? id : id + ':' + versions; }
};

/// One entry of `dependencies`. Entries without `library` and `pkg_config` are Python packages of
/// upstream's file: accepted and shown, never checked.
struct PackageDependency {
    std::string name;
    std::optional<std::string> version;
    std::optional<std::string> index;
    std::optional<std::string> git;
    std::optional<std::string> ref;
    /// Shared library that must be loadable before the plugin is ("libcurl.so.4").
    std::optional<std::string> library;
    /// pkg-config module; `version` then holds its version specifiers.
    std::optional<std::string> pkg_config;
    SourceLocation location{};
};

/// One entry of `fingerprint`: a file of the package and its content identifier.
struct Fingerprint {
    /// Relative to the folder of the connection.yaml, with '/'.
    std::string path;
    std::string hash;
    SourceLocation location{};
};

struct ConnectionManifest {
    /// Absolute path of the connection.yaml; empty when it was read from a text.
    std::string path;

    std::string name;
    std::string author;
    std::string version;
    std::string description;
    std::string license;
    /// Upstream's version specifiers. Accepted and shown; it does not bind this host.
    std::string aea_version;
    std::vector<Fingerprint> fingerprint;
    std::vector<std::string> fingerprint_ignore_patterns;
    std::optional<std::string> build_entrypoint;
    std::optional<std::string> build_directory;
    std::string class_name;
    /// File name of the shared library in the folder; without one `lib<name>.so`, then `<name>.so`.
    std::optional<std::string> library;
    /// Free content, always a map.
    Value config{Value::Map{}};
    std::vector<Reference> connections;
    std::vector<Reference> protocols;
    std::vector<Reference> restricted_to_protocols;
    std::vector<Reference> excluded_protocols;
    std::vector<PackageDependency> dependencies;
    bool is_abstract = false;
    std::vector<CertRequest> cert_requests;

    /// Places of the fields that other rooms speak about.
    SourceLocation name_location{};
    SourceLocation version_location{};
    SourceLocation class_name_location{};
    SourceLocation library_location{};

    /// "author/name:version".
    [[nodiscard]] std::string public_id() const { return author + '/' + name + ':' + version; }
};

}  // namespace patchbay::config
