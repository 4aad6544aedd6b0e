// SPDX-License-Identifier: Apache-2.0
#include "identity/answer.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::identity {

Answer refusal(const Error& error) {
    Answer answer;
    answer.failed = error.error_class;
    answer.code = error.code;
    answer.payload = nlohmann::json{{"error", error.message}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
    return answer;
}

}  // namespace patchbay::identity
