// SPDX-License-Identifier: Apache-2.0
// Files that went through a blender: whatever they hold, reading them ends, and every problem has a
// place inside the file that can be shown.
#include "config/aea_import.hpp"
#include "config/effective_configuration.hpp"
#include "config/host_configuration_reader.hpp"
#include "config/manifest_reader.hpp"
#include "config/source_excerpt.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace patchbay::config {
namespace {

constexpr const char* host_text = R"(# comment
plugin_folders: [{path: ./plugins.d, autostart: true}]
connections:
  - {class: fetchai/stub:0.21.0, name: stub, config: {input_file: in, n: -1.5e3}}
  - class: valory/http_server:0.22.0
    name: "h\x74tp"
    bind: {"a/b:1.0.0": stub}
    timeouts: &t {connect: 1, send: "${X:float:2}"}
    reconnect: {attempts: forever}
  - class: valory/http_server
    timeouts: *t
    cert_requests: [{identifier: acn, ledger_id: e, not_before: '2026-01-01', not_after: '2027-01-01',
                     public_key: k, save_path: p}]
default_routing: {"fetchai/default:1.0.0": stub}
inbound:
  - protocol: "valory/http:1.0.0"
    to: [stub, 'echo']
log:
  level: debug
  levels: {a: info}
network:
  name: |-
    blöck
      more
  id: >
    folded
    text
)";

constexpr const char* manifest_text = R"(name: x
author: a
version: 0.1.0
type: connection
description: >-
  folded
  text
license: Apache-2.0
aea_version: '>=2.0.0, <3.0.0'
fingerprint: {README.md: bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4}
fingerprint_ignore_patterns: ['*.x']
class_name: X
config: {a: &a [1, 2.5, null, ~, true], b: *a}
connections: [a/b:1.0.0]
protocols:
- valory/http:1.0.0
restricted_to_protocols: []
excluded_protocols: []
dependencies: {tls: {pkg_config: openssl, version: '>=3.0'}}
is_abstract: false
---
public_id: a/b:1.0.0
type: connection
config: {}
)";

class Blender {
  public:
    explicit Blender(unsigned seed) : random_(seed) {}

    std::string blend(std::string text) {
        for (std::size_t edits = 1 + below(4); edits > 0; --edits) {
            edit(text);
        }
        return text;
    }

  private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

    void edit(std::string& text) {
        static constexpr std::string_view pieces[]{":",
                                                   ": ",
                                                   "-",
                                                   "- ",
                                                   "\n",
                                                   "\t",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   "'",
                                                   "\"",
                                                   "#",
                                                   " #",
                                                   "&a",
                                                   "*a",
                                                   "|",
                                                   ">",
                                                   "!!str ",
                                                   "<<",
                                                   "? ",
                                                   "---\n",
                                                   "%",
                                                   "@",
                                                   "\xFF",
                                                   "\x01",
                                                   "0o7",
                                                   "010",
                                                   ".nan",
                                                   "\\",
                                                   "${",
                                                   "${A}",
                                                   "...\n",
                                                   ",",
                                                   "~",
                                                   "!",
                                                   "yes",
                                                   "1e99",
                                                   "\r\n",
                                                   "\xC3",
                                                   "\xEF\xBB\xBF",
                                                   "   ",
                                                   "99999999999999999999"};
        const std::size_t at = below(text.size());
        switch (below(4)) {
            case 0:
                text.insert(at, pieces[below(std::size(pieces))]);
                break;
            case 1:
                text.erase(at, 1 + below(20));
                break;
            case 2:
                text.insert(at, text.substr(below(text.size()), below(60)));
                break;
            default:
                if (!text.empty()) {
                    text[at] = static_cast<char>(below(256));
                }
                break;
        }
    }

    std::mt19937 random_;
};

void expect_places(const Problems& problems, const std::string& text) {
    ASSERT_FALSE(problems.empty());
    const auto lines = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
    for (const Error& problem : problems) {
        EXPECT_EQ(problem.location.file, "f") << problem.message;
        EXPECT_GE(problem.location.line, 1U) << problem.message;
        EXPECT_LE(problem.location.line, lines + 1) << problem.message;
        EXPECT_GE(problem.location.column, 1U) << problem.message;
        EXPECT_FALSE(problem.code.empty());
        EXPECT_FALSE(render_problem(problem, text).empty());
    }
}

constexpr unsigned rounds = 2000;

TEST(MutatedInput, OfHostConfigurationsIsReadOrExplained) {
    const auto whole = parse_host_configuration(host_text, "f", "/",
                                                [](const std::string&) { return std::nullopt; });
    ASSERT_TRUE(whole) << to_string(whole.error().front());
    int read = 0;
    for (unsigned seed = 0; seed < rounds && !HasFailure(); ++seed) {
        const std::string text = Blender(seed).blend(host_text);
        const auto host = parse_host_configuration(text, "f", "/",
                                                   [](const std::string&) { return std::nullopt; });
        if (host) {
            ++read;
            EXPECT_FALSE(to_yaml(effective_configuration(*host)).empty());
        } else {
            expect_places(host.error(), text);
        }
        EXPECT_FALSE(HasFailure()) << "seed " << seed << '\n' << text;
    }
    EXPECT_GT(read, static_cast<int>(rounds) / 100);
    EXPECT_LT(read, static_cast<int>(rounds) / 2);
}

TEST(MutatedInput, OfManifestsIsReadOrExplained) {
    for (unsigned seed = 0; seed < rounds && !HasFailure(); ++seed) {
        std::string text = manifest_text;
        text = Blender(seed).blend(text.substr(0, text.find("---")));
        const auto manifest = parse_manifest(text, "f");
        if (!manifest) {
            expect_places(manifest.error(), text);
        }
        EXPECT_FALSE(HasFailure()) << "seed " << seed << '\n' << text;
    }
}

TEST(MutatedInput, OfAgentsIsImportedOrExplained) {
    for (unsigned seed = 0; seed < rounds && !HasFailure(); ++seed) {
        const std::string text = Blender(seed).blend(manifest_text);
        const auto imported = import_aea_text(text, "f");
        if (imported) {
            EXPECT_TRUE(read_yaml(imported->yaml, "again")) << imported->yaml;
        } else {
            expect_places(imported.error(), text);
        }
        EXPECT_FALSE(HasFailure()) << "seed " << seed << '\n' << text;
    }
}

TEST(MutatedInput, ReadsBackWhatItWrote) {
    for (unsigned seed = 0; seed < rounds && !HasFailure(); ++seed) {
        const auto value = read_yaml(Blender(seed).blend(manifest_text), "f");
        if (value) {
            const auto again = read_yaml(to_yaml(*value), "again");
            ASSERT_TRUE(again) << to_yaml(*value);
            EXPECT_TRUE(*again == *value) << to_yaml(*value);
            EXPECT_TRUE(*parse_json(to_json(*value), {}) == *value);
        }
    }
}

}  // namespace
}  // namespace patchbay::config
