// SPDX-License-Identifier: Apache-2.0
/// \file
/// The regular expressions of schemas: ECMAScript's, matched by PCRE2. The standard library's own
/// are exponential on hostile input and recurse once per character; here every step is counted, the
/// match stops when the effort is spent, and nothing recurses.
#pragma once

#include "openapi/effort.hpp"

#include <patchbay/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace patchbay::openapi {

/// One compiled expression. Immutable: several threads may match at once.
class Pattern {
  public:
    /// `openapi.pattern` when it is not a regular expression; the message says why and where.
    [[nodiscard]] static Result<Pattern> compile(std::string_view expression);

    /// True when the expression is found in `text`, which must be UTF-8. Throws `EffortExceeded`.
    [[nodiscard]] bool is_found_in(std::string_view text, Effort& effort) const;

  private:
    struct Code;
    explicit Pattern(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

    std::shared_ptr<const Code> code_;
};

/// ECMAScript's liberties that PCRE2 refuses, written as PCRE2 understands them: a `-` beside a
/// class escape (`[\w-.]`) and escaped letters without a meaning (`\_`, `\i`) stand for themselves.
[[nodiscard]] std::string to_pcre2(std::string_view expression);

}  // namespace patchbay::openapi
