// SPDX-License-Identifier: Apache-2.0
/// \file
/// One request that waits for its answer. Exchanges of a session stand in a queue, because HTTP/1
/// answers in the order of the requests; an answer that comes before its turn waits here.
#pragma once

#include "access_log.hpp"
#include "response_writer.hpp"

#include <patchbay/net/deadlines.hpp>
#include <patchbay/request_dialogues.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace patchbay::http_server {

class ServerLane;
class Session;

/// Owned by its lane, which uses it again and again.
class Exchange final : public net::Deadline {
  public:
    explicit Exchange(ServerLane& lane) : lane_(lane) {}
    ~Exchange() = default;

    /// Nobody answered in time.
    void on_deadline() noexcept override;

    Session* session = nullptr;
    Exchange* next = nullptr;  ///< in the session's queue
    RequestId dialogue{};      ///< none once it was answered or abandoned
    ResponseRules rules;
    bool answered = false;
    std::string early;  ///< an answer before its turn
    std::unique_ptr<LogRecord> record;

  private:
    ServerLane& lane_;
};

}  // namespace patchbay::http_server
