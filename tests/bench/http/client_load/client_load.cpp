// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keeps our http_client busy: `requests` requests of `valory/http:1.0.0` are always under way
/// through the host's multiplexer to http_client; each answer is read, counted and followed by the
/// next request. When the time is over, one line of JSON goes to standard output (measurement.hpp).
///
/// In the figure: the patchbay binary as it runs for everybody, the trip through the multiplexer in
/// both directions, http_client with its codec, dialogues, pool and time limits, and of this plugin
/// one copy of a request that was encoded once, and the decoding of every answer. Not in it: a
/// consumer's own thread. The plugin stands on abi.h and declares PATCHBAY_CLASS_INLINE_OK, so that
/// the host may hand it the answers on http_client's thread; a consumer with a lane of its own adds
/// two wake-ups a batch.
#include "../../shared/measurement.hpp"

#include <patchbay/abi.h>
#include <patchbay/protocols/http.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using bench::Measurement;
namespace protocols = patchbay::protocols;

/// As long as those of the SDK's dialogues: the request's number, the count of all, padding.
constexpr std::size_t reference_size = 64;
constexpr std::size_t number_digits = 8;
/// Time for the host to finish its start.
constexpr std::uint64_t pause_nanoseconds = 200'000'000;
constexpr std::int64_t largest_requests = 4096;

patchbay_string view(std::string_view text) {
    return {text.data(), text.size()};
}

void write_hex(char* at, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i-- > 0; value >>= 4U) {
        at[i] = "0123456789abcdef"[value & 15U];
    }
}

class ClientLoad {
  public:
    ClientLoad(const patchbay_host* host, const patchbay_instance_options& options,
               std::string_view client, std::string_view url, std::size_t requests, double seconds)
        : host_(host), seconds_(seconds), sent_(requests) {
        const std::string reference(reference_size, '#');
        protocols::HttpMessageView message;
        message.header.starter_reference = reference;
        message.header.message_id = 1;
        message.body = protocols::HttpRequestView{"GET", url, "", "", ""};
        // What lies in the block of every request: to, sender, protocol id, message.
        image_ = client;
        to_size_ = client.size();
        image_.append(options.component_id.data, options.component_id.size);
        sender_size_ = options.component_id.size;
        image_ += protocols::http_protocol_id;
        image_ += protocols::encode(message).value();
        reference_at_ = image_.find(reference);
        envelopes_.resize(requests);
        buffers_.resize(requests);
        results_.resize(requests);
        numbers_.reserve(requests);
    }

    void begin(patchbay_lane* lane) {
        measurement_.emplace(seconds_);
        for (std::size_t i = 0; i < sent_.size(); ++i) {
            numbers_.push_back(i);
        }
        send(lane, Measurement::Clock::now());
    }

    void answers(patchbay_lane* lane, const patchbay_array& envelopes) {
        const auto now = Measurement::Clock::now();
        for (std::uint32_t i = 0; i < envelopes.count; ++i) {
            take(*static_cast<const patchbay_envelope*>(patchbay_array_at(&envelopes, i)), now);
        }
        if (!measurement_->over(now)) {
            send(lane, now);
        } else if (!printed_) {
            printed_ = true;
            std::puts(measurement_->json().c_str());
            std::fflush(stdout);
        }
    }

  private:
    void take(const patchbay_envelope& envelope, Measurement::Clock::time_point now) {
        const auto message = protocols::decode_http(
            {reinterpret_cast<const char*>(envelope.message), envelope.message_size});
        if (!message) {
            measurement_->answered(now, now, false);  // an error message of the host's
            return;
        }
        const std::string_view reference = message->header.starter_reference;
        std::size_t number = sent_.size();
        std::from_chars(reference.data(),
                        reference.data() + std::min(number_digits, reference.size()), number, 16);
        const auto* response = std::get_if<protocols::HttpResponseView>(&message->body);
        if (number < sent_.size() && response != nullptr) {
            measurement_->answered(sent_[number], now, response->status_code == 200);
            numbers_.push_back(number);
        }
    }

    /// One request for each of `numbers_`, in one batch.
    void send(patchbay_lane* lane, Measurement::Clock::time_point now) {
        const auto count = static_cast<std::uint32_t>(numbers_.size());
        patchbay_array buffers{sizeof buffers, sizeof(patchbay_buffer), count, 0, buffers_.data()};
        if (host_->allocate(host_, lane, image_.size(), &buffers) != PATCHBAY_OK ||
            buffers.count != count) {
            std::fputs("client_load: the host has no memory for requests\n", stderr);
            return;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            fill(envelopes_[i], buffers_[i], numbers_[i]);
            sent_[numbers_[i]] = now;
        }
        numbers_.clear();
        const patchbay_array envelopes{sizeof envelopes, sizeof(patchbay_envelope), count, 0,
                                       envelopes_.data()};
        patchbay_array results{sizeof results, sizeof(patchbay_delivery), count, 0,
                               results_.data()};
        host_->deliver(lane, &envelopes, &results);
        for (std::uint32_t i = 0; i < count; ++i) {
            if (results_[i].status != PATCHBAY_DELIVERY_ACCEPTED) {
                std::fprintf(stderr,
                             "client_load: a request was not accepted, status %u reason %u\n",
                             results_[i].status, results_[i].reason);
                measurement_->answered(now, now, false);
            }
        }
    }

