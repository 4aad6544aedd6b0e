// SPDX-License-Identifier: Apache-2.0
/// \file
/// An identity subsystem for tests of the gateway: it answers by the simplest rules, records what
/// it was told, and says what a test wants it to say. The rules of the real one are the host's, and
/// are tested there.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/testing/host_double.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent_gateway::test {

struct DoubleAgent {
    std::uint64_t session = 0;
    std::uint64_t connection = 0;
    std::uint32_t lane = 0;
    std::string metadata;
    std::string certificate;  ///< as it was presented
    bool forced = false;
    bool claimed = false;
    std::string remote;
    std::uint64_t touches = 0;
};

struct DoublePong {
    std::uint64_t session = 0;
    std::uint64_t value = 0;
    bool success = false;
};

/// One at a time: the ABI's functions find it by itself.
class IdentityDouble {
  public:
    IdentityDouble();
    IdentityDouble(const IdentityDouble&) = delete;
    IdentityDouble& operator=(const IdentityDouble&) = delete;
    ~IdentityDouble();

    [[nodiscard]] const void* table() const;
    void attach(testing::HostDouble& host) { host_ = &host; }
    void be_openagents_05() { flags_ = PATCHBAY_IDENTITY_OPENAGENTS_05; }

    /// Answers wait until `answer_held`.
    void hold_answers();
    void answer_held();
    [[nodiscard]] std::map<std::string, DoubleAgent> agents() const;
    [[nodiscard]] std::vector<DoublePong> pongs() const;
    /// An agent that another transport has registered.
    void add_elsewhere(const std::string& id);

    void ping(const std::string& id, std::uint64_t value);
    void end_session(const std::string& id, std::uint64_t reason, std::string_view text);
    void change(std::uint64_t kind, std::string_view id, std::string_view payload);
    [[nodiscard]] bool is_subscribed() const;

  private:
    friend struct IdentityTable;
    struct Answer {
        std::uint32_t lane = 0;
        std::uint64_t cookie = 0;
        patchbay_status status = PATCHBAY_OK;
        std::uint64_t value = 0;
        std::string code;
        std::string payload;
    };
    [[nodiscard]] std::uint32_t index_of(patchbay_lane* lane) const;
    void answer(Answer answer);
    void send(const Answer& answer);

    mutable std::mutex mutex_;
    testing::HostDouble* host_ = nullptr;
    std::map<std::string, DoubleAgent> agents_;
    std::vector<DoublePong> pongs_;
    std::vector<Answer> held_;
    std::map<std::uint32_t, bool> subscribed_;
    bool hold_ = false;
    std::uint32_t flags_ = 0;
    std::uint64_t sessions_ = 0;
};

}  // namespace patchbay::agent_gateway::test
