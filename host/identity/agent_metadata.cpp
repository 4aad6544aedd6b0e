// SPDX-License-Identifier: Apache-2.0
#include "identity/agent_metadata.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::identity {

namespace {

tl::unexpected<Error> bad_metadata(std::string what) {
    return failure(ErrorClass::invalid, "identity.bad_metadata",
                   "The metadata of the agent cannot be used: " + std::move(what) + '.');
}

}  // namespace

Result<std::string> clean_metadata(std::string_view json) {
    if (json.empty()) {
        return std::string("{}");
    }
    if (json.size() > max_metadata_bytes) {
        return bad_metadata("they have " + std::to_string(json.size()) + " bytes, and " +
                            std::to_string(max_metadata_bytes) + " are the most");
    }
    bool too_deep = false;
    nlohmann::json object = nlohmann::json::parse(
        json,
        [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
            too_deep = too_deep || depth > max_metadata_depth;
            return !too_deep;
        },
        false);
    if (too_deep) {
        return bad_metadata("they are nested deeper than " + std::to_string(max_metadata_depth));
    }
    if (!object.is_object()) {
        return bad_metadata("a JSON object is expected");
    }
    for (const char* credential : {"certificate", "force_reconnect", "proof"}) {
        object.erase(credential);
    }
    return object.dump();
}

}  // namespace patchbay::identity
