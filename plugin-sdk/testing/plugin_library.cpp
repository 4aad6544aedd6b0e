// SPDX-License-Identifier: Apache-2.0
#include <patchbay/testing/plugin_library.hpp>

#include <dlfcn.h>

#include <fstream>
#include <utility>

namespace patchbay::testing {

Result<PluginLibrary> PluginLibrary::open(const std::string& path, std::uint32_t abi_minimum,
                                          std::uint32_t abi_maximum) {
    PluginLibrary library;
    library.handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library.handle_ == nullptr) {
        return failure(ErrorClass::failed, "plugin.not_loaded", ::dlerror());
    }
    const auto entry =
        reinterpret_cast<patchbay_entry_function>(::dlsym(library.handle_, PATCHBAY_ENTRY_NAME));
    if (entry == nullptr) {
        return failure(ErrorClass::failed, "plugin.no_entry",
                       path + " does not export " PATCHBAY_ENTRY_NAME ".");
    }
    patchbay_entry_options options{};
    options.struct_size = sizeof options;
    options.abi_minimum = abi_minimum;
    options.abi_maximum = abi_maximum;
    options.host_name = {"host double", 11};
    patchbay_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    patchbay_error error{};
    error.struct_size = sizeof error;
    const patchbay_status status = entry(&options, &plugin, &error);
    if (status != PATCHBAY_OK) {
        return failure(static_cast<ErrorClass>(status), error.code, error.text);
    }
    library.abi_version_ = plugin.abi_version;
    library.classes_.assign(plugin.classes, plugin.classes + plugin.class_count);
    return library;
}

PluginLibrary::PluginLibrary(PluginLibrary&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      abi_version_(other.abi_version_),
      classes_(std::move(other.classes_)) {}

PluginLibrary::~PluginLibrary() {
    if (handle_ != nullptr) {
        ::dlclose(handle_);
    }
}

const patchbay_class* PluginLibrary::find(std::string_view name) const noexcept {
    for (const patchbay_class* one : classes_) {
        if (std::string_view(one->name.data, one->name.size) == name) {
            return one;
        }
    }
    return nullptr;
}

bool PluginLibrary::is_mapped(const std::string& path) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(path) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace patchbay::testing
