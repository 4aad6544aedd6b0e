// SPDX-License-Identifier: Apache-2.0
#include "openapi/pattern.hpp"

#include <array>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace patchbay::openapi {
namespace {

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using PatternContext = std::unique_ptr<pcre2_compile_context, Free<pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;

// Of the memory with which PCRE2 remembers where to go back to, in KiB.
constexpr std::uint32_t heap_limit = 64 * 1024;
// Beyond any effort: it is the effort that stops a match.
constexpr std::uint32_t match_limit = 0xFFFF'FFFF;

constexpr std::uint32_t ecmascript = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY |
                                     PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |
                                     PCRE2_NEVER_BACKSLASH_C;

/// How far one match has got.
struct Progress {
    Effort* effort;
    std::size_t position = 0;
};

/// PCRE2 calls this before each item of the expression that it tries, wherever in the text. An item
/// may run over a stretch of text; its length is what it cost.
int on_item(pcre2_callout_block* block, void* data) {
    auto& progress = *static_cast<Progress*>(data);
    const std::size_t position = block->current_position;
    const std::size_t stretch =
        position > progress.position ? position - progress.position : progress.position - position;
    progress.position = position;
    return progress.effort->try_spend(1 + stretch) ? 0 : PCRE2_ERROR_CALLOUT;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Has an escaped letter a meaning in ECMAScript?
bool has_meaning(char letter, bool in_class) {
    constexpr std::string_view everywhere = "bBcdDfnprPsStuvwWx";
    return everywhere.find(letter) != std::string_view::npos || (letter == 'k' && !in_class);
}

bool is_class_escape(char letter) {
    return std::string_view("dDsSwWpP").find(letter) != std::string_view::npos;
}

}  // namespace

struct Pattern::Code {
    explicit Code(pcre2_code* compiled) : code(compiled) {}
    std::unique_ptr<pcre2_code, Free<pcre2_code_free>> code;
};

std::string to_pcre2(std::string_view expression) {
    std::string result;
    bool in_class = false;
    bool after_class_escape = false;  // the item just read is one like \w, within a class
    for (std::size_t at = 0; at < expression.size(); ++at) {
        const char c = expression[at];
        const bool was_class_escape = std::exchange(after_class_escape, false);
        if (c == '\\' && at + 1 < expression.size()) {
            const char escaped = expression[++at];
            if (is_letter(escaped) && !has_meaning(escaped, in_class)) {
                result += escaped;
                continue;
            }
            result += c;
            result += escaped;
            if ((escaped == 'p' || escaped == 'P') && at + 1 < expression.size() &&
                expression[at + 1] == '{') {
                const std::size_t end = expression.find('}', at);
                const std::size_t size = end == std::string_view::npos ? 0 : end - at;
                result += expression.substr(at + 1, size);
                at += size;
            }
            after_class_escape = in_class && is_class_escape(escaped);
        } else if (c == '[' && in_class) {
            result += "\\[";  // PCRE2 would look for a POSIX class
        } else if (c == '-' && in_class && was_class_escape) {
            result += "\\-";
        } else {
            in_class = c == '[' || (in_class && c != ']');
            result += c;
        }
    }
    return result;
}

Result<Pattern> Pattern::compile(std::string_view expression) {
    const PatternContext context(pcre2_compile_context_create(nullptr));
    // What `.` does not match.
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);
    pcre2_set_compile_extra_options(context.get(), PCRE2_EXTRA_ALT_BSUX);
    const std::string text = to_pcre2(expression);
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto code = std::make_shared<Code>(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()),
                                                     text.size(), ecmascript | PCRE2_AUTO_CALLOUT,
                                                     &error, &offset, context.get()));
    if (!code->code) {
        std::array<PCRE2_UCHAR, 256> reason{};
        pcre2_get_error_message(error, reason.data(), reason.size());
        return failure(ErrorClass::invalid, "openapi.pattern",
                       '`' + std::string(expression) + "` is not a regular expression: " +
                           reinterpret_cast<const char*>(reason.data()) + " at character " +
                           std::to_string(offset));
    }
    return Pattern(std::move(code));
}

bool Pattern::is_found_in(std::string_view text, Effort& effort) const {
    // What PCRE2 looks at before it tries the first item.
    effort.spend(1 + text.size() / 64);
    const MatchContext context(pcre2_match_context_create(nullptr));
    const MatchData data(pcre2_match_data_create(1, nullptr));
    if (!context || !data) {
        throw EffortExceeded();
    }
    Progress progress{&effort};
    pcre2_set_callout(context.get(), on_item, &progress);
    pcre2_set_match_limit(context.get(), match_limit);
    pcre2_set_heap_limit(context.get(), heap_limit);
    const int found = pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                  text.size(), 0, PCRE2_NO_UTF_CHECK, data.get(), context.get());
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
        throw EffortExceeded();
    }
    return found >= 0;
}

}  // namespace patchbay::openapi
