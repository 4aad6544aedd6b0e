// SPDX-License-Identifier: Apache-2.0
#include "config/effective_configuration.hpp"
#include "config/host_configuration_reader.hpp"
#include "config/manifest_reader.hpp"
#include "config/source_excerpt.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

/// Every problem has a code and can be shown.
void explain(const patchbay::config::Problems& problems, std::string_view text) {
    for (const patchbay::Error& problem : problems) {
        if (problem.code.empty() || patchbay::config::render_problem(problem, text).empty()) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto value = patchbay::config::read_yaml(text, "f")) {
        // What was read survives writing and reading.
        const auto again = patchbay::config::read_yaml(patchbay::config::to_yaml(*value), "again");
        if (!again || !(*again == *value)) {
            std::abort();
        }
    }
    if (const auto manifest = patchbay::config::parse_manifest(text, "f"); !manifest) {
        explain(manifest.error(), text);
    }
    const auto host = patchbay::config::parse_host_configuration(
        text, "f", "/", [](const std::string&) { return std::nullopt; });
    if (!host) {
        explain(host.error(), text);
    } else if (patchbay::config::effective_configuration(*host).map().empty()) {
        std::abort();
    }
    return 0;
}
