// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every decoder of the SDK must keep to for any input. Shared by the libFuzzer programs and
/// by the deterministic test of mutated inputs; a broken promise ends the program.
#pragma once

#include <string_view>

namespace patchbay::fuzz {

/// Accepted envelopes can be written again and then read back equal.
void envelope(std::string_view input);
/// The same for messages of the default and http protocols.
void messages(std::string_view input);
/// Any text of headers can be read; what was read survives writing and reading, if it is plain.
void http_headers(std::string_view input);
/// Lines lie in the stream in order, without overlap, whatever the pieces it comes in; the pieces
/// do not change how many envelopes of self-delimiting messages come out.
void stub(std::string_view input);
/// Dialogues stay within their bounds for any sequence of messages.
void dialogues(std::string_view input);

}  // namespace patchbay::fuzz
