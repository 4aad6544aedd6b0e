// SPDX-License-Identifier: Apache-2.0
/// \file
/// A service and nothing else: other connections of the host call its method `greeting` with a
/// language and get the words. It exchanges no envelopes.
#include <patchbay/connection.hpp>

#include <string>

namespace {

using patchbay::Awaitable;
using patchbay::ErrorClass;
using patchbay::failure;
using patchbay::Result;

class PhrasesConnection : public patchbay::Connection {
  public:
    using Connection::Connection;

    Awaitable<Result<std::string>> on_call(std::string method, std::string arguments) override {
        if (method != "greeting") {
            co_return co_await Connection::on_call(std::move(method), std::move(arguments));
        }
        // A language is one key of `config: greetings`; dots would reach into other values.
        if (arguments.find('.') == std::string::npos) {
            const auto words = config().find<std::string>("greetings." + arguments);
            if (words && *words) {
                co_return **words;
            }
        }
        co_return failure(ErrorClass::invalid, "phrases.unknown_language",
                          "There is no greeting in '" + arguments + "'.");
    }
};

}  // namespace

PATCHBAY_REGISTER_CONNECTION(PhrasesConnection, "PhrasesConnection", "patchbay/phrases:0.1.0",
                             PATCHBAY_CLASS_OVERLAPS)