    void fill(patchbay_envelope& envelope, const patchbay_buffer& buffer, std::size_t number) {
        std::memcpy(buffer.data, image_.data(), image_.size());
        auto* text = reinterpret_cast<char*>(buffer.data);
        write_hex(text + reference_at_, number_digits, number);
        write_hex(text + reference_at_ + number_digits, reference_size - number_digits, ++count_);
        envelope.to = text;
        envelope.to_size = static_cast<std::uint32_t>(to_size_);
        text += to_size_;
        envelope.sender = text;
        envelope.sender_size = static_cast<std::uint32_t>(sender_size_);
        text += sender_size_;
        envelope.protocol_id = text;
        envelope.protocol_id_size = protocols::http_protocol_id.size();
        text += protocols::http_protocol_id.size();
        envelope.message = reinterpret_cast<const std::uint8_t*>(text);
        envelope.message_size = static_cast<std::uint32_t>(image_.size() - to_size_ - sender_size_ -
                                                           protocols::http_protocol_id.size());
        envelope.block = buffer.block;
        envelope.flags = PATCHBAY_ENVELOPE_REQUEST | PATCHBAY_ENVELOPE_GIVE_BLOCK;
    }

    const patchbay_host* host_;
    double seconds_;
    std::string image_;
    std::size_t to_size_ = 0;
    std::size_t sender_size_ = 0;
    std::size_t reference_at_ = 0;
    std::uint64_t count_ = 0;
    bool printed_ = false;
    std::optional<Measurement> measurement_;
    /// When each request was sent, by its number.
    std::vector<Measurement::Clock::time_point> sent_;
    /// Numbers of the requests to be sent next.
    std::vector<std::size_t> numbers_;
    std::vector<patchbay_envelope> envelopes_;
    std::vector<patchbay_buffer> buffers_;
    std::vector<patchbay_delivery> results_;
};

// ---- The class's functions, as abi.h has them ----

struct Instance {
    const patchbay_host* host = nullptr;
    std::unique_ptr<ClientLoad> load;
};

patchbay_status create(const patchbay_host* host, const patchbay_instance_options* options,
                       patchbay_created* created, patchbay_error* error) {
    const auto* config = static_cast<const patchbay_config*>(
        host->get_extension(host, view(PATCHBAY_CONFIG_EXTENSION)));
    patchbay_string client{};
    patchbay_string url{};
    std::int64_t requests = 0;
    double seconds = 0;
    if (config == nullptr || config->text(host, view("client"), &client) != PATCHBAY_OK ||
        config->text(host, view("url"), &url) != PATCHBAY_OK ||
        config->integer(host, view("requests"), &requests) != PATCHBAY_OK ||
        config->number(host, view("seconds"), &seconds) != PATCHBAY_OK || requests < 1 ||
        requests > largest_requests) {
        return patchbay_error_set(error, PATCHBAY_INVALID, "client_load.config",
                                  "client, url, requests (1 to 4096) and seconds are needed.");
    }
    auto instance = std::make_unique<Instance>();
    instance->host = host;
    instance->load = std::make_unique<ClientLoad>(
        host, *options, std::string_view(client.data, client.size),
        std::string_view(url.data, url.size), static_cast<std::size_t>(requests), seconds);
    created->instance = instance.release();
    return PATCHBAY_OK;
}

void destroy(void* instance) {
    const std::unique_ptr<Instance> owned(static_cast<Instance*>(instance));
}

patchbay_status connect(void* instance, std::uint64_t, patchbay_error* error) {
    const patchbay_host* host = static_cast<Instance*>(instance)->host;
    const auto* timers = static_cast<const patchbay_timers*>(
        host->get_extension(host, view(PATCHBAY_TIMERS_EXTENSION)));
    if (timers == nullptr ||
        timers->set(host->lane(host, 0), 0, pause_nanoseconds) != PATCHBAY_OK) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "client_load.timers",
                                  "The host has no timers.");
    }
    return PATCHBAY_OK;
}

void on_batch(void* instance, patchbay_lane* lane, std::uint32_t, const patchbay_array* envelopes,
              patchbay_status*) {
    static_cast<Instance*>(instance)->load->answers(lane, *envelopes);
}

void on_signals(void* instance, patchbay_lane* lane, std::uint32_t, const patchbay_array* signals) {
    for (std::uint32_t i = 0; i < signals->count; ++i) {
        const auto* signal = static_cast<const patchbay_signal*>(patchbay_array_at(signals, i));
        if (signal->kind == PATCHBAY_SIGNAL_TIMER) {
            static_cast<Instance*>(instance)->load->begin(lane);
        }
    }
}

constexpr patchbay_class client_load_class = {sizeof(patchbay_class),
                                              PATCHBAY_CLASS_INLINE_OK,
                                              {"ClientLoad", sizeof("ClientLoad") - 1},
                                              create,
                                              destroy,
                                              nullptr,
                                              connect,
                                              nullptr,
                                              on_batch,
                                              on_signals};
constexpr const patchbay_class* classes[] = {&client_load_class};

}  // namespace

PATCHBAY_PLUGIN_NOTE("patchbay/client_load:0.1.0", "\"ClientLoad\"")

patchbay_status patchbay_plugin_entry(const patchbay_entry_options* options,
                                      patchbay_plugin* plugin, patchbay_error* error) {
    plugin->abi_version = patchbay_negotiate(options);
    if (plugin->abi_version == 0) {
        return patchbay_error_set(error, PATCHBAY_UNSUPPORTED, "abi.no_common_version",
                                  "This plugin speaks ABI 1.0, the host does not.");
    }
    plugin->classes = classes;
    plugin->class_count = 1;
    return PATCHBAY_OK;
}
