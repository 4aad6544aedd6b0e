// SPDX-License-Identifier: Apache-2.0
#include "identity/strict_json.hpp"

#include <patchbay/utf8.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::identity {

namespace {

namespace ondemand = simdjson::ondemand;

/// What a thread needs to read an object, kept because making it costs more than reading.
struct Scratch {
    ondemand::parser parser;
    std::vector<char> text;
    /// Names in the objects that are open, the innermost at the end.
    std::vector<std::string_view> names;
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view without_space_at_the_end(std::string_view token) {
    const std::size_t last = token.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? std::string_view() : token.substr(0, last + 1);
}

bool is_number(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t start = at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        return at > start;
    };
    const auto have = [&](std::string_view any) {
        const bool found = at < text.size() && any.find(text[at]) != std::string_view::npos;
        at += found ? 1 : 0;
        return found;
    };
    (void)have("-");
    if (!have("0") && !digits()) {
        return false;
    }
    if (have(".") && !digits()) {
        return false;
    }
    if (have("eE")) {
        (void)have("+-");
        if (!digits()) {
            return false;
        }
    }
    return at == text.size();
}

class Walk {
  public:
    Walk(Scratch& scratch, std::span<WantedMember> wanted, const StrictJsonLimits& limits)
        : scratch_(scratch), wanted_(wanted), limits_(limits) {
        scratch_.names.clear();
    }

    /// Empty when it is what it should be; else what is wrong.
    std::string object(ondemand::object object, bool outermost) {
        if (++depth_ > limits_.depth) {
            return "is nested deeper than " + std::to_string(limits_.depth);
        }
        const std::size_t first_name = scratch_.names.size();
        for (auto field : object) {
            std::string_view name;
            if (field.error() != simdjson::SUCCESS) {
                return json_error(field.error());
            }
            if (const auto error = field.unescaped_key().get(name)) {
                return json_error(error);
            }
            if (++members_ > limits_.members) {
                return "has more than " + std::to_string(limits_.members) + " members";
            }
            const auto begin = scratch_.names.begin() + static_cast<std::ptrdiff_t>(first_name);
            if (std::find(begin, scratch_.names.end(), name) != scratch_.names.end()) {
                return "has a member twice: " + std::string(name.substr(0, 64));
            }
            scratch_.names.push_back(name);
            ondemand::value value;
            if (const auto error = field.value().get(value)) {
                return json_error(error);
            }
            WantedMember* wanted = outermost ? find(name) : nullptr;
            std::string problem = this->value(value, wanted);
            if (!problem.empty()) {
                return problem;
            }
        }
        scratch_.names.resize(first_name);
        --depth_;
        return {};
    }

    static std::string json_error(simdjson::error_code error) {
        return std::string("is not strict JSON: ") + simdjson::error_message(error);
    }

  private:
    WantedMember* find(std::string_view name) {
        const auto found =
            std::find_if(wanted_.begin(), wanted_.end(),
                         [name](const WantedMember& member) { return member.name == name; });
        return found == wanted_.end() ? nullptr : &*found;
    }

    std::string value(ondemand::value value, WantedMember* wanted) {
        ondemand::json_type type{};
        if (const auto error = value.type().get(type)) {
            return json_error(error);
        }
        if (wanted != nullptr &&
            type != (wanted->kind == MemberKind::text ? ondemand::json_type::string
                                                      : ondemand::json_type::number)) {
            return "has the member " + std::string(wanted->name) + " that is not a " +
                   (wanted->kind == MemberKind::text ? "text" : "number");
        }
        switch (type) {
            case ondemand::json_type::object: {
                ondemand::object inner;
                const auto error = value.get_object().get(inner);
                return error ? json_error(error) : object(inner, false);
            }
            case ondemand::json_type::array:
                return array(value);
            case ondemand::json_type::string: {
                std::string_view text;
                if (const auto error = value.get_string().get(text)) {
                    return json_error(error);
                }
                return keep(wanted, text);
            }
            case ondemand::json_type::number: {
                const std::string_view token = without_space_at_the_end(value.raw_json_token());
                // Not moved on here: the iteration skips what was only looked at.
                return is_number(token) ? keep(wanted, token) : "has a number that is none in JSON";
            }
            case ondemand::json_type::boolean: {
                bool ignored = false;
                const auto error = value.get_bool().get(ignored);
                return error ? json_error(error) : std::string();
            }
            case ondemand::json_type::null: {
                bool is_null = false;
                const auto error = value.is_null().get(is_null);
                return error || !is_null ? json_error(error ? error : simdjson::N_ATOM_ERROR)
                                         : std::string();
            }
        }
        return json_error(simdjson::INCORRECT_TYPE);
    }

    std::string array(ondemand::value& value) {
        if (++depth_ > limits_.depth) {
            return "is nested deeper than " + std::to_string(limits_.depth);
        }
        ondemand::array items;
        if (const auto error = value.get_array().get(items)) {
            return json_error(error);
        }
        for (auto item : items) {
            ondemand::value element;
            if (const auto error = item.get(element)) {
                return json_error(error);
            }
            std::string problem = this->value(element, nullptr);
            if (!problem.empty()) {
                return problem;
            }
        }
        --depth_;
        return {};
    }

    static std::string keep(WantedMember* wanted, std::string_view value) {
        if (wanted != nullptr) {
            wanted->value = value;
            wanted->found = true;
        }
        return {};
    }

    Scratch& scratch_;
    std::span<WantedMember> wanted_;
    const StrictJsonLimits& limits_;
    std::size_t depth_ = 0;
    std::size_t members_ = 0;
};

}  // namespace

Result<void> read_object(std::string_view json, std::span<WantedMember> wanted,
                         const StrictJsonLimits& limits, std::string_view subject,
                         std::string_view code) {
    const auto refuse = [&](const std::string& what) {
        return failure(ErrorClass::invalid, std::string(code),
                       std::string(subject) + ' ' + what + '.');
    };
    if (json.size() > limits.bytes) {
        return refuse("has " + std::to_string(json.size()) + " bytes; at most " +
                      std::to_string(limits.bytes) + " are read");
    }
    if (!is_utf8(json)) {
        return refuse("is not UTF-8");
    }
    thread_local Scratch scratch;
    scratch.text.resize(std::max(scratch.text.size(), json.size() + simdjson::SIMDJSON_PADDING));
    std::copy(json.begin(), json.end(), scratch.text.begin());
    std::fill_n(scratch.text.begin() + static_cast<std::ptrdiff_t>(json.size()),
                simdjson::SIMDJSON_PADDING, ' ');
    ondemand::document document;
    if (const auto error =
            scratch.parser.iterate(scratch.text.data(), json.size(), scratch.text.size())
                .get(document)) {
        return refuse(Walk::json_error(error));
    }
    ondemand::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) {
        return refuse("is not a JSON object");
    }
    Walk walk(scratch, wanted, limits);
    const std::string problem = walk.object(object, true);
    if (!problem.empty()) {
        return refuse(problem);
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
        return refuse("is followed by something else");
    }
    return {};
}

}  // namespace patchbay::identity
