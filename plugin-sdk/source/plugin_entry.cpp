// SPDX-License-Identifier: Apache-2.0
#include <patchbay/plugin_entry.hpp>

#include <cstdint>

namespace patchbay::detail {

patchbay_status answer_entry(const patchbay_entry_options* options, patchbay_plugin* plugin,
                             patchbay_error* error, const patchbay_class* const* classes,
                             std::size_t count) noexcept {
    const std::uint32_t version = patchbay_negotiate(options);
    if (version == 0) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.no_common_version",
                                  "This plugin speaks ABI 1.0, the host does not.");
    }
    plugin->abi_version = version;
    plugin->classes = classes;
    plugin->class_count = static_cast<std::uint32_t>(count);
    return PATCHBAY_OK;
}

}  // namespace patchbay::detail
