// SPDX-License-Identifier: Apache-2.0
/// \file
/// JSON is read as the YAML that it is, but for one difference: JSON writes characters beyond
/// U+FFFF as two surrogates (`\ud83d\ude00`), which YAML refuses. Each pair is rewritten as YAML's
/// `\U0001f600`, and where that was done is remembered, so that places stay those of the file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

struct JoinedEscapes {
    std::string text;
    /// Offsets in `text` just behind each rewritten pair, in ascending order.
    std::vector<std::size_t> rewritten;

    /// By how many characters the file is longer than `text` between two offsets of `text`.
    [[nodiscard]] std::size_t shortened_between(std::size_t from, std::size_t to) const;
};

/// `text` as it is unless it begins as a JSON object does.
[[nodiscard]] JoinedEscapes join_surrogates(std::string_view text);

}  // namespace patchbay::openapi
