// SPDX-License-Identifier: Apache-2.0
#include "sdk_decoders.hpp"

#include <patchbay/dialogue.hpp>
#include <patchbay/envelope.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/protocols/http_headers.hpp>
#include <patchbay/stub_format.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace patchbay::fuzz {

namespace {

void require(bool kept, const char* promise) {
    if (!kept) {
        std::fprintf(stderr, "broken promise: %s\n", promise);
        std::abort();
    }
}

}  // namespace

void envelope(std::string_view input) {
    const auto decoded = decode(input);
    if (!decoded) {
        require(decoded.error().code.substr(0, 9) == "envelope.", "envelope error code");
        return;
    }
    const auto bytes = encode(decoded->view());
    require(bytes.has_value(), "an envelope that was read can be written");
    require(bytes->size() == encoded_size(decoded->view()), "encoded_size");
    const auto again = decode(*bytes);
    require(again && *again == *decoded, "envelope round trip");
}

void messages(std::string_view input) {
    if (const auto message = protocols::decode_default(input)) {
        const auto bytes = protocols::encode(*message);
        require(bytes.has_value(), "a default message that was read can be written");
        const auto again = protocols::decode_default(*bytes);
        require(again && *again == *message, "default message round trip");
    } else {
        require(message.error().code.substr(0, 8) == "message.", "message error code");
    }
    if (const auto message = protocols::decode_http(input)) {
        const auto bytes = protocols::encode(*message);
        require(bytes.has_value(), "an http message that was read can be written");
        const auto again = protocols::decode_http(*bytes);
        require(again && protocols::encode(*again) == *bytes, "http message round trip");
    } else {
        require(message.error().code.substr(0, 8) == "message.", "message error code");
    }
}

void http_headers(std::string_view input) {
    const auto headers = protocols::headers_from_text(input);
    const std::string text = protocols::headers_to_text(headers);
    require(protocols::headers_from_text(text).size() == headers.size(),
            "no header is lost or smuggled in");
}

void stub(std::string_view input) {
    StubLimits limits;
    limits.max_line = 512;
    limits.max_field = 64;
    // The first byte decides about the pieces, the rest is the stream.
    const std::size_t piece = input.empty() ? 1 : 1 + static_cast<unsigned char>(input[0]) % 97;
    input = input.substr(input.empty() ? 0 : 1);
    StubDecoder decoder(limits);
    std::uint64_t position = 0;
    for (std::size_t at = 0; at < input.size(); at += piece) {
        decoder.feed(input.substr(at, piece));
        if (at % 3 == 0) {
            decoder.settle();
        }
        while (const auto item = decoder.next()) {
            require(item->length != 0 && item->offset >= position, "stub lines are in order");
            position = item->offset + item->length;
            require(position <= decoder.consumed() && decoder.consumed() <= decoder.fed(),
                    "stub positions");
            require(item->raw.size() <= item->length, "stub raw bytes");
            if (item->envelope) {
                require(item->raw == input.substr(item->offset, item->length), "stub line bytes");
                std::string line;
                require(append_stub_line(*item->envelope, line).has_value(),
                        "a stub envelope that was read can be written");
            }
        }
    }
    require(decoder.fed() == input.size(), "stub bytes fed");
}

void dialogues(std::string_view input) {
    constexpr std::size_t bound = 4;
    Dialogues registry("me", protocols::default_dialogue_rules, {bound, 3});
    DialogueId last;
    const auto number = [&](std::size_t at) -> int {
        return at < input.size() ? static_cast<signed char>(input[at]) : 0;
    };
    for (std::size_t at = 0; at < input.size(); at += 5) {
        const std::string starter(static_cast<std::size_t>(number(at) & 3), 's');
        const std::string responder(static_cast<std::size_t>((number(at) >> 2) & 1), 'r');
        const auto performative = static_cast<unsigned>(number(at + 3) & 7);
        if ((number(at) & 64) != 0) {
            const auto sent = registry.reply(last, performative);
            last = sent ? sent->id : last;
        } else {
            const auto updated =
                registry.update({"me", (number(at) & 32) != 0 ? "a" : "b", starter, responder,
                                 number(at + 1), number(at + 2), performative});
            last = updated ? updated->id : last;
        }
        require(registry.size() <= bound, "dialogue bound");
    }
}

}  // namespace patchbay::fuzz
