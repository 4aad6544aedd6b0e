// SPDX-License-Identifier: Apache-2.0
#include "control/registry.hpp"

#include <utility>

namespace patchbay::control {

void Registry::add(std::string verb, Handler handler) {
    handlers_[std::move(verb)] = std::move(handler);
}

const Handler* Registry::find(std::string_view verb) const {
    const auto found = handlers_.find(verb);
    return found == handlers_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::verbs() const {
    std::vector<std::string> names;
    for (const auto& [name, handler] : handlers_) {
        names.push_back(name);
    }
    return names;
}

}  // namespace patchbay::control
