// SPDX-License-Identifier: Apache-2.0
#include "corpus.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace patchbay::http_server::test {

namespace {

/// A byte per character.
std::string bytes_of(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto first = static_cast<unsigned char>(text[i]);
        if (first < 0x80U) {
            bytes += text[i];
        } else if (first < 0xC4U && i + 1 < text.size()) {
            bytes += static_cast<char>((first & 3U) << 6U |
                                       (static_cast<unsigned char>(text[++i]) & 0x3FU));
        } else {
            throw std::runtime_error("a character beyond 255 in '" + text + "'");
        }
    }
    return bytes;
}

std::string bytes_of(const nlohmann::json& send) {
    if (send.is_string()) {
        return bytes_of(send.get<std::string>());
    }
    std::string bytes;
    for (const auto& piece : send) {
        if (piece.is_string()) {
            bytes += bytes_of(piece.get<std::string>());
            continue;
        }
        const std::string repeated = bytes_of(piece.at("repeat").get<std::string>());
        for (auto left = piece.at("times").get<std::size_t>(); left != 0; --left) {
            bytes += repeated;
        }
    }
    return bytes;
}

std::optional<std::string> text_of(const nlohmann::json& entry, const char* key) {
    return entry.contains(key) ? std::optional(entry.at(key).get<std::string>()) : std::nullopt;
}

}  // namespace

std::vector<BadRequest> read_corpus() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(PATCHBAY_TEST_DATA "/bad_requests")) {
        if (entry.path().extension() == ".json") {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<BadRequest> requests;
    for (const auto& path : paths) {
        std::ifstream file(path);
        const nlohmann::json contents = nlohmann::json::parse(file);
        for (const auto& entry : contents.at("cases")) {
            requests.push_back({path.stem().string(), entry.at("name").get<std::string>(),
                                bytes_of(entry.at("send")), entry.at("expect").get<unsigned>(),
                                text_of(entry, "url"), text_of(entry, "body")});
        }
    }
    return requests;
}

}  // namespace patchbay::http_server::test
