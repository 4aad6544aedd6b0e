// SPDX-License-Identifier: Apache-2.0
/// \file
/// The text of the field `headers` of `valory/http:1.0.0` messages. Upstream writes and reads it
/// with Python's email package, so that is what decides: `Name: value` lines, an empty line at the
/// end, values that are not ASCII as RFC 2047 encoded words when written, and as they stand when
/// read. Unlike upstream, both directions keep every header of a repeated name, in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::protocols {

struct HttpHeaderView {
    std::string_view name;
    std::string_view value;

    friend bool operator==(const HttpHeaderView&, const HttpHeaderView&) = default;
};

/// The text for these headers, each written by `append_header`.
[[nodiscard]] std::string headers_to_text(const std::vector<HttpHeaderView>& headers);
/// The same, appended to `text`, for those who use one string again and again.
void append_headers(std::string& text, const std::vector<HttpHeaderView>& headers);

/// Appends one header's line. A value that is not UTF-8 is taken for ISO-8859-1, as HTTP/1.1 once
/// defined it; line breaks within a value become spaces, so that no header can smuggle in another.
/// A text that ends with its last header still wants an empty line.
void append_header(std::string& text, const HttpHeaderView& header);

/// Steps through the headers of a text; the views point into it. Lines may end in LF, CRLF or CR. A
/// line that is no header ends them, a line that begins with blank continues the value before it
/// (line break and indentation stay inside the value). Allocates nothing.
class HttpHeaderReader {
  public:
    explicit HttpHeaderReader(std::string_view text) noexcept : rest_(text) {}
    /// The next header, or nothing.
    [[nodiscard]] std::optional<HttpHeaderView> next() noexcept;

  private:
    std::string_view rest_;
};

/// All headers of a text.
[[nodiscard]] std::vector<HttpHeaderView> headers_from_text(std::string_view text);
/// The same, into a list whose memory is used again.
void read_headers(std::string_view text, std::vector<HttpHeaderView>& headers);

/// Value of the first header with that name, whatever the case of its letters. Allocates nothing.
[[nodiscard]] std::optional<std::string_view> find_header(std::string_view text,
                                                          std::string_view name) noexcept;

}  // namespace patchbay::protocols
