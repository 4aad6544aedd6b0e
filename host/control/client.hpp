// SPDX-License-Identifier: Apache-2.0
/// \file
/// The command line's side of the control socket: one request after the other, blocking.
#pragma once

#include "control/endpoint.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace patchbay::control {

class Client {
  public:
    /// See `connect_to` for the errors.
    [[nodiscard]] static Result<Client> connect(const std::string& path);

    /// The verb's result, or the error that the host answered. Codes of its own:
    /// `control.disconnected`, `control.time_limit`.
    [[nodiscard]] Result<nlohmann::json> request(
        std::string_view verb, const nlohmann::json& arguments,
        std::chrono::milliseconds limit = std::chrono::milliseconds(130'000));

    /// Calls `item` for every item until it says false, the stream ends, or the host does.
    [[nodiscard]] Result<void> follow(std::string_view verb, const nlohmann::json& arguments,
                                      const std::function<bool(const nlohmann::json&)>& item);

    /// Waits until the host closes the connection, which it does at its end. False: it did not.
    [[nodiscard]] bool wait_for_end(std::chrono::milliseconds limit);

  private:
    explicit Client(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

    [[nodiscard]] Result<void> send(const std::string& line);
    /// Without a limit when it is negative.
    [[nodiscard]] Result<std::string> read_line(std::chrono::milliseconds limit);

    Descriptor descriptor_;
    std::string buffer_;
    std::int64_t last_id_ = 0;
};

}  // namespace patchbay::control
