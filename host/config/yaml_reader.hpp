// SPDX-License-Identifier: Apache-2.0
/// \file
/// Strict YAML: text in, trees with places out. yaml-cpp does the grammar; what it lets pass
/// silently (duplicate keys, `yes` as true, `010` as 8, aliases without bound, unexpanded merge
/// keys) is refused here. Nothing else in the host includes yaml-cpp.
#pragma once

#include "config/problems.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

/// Bounds of one file. Nodes that an alias repeats count again.
struct YamlLimits {
    std::size_t bytes = 1U << 20U;
    std::size_t depth = 64;
    std::size_t nodes = 100'000;
};

/// All documents of the text, unless the grammar was violated or a bound passed; problems are
/// appended.
[[nodiscard]] std::optional<std::vector<Value>> read_yaml_documents(std::string_view text,
                                                                    const std::string& file,
                                                                    Problems& problems,
                                                                    const YamlLimits& limits = {});

/// All documents of the text; `file` is the name for messages. Codes: `yaml.syntax`,
/// `yaml.duplicate_key`, `yaml.merge_key`, `yaml.number`, `yaml.tag`, `yaml.key`, `yaml.alias`,
/// `yaml.depth`, `yaml.size`, `yaml.tab`, `yaml.encoding`.
[[nodiscard]] Checked<std::vector<Value>> read_yaml_documents(std::string_view text,
                                                              const std::string& file,
                                                              const YamlLimits& limits = {});

/// The same for a file of one document, for readers that want to find their own problems too: the
/// tree is there unless the grammar itself was violated, and holds the first of duplicate keys.
[[nodiscard]] std::optional<Value> read_yaml(std::string_view text, const std::string& file,
                                             Problems& problems, const YamlLimits& limits = {});

/// The only document of the text, null when there is none (`yaml.documents` when there are more).
[[nodiscard]] Checked<Value> read_yaml(std::string_view text, const std::string& file,
                                       const YamlLimits& limits = {});

/// The bytes of a file; `file.read` when that fails or it is larger than `max_bytes`.
[[nodiscard]] Checked<std::string> read_text_file(const std::string& path,
                                                  std::size_t max_bytes = YamlLimits{}.bytes);

}  // namespace patchbay::config
