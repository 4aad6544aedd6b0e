// SPDX-License-Identifier: Apache-2.0
#include "app/key_password.hpp"

#include <patchbay/private_file.hpp>

#include <cstdlib>

namespace patchbay::app {

Result<std::optional<std::string>> key_password(const std::string& file) {
    std::optional<std::string> password;
    if (!file.empty()) {
        Result<std::string> content = read_private_file(file);
        if (!content) {
            return tl::unexpected<Error>(content.error());
        }
        password = content->substr(0, content->find_first_of("\r\n"));
    } else if (const char* value = std::getenv(key_password_variable)) {
        password = value;
    }
    if (password && password->empty()) {
        return failure(ErrorClass::invalid, "proof.empty_password",
                       (file.empty() ? std::string(key_password_variable) : file) +
                           " holds an empty password.");
    }
    return password;
}

}  // namespace patchbay::app
