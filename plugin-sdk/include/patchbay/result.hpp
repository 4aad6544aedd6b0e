// SPDX-License-Identifier: Apache-2.0
/// \file
/// Expected failures. Every function of the SDK and of the host that can fail for a reason that its
/// caller must handle returns a `Result`; exceptions are for construction only and never cross the
/// C ABI.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace patchbay {

/// What the caller should do about a failure. The numbers are those of `patchbay_status` in abi.h.
enum class ErrorClass : std::int32_t {
    failed = -1,        ///< report it; trying again does not help by itself
    overloaded = -2,    ///< back off and try again later
    disconnected = -3,  ///< reconnect, then try again
    unsupported = -4,   ///< fall back to something else
    invalid = -5,       ///< the caller's own input is wrong; correct it
};

/// A place in a text file from outside. Lines and columns count from 1; 0 means unknown.
struct SourceLocation {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

/// One expected failure: a class for the program, a stable code for tools, a text for people.
struct Error {
    ErrorClass error_class = ErrorClass::failed;
    /// Stable, lower-case, dotted name of the cause ("envelope.mixed_addresses"). Never translated.
    std::string code;
    /// Complete sentence that names the file, key or id and says what was expected.
    std::string message;
    /// Where in a file from outside; `file` is empty when the failure has no such place.
    SourceLocation location{};
};

/// "file:line:column: message [code]", without the parts that are unknown.
[[nodiscard]] inline std::string to_string(const Error& error) {
    std::string text;
    if (!error.location.file.empty()) {
        text += error.location.file;
        if (error.location.line != 0) {
            text += ':' + std::to_string(error.location.line);
            if (error.location.column != 0) {
                text += ':' + std::to_string(error.location.column);
            }
        }
        text += ": ";
    }
    text += error.message;
    if (!error.code.empty()) {
        text += " [" + error.code + ']';
    }
    return text;
}

template <class T>
using Result = tl::expected<T, Error>;

/// The failing half of a `Result`, for `return failure(...)`.
[[nodiscard]] inline tl::unexpected<Error> failure(ErrorClass error_class, std::string code,
                                                   std::string message,
                                                   SourceLocation location = {}) {
    return tl::unexpected<Error>(
        Error{error_class, std::move(code), std::move(message), std::move(location)});
}

}  // namespace patchbay
