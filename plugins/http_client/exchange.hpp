// SPDX-License-Identifier: Apache-2.0
/// \file
/// One request of an agent on its way, through waits, connections, redirects and retries, until its
/// answer has been accepted by the host. Exchanges are used again, with the memory they have got.
#pragma once

#include "lane_services.hpp"
#include "request_head.hpp"
#include "response_reader.hpp"
#include "url.hpp"

#include <patchbay/answer_at_once.hpp>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/protocols/message.hpp>

#include <boost/intrusive/list_hook.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::http_client {

class Exchange;
class Origin;
class PersistentConnection;

/// Told when the time of an exchange is up. [lane]
class ExchangeTimes {
  public:
    ExchangeTimes() = default;
    ExchangeTimes(const ExchangeTimes&) = delete;
    ExchangeTimes& operator=(const ExchangeTimes&) = delete;
    virtual void on_total_limit(Exchange& exchange) noexcept = 0;
    virtual void on_first_byte_limit(Exchange& exchange) noexcept = 0;
    virtual void on_retry_time(Exchange& exchange) noexcept = 0;

  protected:
    ~ExchangeTimes() = default;
};

using IntrusiveHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// As an item of a list it has a place among those who wait for a connection.
class Exchange final : public IntrusiveHook {
    void total_is_up() noexcept { times_.on_total_limit(*this); }
    void first_byte_is_up() noexcept { times_.on_first_byte_limit(*this); }
    void retry_is_due() noexcept { times_.on_retry_time(*this); }

  public:
    Exchange(ExchangeTimes& times, const ResponseLimits& limits) : reader(limits), times_(times) {}

    // ---- What was asked
    TakenEnvelope envelope;
    /// Of the answer; its views point into the envelope and into `reference`.
    protocols::MessageView answer;
    AnswerReference reference{};
    Request request;

    // ---- Where it goes
    /// The URL where it is not the message's: forwarded, or after a redirect.
    std::string own_url;
    Url url;
    Origin* origin = nullptr;
    std::uint32_t redirects = 0;

    // ---- What is sent: `output`, then `rest`
    std::string output;
    std::string_view rest;
    std::size_t written = 0;

    // ---- How it goes
    ResponseReader reader;
    PersistentConnection* connection = nullptr;
    std::uint32_t retries = 0;
    /// A kept connection turned out to be closed: the next one must be a new one.
    bool wants_fresh = false;
    /// Answered, or given up: only the host's acceptance is waited for.
    bool is_settled = false;

    /// The time of the whole, of the response's first byte, of the next try.
    DeadlineOf<Exchange, &Exchange::total_is_up> total{*this};
    DeadlineOf<Exchange, &Exchange::first_byte_is_up> first_byte{*this};
    DeadlineOf<Exchange, &Exchange::retry_is_due> retry{*this};
    /// Its place in the table of those in progress.
    std::size_t bucket = 0;
    Exchange* next_in_bucket = nullptr;

    [[nodiscard]] bool has_sent_all() const noexcept {
        return written == output.size() + rest.size();
    }
    /// What is still to be sent, as far as it lies together.
    [[nodiscard]] std::string_view unsent() const noexcept {
        return written < output.size() ? std::string_view(output).substr(written)
                                       : rest.substr(written - output.size());
    }

  private:
    ExchangeTimes& times_;
};

}  // namespace patchbay::http_client
