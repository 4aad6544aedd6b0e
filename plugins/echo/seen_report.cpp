// SPDX-License-Identifier: Apache-2.0
#include "seen_report.hpp"

#include <patchbay/protocols/http_headers.hpp>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>
#include <string_view>

namespace patchbay::echo {

namespace {

std::string sha256_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL could not compute a SHA-256");
    }
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += digits[digest[i] >> 4U];
        hex += digits[digest[i] & 15U];
    }
    return hex;
}

}  // namespace

std::string seen_report(const protocols::HttpRequestView& request) {
    nlohmann::ordered_json headers = nlohmann::ordered_json::array();
    protocols::HttpHeaderReader reader(request.headers);
    while (const auto header = reader.next()) {
        headers.push_back({header->name, header->value});
    }
    const nlohmann::ordered_json report = {
        {"method", request.method},           {"url", request.url},
        {"version", request.version},         {"headers", std::move(headers)},
        {"body_length", request.body.size()}, {"body_sha256", sha256_hex(request.body)},
    };
    return report.dump();
}

}  // namespace patchbay::echo
