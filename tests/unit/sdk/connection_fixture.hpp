// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tests of the connection classes share.
#pragma once

#include <patchbay/connection.hpp>
#include <patchbay/testing/host_double.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace patchbay {

template <class Type>
std::unique_ptr<testing::HostDouble> make_host(testing::HostOptions options = {}) {
    static constexpr patchbay_class table = connection_class<Type>("Type");
    return std::make_unique<testing::HostDouble>(table, std::move(options));
}

inline Envelope message(std::string text, std::string to = "me") {
    return {std::move(to), "you", "fetchai/default:1.0.0", std::move(text), "", ""};
}

}  // namespace patchbay
