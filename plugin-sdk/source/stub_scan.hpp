// SPDX-License-Identifier: Apache-2.0
/// \file
/// Recognises the parts of the stub format in a text that may be cut anywhere. Nothing here
/// allocates; the decoder decides what to make of the findings.
#pragma once

#include <patchbay/envelope.hpp>

#include <cstddef>
#include <string_view>

namespace patchbay::stub {

/// White space of Python's `strip`, and NUL.
[[nodiscard]] bool is_blank(char c) noexcept;

/// First position from `at` on that is not blank; the size of the text when there is none.
[[nodiscard]] std::size_t skip_blank(std::string_view text, std::size_t at) noexcept;

enum class HeaderState : unsigned char {
    complete,        ///< three fields; whether they make an envelope is another question
    incomplete,      ///< the text ends before the third comma
    line_ends,       ///< a newline comes before the third comma
    field_too_long,  ///< no comma within the limit
};

struct Header {
    HeaderState state = HeaderState::incomplete;
    EnvelopeView fields;            ///< to, sender and protocol_id, trimmed; when complete
    std::size_t message_begin = 0;  ///< position after the third comma; when complete
};

/// Reads the three fields before a message, from the first byte that is not blank.
[[nodiscard]] Header read_header(std::string_view text, std::size_t at,
                                 std::size_t max_field) noexcept;

enum class MessageState : unsigned char {
    complete,    ///< a wrapper message, followed by a comma
    incomplete,  ///< so far it is one, and the text ends
    opaque,      ///< not a wrapper message
};

struct MessageEnd {
    MessageState state = MessageState::opaque;
    /// Position of the comma when complete, the least position of it when incomplete.
    std::size_t comma = 0;
};

/// Follows the lengths inside the message that begins at `begin`.
[[nodiscard]] MessageEnd find_message_end(std::string_view text, std::size_t begin) noexcept;

enum class Follows : unsigned char {
    line,       ///< a header that makes sense: the separator ended a line
    blank,      ///< nothing but blanks up to the end of the text
    undecided,  ///< the beginning of what may be a header
    other,      ///< no line
};

struct Separator {
    std::size_t position = 0;  ///< of a comma or newline; npos when there is none
    std::size_t next = 0;      ///< first position behind it that is not blank
    Follows follows = Follows::other;
};

/// The next comma or newline from `at` on, and what comes behind it.
[[nodiscard]] Separator next_separator(std::string_view text, std::size_t at,
                                       std::size_t max_field) noexcept;

}  // namespace patchbay::stub
