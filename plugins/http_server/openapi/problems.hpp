// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything that is wrong with a specification, collected in one pass, so that nobody has to
/// correct a file one error at a time.
#pragma once

#include "openapi/node.hpp"

#include <patchbay/result.hpp>

#include <string>
#include <vector>

namespace patchbay::openapi {

class Problems {
  public:
    /// How many are told; of the others only the number is.
    static constexpr std::size_t max_told = 20;

    /// `file` is the name for messages.
    explicit Problems(std::string file) : file_(std::move(file)) {}

    /// The same problem at the same place is noted once. `code` is stable, dotted and lower-case.
    void add(Place place, std::string code, std::string message);

    [[nodiscard]] bool empty() const { return problems_.empty(); }
    [[nodiscard]] const std::string& file() const { return file_; }

    /// All of them in the order of the file. One alone keeps its code and place; several become one
    /// `openapi.invalid`, located at the first, whose message has a line `file:line:column: message
    /// [code]` for each. Requires that there is one.
    [[nodiscard]] Error error() const;

  private:
    static constexpr std::size_t max_kept = 1000;

    std::string file_;
    std::vector<Error> problems_;
    std::size_t dropped_ = 0;
};

}  // namespace patchbay::openapi
