// SPDX-License-Identifier: Apache-2.0
/// \file
/// The requests of tests/data/bad_requests, whose README.md describes the format.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::http_server::test {

struct BadRequest {
    std::string file;  ///< without its ending
    std::string name;
    std::string bytes;
    unsigned status = 0;
    std::optional<std::string> url;
    std::optional<std::string> body;

    friend std::ostream& operator<<(std::ostream& out, const BadRequest& request) {
        return out << request.file << ".json: " << request.name;
    }
};

/// Throws when a file is missing or not in the format.
[[nodiscard]] std::vector<BadRequest> read_corpus();

}  // namespace patchbay::http_server::test
