// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include "text.hpp"

#include <patchbay/answer_at_once.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace patchbay::http_client {

namespace {

using protocols::HttpPerformative;

/// Bodies up to this size are sent together with the head, which costs one copy and spares a call.
constexpr std::size_t joined_body = 16UL * 1024;
/// The delay before a retry is doubled so often at most.
constexpr std::uint32_t most_doublings = 6;
constexpr std::chrono::nanoseconds shortest_delay = std::chrono::milliseconds(1);

bool is_redirect(std::int32_t status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// What browsers and upstream do, and RFC 9110 allows.
bool becomes_get(std::int32_t status, std::string_view method) noexcept {
    return (status == 303 && !is_head(method)) ||
           ((status == 301 || status == 302) && equals_ignoring_case(method, "POST"));
}

}  // namespace

ClientMetrics::ClientMetrics(const Host& host)
    : requests(host.counter("http_client_requests", "Requests taken")),
      responses(host.counter("http_client_responses", "Requests answered with a response")),
      failures(host.counter("http_client_failures", "Requests answered with status 600")),
      redirects(host.counter("http_client_redirects", "Redirects followed")),
      retries(host.counter("http_client_retries", "Requests sent again")),
      connections_opened(
          host.counter("http_client_connections_opened", "Connections opened to servers")),
      connections(host.gauge("http_client_connections", "Connections open or being opened")),
      waiting(host.gauge("http_client_waiting", "Requests that wait for a connection")) {}

Client::Client(Lane& lane, const Host& host, const Options& options, const net::TlsContext& tls,
               const ClientMetrics& metrics, NameResolver::Lookup lookup, std::uint64_t timer)
    : lane_(lane),
      host_(host),
      options_(options),
      metrics_(metrics),
      services_(
          lane, host, options, tls, std::move(lookup), [this] { end_turn(); }, timer),
      exchanges_(*this, options.response),
      pool_(services_, *this),
      answers_(lane, host, [this](Exchange& exchange) { exchanges_.remove(exchange); }) {}

Client::~Client() = default;

// ---- From the host ------------------------------------------------------------------------------

void Client::handle(std::span<const TakenEnvelope> batch) {
    services_.look_at_clock();
    for (const TakenEnvelope& envelope : batch) {
        handle(envelope);
    }
    end_turn();
}

void Client::refuse(const TakenEnvelope& envelope, const Error& why) {
    host_.log().warning([&] {
        return "an envelope from '" + std::string(envelope.sender()) +
               "' was not taken: " + to_string(why);
    });
    lane_.complete(envelope.token(), tl::unexpected<Error>(why));
}

void Client::handle(const TakenEnvelope& envelope) {
    const auto message = protocols::decode_http(envelope.message());
    if (!message) {
        refuse(envelope, message.error());
        return;
    }
    const auto* request = std::get_if<protocols::HttpRequestView>(&message->body);
    if (request == nullptr) {
        refuse(envelope, {ErrorClass::invalid, "http_client.not_a_request",
                          "The http client takes requests only, not responses."});
        return;
    }
    if (exchanges_.answers(envelope.sender(), message->header.starter_reference)) {
        refuse(envelope, {ErrorClass::invalid, "dialogue.duplicate",
                          "The request of this dialogue is in progress already."});
        return;
    }
    Exchange& exchange = exchanges_.add(envelope, message->header.starter_reference);
    auto answer = answer_at_once(incoming(envelope.to(), envelope.sender(), message->header,
                                          static_cast<unsigned>(HttpPerformative::request)),
                                 static_cast<unsigned>(HttpPerformative::response),
                                 protocols::http_dialogue_rules, nonces_, exchange.reference);
    if (!answer) {
        refuse(envelope, answer.error());
        exchanges_.remove(exchange);
        return;
    }
    ++new_requests_;
    exchange.answer = *answer;
    exchange.request.method = request->method;
    exchange.request.headers = request->headers;
    exchange.request.body = request->body;
    services_.total_limit.start(exchange.total);
    auto url = parse_url(request->url);
    if (!url) {
        fail(exchange, url.error());
        return;
    }
    exchange.url = *url;
    if (!options_.forward_to.empty()) {
        forward(exchange);
    }
    go(exchange);
}

void Client::forward(Exchange& exchange) {
    exchange.own_url = options_.forward_to;
    exchange.own_url += exchange.url.target;
    exchange.url = parse_url(exchange.own_url).value();
}

void Client::on_timer() {
    services_.deadlines.on_timer();
    end_turn();
}

void Client::on_room(std::uint32_t destination) {
    answers_.room(destination);
    end_turn();
}

void Client::cancel(std::uint64_t token) {
    Exchange* const exchange = exchanges_.find(token);
    if (exchange != nullptr && !exchange->is_settled) {
        fail(*exchange, {ErrorClass::failed, "http_client.cancelled",
                         "The host's time limit for the request passed."});
        end_turn();
    }
}

void Client::shut_down() {
    exchanges_.for_each([&](Exchange& exchange) {
        if (!exchange.is_settled) {
            fail(exchange, {ErrorClass::disconnected, "http_client.disconnected",
                            "The http client was disconnected before the response came."});
        }
    });
    end_turn();
    answers_.give_up();
}

// ---- The way of a request -----------------------------------------------------------------------

void Client::go(Exchange& exchange) noexcept {
    Result<void> gone;
    try {
        gone = prepare(exchange);
        if (gone) {
            gone = pool_.acquire(exchange);
        }
    } catch (...) {
        gone = tl::unexpected<Error>(describe_current_exception("a request"));
    }
    if (!gone) {
        fail(exchange, gone.error());
    }
}

Result<void> Client::prepare(Exchange& exchange) {
    const auto origin = pool_.origin_of(exchange.url);
    if (!origin) {
        return tl::unexpected<Error>(origin.error());
    }
    exchange.origin = *origin;
    const Request& request = exchange.request;
    Destination destination{exchange.url.target, exchange.origin->host_header};
    std::string authorization;
    if (!exchange.url.userinfo.empty()) {
        authorization = basic_authorization(exchange.url.userinfo);
        destination.authorization = authorization;
    }
    if (exchange.origin->proxy != nullptr && !exchange.origin->is_tls) {
        destination.absolute = exchange.origin->key;
        destination.proxy_authorization = exchange.origin->proxy->authorization;
    }
    exchange.output.clear();
    exchange.rest = {};
    exchange.written = 0;
    if (auto written = append_request_head(exchange.output, request, destination,
                                           {options_.user_agent, options_.decompress});
        !written) {
        return written;
    }
    if (request.body.size() <= joined_body) {
        exchange.output += request.body;
    } else {
        exchange.rest = request.body;
    }
    exchange.reader.start({is_head(request.method), options_.decompress});
    return {};
}

void Client::on_response(Exchange& exchange) noexcept {
    if (is_redirect(exchange.reader.status()) && redirect(exchange)) {
        return;
    }
    const ResponseReader& reader = exchange.reader;
    ++new_responses_;
    settle(exchange);
    answers_.respond(exchange, {reader.version(), reader.status(), reader.reason(),
                                reader.headers(), reader.body()});
}

bool Client::redirect(Exchange& exchange) {
    if (options_.redirects.limit == 0 || exchange.reader.location().empty()) {
        return false;
    }
    const Url& from = exchange.url;
    std::string target = resolve_reference(std::string(from.prefix) + std::string(from.target),
                                           exchange.reader.location());
    const auto to = parse_url(target);
    if (!to) {
        fail(exchange, {ErrorClass::failed, "redirect.bad_location",
                        "The server redirected to what is no http URL: " + to.error().message});
        return true;
    }
    const bool same_origin = is_same_origin(from, *to);
    if (!same_origin && options_.redirects.same_origin_only) {
        return false;
    }
    if (exchange.redirects >= options_.redirects.limit) {
        fail(exchange, {ErrorClass::failed, "redirect.too_many",
                        "More than " + std::to_string(options_.redirects.limit) +
                            " redirects were not followed."});
        return true;
    }
    if (from.is_tls && !to->is_tls) {
        fail(exchange, {ErrorClass::failed, "redirect.downgrade",
                        "A redirect from https to http was not followed."});
        return true;
    }
    ++exchange.redirects;
    metrics_.redirects.add();
    if (becomes_get(exchange.reader.status(), exchange.request.method)) {
        exchange.request.method = "GET";
        exchange.request.body = {};
        exchange.request.has_lost_body = true;
    }
    exchange.request.has_left_origin = exchange.request.has_left_origin || !same_origin;
    exchange.own_url = std::move(target);
    exchange.url = parse_url(exchange.own_url).value();
    exchange.wants_fresh = false;
    go(exchange);
    return true;
}

void Client::on_failure(Exchange& exchange, const Error& why, bool kept) noexcept {
    if (!retry(exchange, why, kept)) {
        fail(exchange, why);
    }
}

bool Client::retry(Exchange& exchange, const Error& why, bool kept) {
    if (why.error_class != ErrorClass::disconnected || exchange.reader.has_begun()) {
        return false;
    }
    const bool safe = is_idempotent(exchange.request.method);
    if (kept && !exchange.wants_fresh && (safe || exchange.written == 0)) {
        // The server closed the connection while the request was on its way, as servers may.
        exchange.wants_fresh = true;
        metrics_.retries.add();
        go(exchange);
        return true;
    }
    if (!safe || exchange.retries >= options_.retries.limit) {
        return false;
    }
    const auto delay =
        std::max(options_.retries.delay * (1U << std::min(exchange.retries, most_doublings)),
                 shortest_delay);
    ++exchange.retries;
    metrics_.retries.add();
    services_.look_at_clock();
    services_.deadlines.queue(delay).start(exchange.retry);
    return true;
}

void Client::on_retry_time(Exchange& exchange) noexcept {
    go(exchange);
}

void Client::on_total_limit(Exchange& exchange) noexcept {
    fail(exchange, {ErrorClass::failed, "http_client.time_limit",
                    "No complete response came within the time limit."});
}

void Client::on_first_byte_limit(Exchange& exchange) noexcept {
    fail(exchange, {ErrorClass::failed, "http_client.first_byte_limit",
                    "The response did not begin within its time limit."});
}

// ---- The end of a request -----------------------------------------------------------------------

void Client::settle(Exchange& exchange) noexcept {
    exchange.is_settled = true;
    exchange.total.cancel();
    exchange.first_byte.cancel();
    exchange.retry.cancel();
    pool_.abandon(exchange);
}

void Client::fail(Exchange& exchange, const Error& why) {
    ++new_failures_;
    host_.log().debug([&] { return "a request failed: " + to_string(why); });
    settle(exchange);
    answers_.fail(exchange, why);
}

void Client::end_turn() noexcept {
    pool_.end_turn();
    answers_.deliver();
    services_.end_turn();
    const auto count = [](const Metric& metric, std::int64_t& amount) {
        if (amount != 0) {
            metric.add(std::exchange(amount, 0));
        }
    };
    count(metrics_.requests, new_requests_);
    count(metrics_.responses, new_responses_);
    count(metrics_.failures, new_failures_);
    if (pool_.opened() != counted_opened_) {
        metrics_.connections_opened.add(
            static_cast<std::int64_t>(pool_.opened() - counted_opened_));
        counted_opened_ = pool_.opened();
    }
    if (pool_.size() != shown_connections_ || pool_.waiting() != shown_waiting_) {
        shown_connections_ = pool_.size();
        shown_waiting_ = pool_.waiting();
        metrics_.connections.set(static_cast<std::int64_t>(shown_connections_));
        metrics_.waiting.set(static_cast<std::int64_t>(shown_waiting_));
    }
}

}  // namespace patchbay::http_client
