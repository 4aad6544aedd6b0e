// SPDX-License-Identifier: Apache-2.0
#include "app/control_pages.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::app {

Result<nlohmann::json> all_pages(control::Client& client, const std::string& verb,
                                 const std::string& list) {
    nlohmann::json all = nlohmann::json::array();
    for (std::string after;;) {
        Result<nlohmann::json> page = client.request(verb, {{"after", after}});
        if (!page) {
            return page;
        }
        const nlohmann::json& items = page->at(list);
        if (items.empty()) {
            return all;
        }
        after = items.back().at("agent_id").get<std::string>();
        all.insert(all.end(), items.begin(), items.end());
    }
}

}  // namespace patchbay::app
