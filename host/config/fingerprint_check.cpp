// SPDX-License-Identifier: Apache-2.0
#include "config/fingerprint_check.hpp"

#include "config/content_identifier.hpp"
#include "config/identifier_rules.hpp"
#include "config/yaml_reader.hpp"

#include <patchbay/utf8.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace patchbay::config {
namespace {

std::string with_unix_line_ends(const std::string& text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\r' || at + 1 == text.size() || text[at + 1] != '\n') {
            result += text[at];
        }
    }
    return result;
}

}  // namespace

Problems check_fingerprint(const ConnectionManifest& manifest, const std::string& folder,
                           std::uint64_t max_bytes) {
    Problems problems;
    const auto add = [&problems](const Fingerprint& entry, const char* code, std::string message) {
        problems.push_back(Error{ErrorClass::failed, code, std::move(message), entry.location});
    };
    for (const Fingerprint& entry : manifest.fingerprint) {
        const auto path = std::filesystem::path(folder) / entry.path;
        std::error_code error;
        if (inner_path_problem(entry.path) || !std::filesystem::exists(path, error)) {
            continue;
        }
        const auto content = read_text_file(path.string(), max_bytes);
        if (!content) {
            add(entry, "fingerprint.unreadable",
                "cannot take the fingerprint of `" + entry.path +
                    "`: " + content.error().front().message);
            continue;
        }
        const ContentDigest digest = content_digest(*content);
        const bool same =
            names_content(entry.hash, digest) ||
            (content->find("\r\n") != std::string::npos && is_utf8(*content) &&
             names_content(entry.hash, content_digest(with_unix_line_ends(*content))));
        if (!same) {
            add(entry, "fingerprint.mismatch",
                '`' + entry.path +
                    "` is not the file that this connection.yaml was written for: "
                    "its fingerprint is " +
                    cid_v1(digest));
        }
    }
    return problems;
}

bool has_fingerprint(const ConnectionManifest& manifest, const std::string& file) {
    return std::any_of(manifest.fingerprint.begin(), manifest.fingerprint.end(),
                       [&file](const Fingerprint& entry) { return entry.path == file; });
}

}  // namespace patchbay::config
