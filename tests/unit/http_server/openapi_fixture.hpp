// SPDX-License-Identifier: Apache-2.0
/// \file
/// Specifications and requests for tests, in few words.
#pragma once

#include "openapi/specification.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::openapi {

/// Path of a file of tests/data/openapi.
inline std::string data_file(const std::string& name) {
    return std::string(PATCHBAY_TEST_DATA) + "/openapi/" + name;
}

/// One of those files; the test's program ends when it cannot be loaded.
inline Specification data_specification(const std::string& name, const LoadOptions& options = {}) {
    auto loaded = Specification::load(data_file(name), options);
    if (!loaded) {
        throw std::runtime_error(to_string(loaded.error()));
    }
    return std::move(*loaded);
}

/// A specification with the paths given, one line each.
inline Specification specification(const std::string& version, const std::string& paths,
                                   const LoadOptions& options = {}) {
    auto parsed = Specification::parse(
        "openapi: " + version + "\ninfo: {title: Test, version: \"1\"}\n" + paths, "test.yaml",
        options);
    if (!parsed) {
        throw std::runtime_error(to_string(parsed.error()));
    }
    return std::move(*parsed);
}

/// A request whose parts live as long as it does.
struct TestRequest {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::string scheme = "http";
    std::string host = "localhost:8000";

    [[nodiscard]] Verdict check(const Specification& specification) const {
        std::vector<Header> views;
        views.reserve(headers.size());
        for (const auto& [name, value] : headers) {
            views.push_back({name, value});
        }
        return specification.check({method, scheme, host, target, views, body});
    }
};

inline TestRequest get(std::string target,
                       std::vector<std::pair<std::string, std::string>> headers = {}) {
    return {"GET", std::move(target), std::move(headers)};
}

inline TestRequest post(std::string target, std::string type, std::string body) {
    return {"POST", std::move(target), {{"Content-Type", std::move(type)}}, std::move(body)};
}

inline TestRequest post_json(std::string target, std::string body) {
    return post(std::move(target), "application/json", std::move(body));
}

}  // namespace patchbay::openapi
