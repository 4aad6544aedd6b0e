// SPDX-License-Identifier: Apache-2.0
#include "client_frame.hpp"

#include <array>
#include <new>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

/// A parser of this capacity stays; larger ones go after their frame.
constexpr std::size_t kept_capacity = std::size_t{256} << 10U;
constexpr std::size_t first_capacity = std::size_t{16} << 10U;

constexpr FrameProblem not_json{"invalid_json", "The frame is not valid JSON"};
constexpr FrameProblem not_an_object{"invalid_frame", "The frame is not a JSON object"};
constexpr FrameProblem twice{"invalid_frame", "The frame has a member twice"};
constexpr FrameProblem too_deep{"invalid_json", "The frame is nested too deeply"};

using Slot = std::optional<JsonElement> ClientFrame::*;

struct Known {
    std::string_view name;
    Slot slot;
};

constexpr std::array<Known, 9> known{{
    {"agent_id", &ClientFrame::agent_id},
    {"metadata", &ClientFrame::metadata},
    {"certificate", &ClientFrame::certificate},
    {"force_reconnect", &ClientFrame::force_reconnect},
    {"force", &ClientFrame::force},
    {"timestamp", &ClientFrame::timestamp},
    {"success", &ClientFrame::success},
    {"request_id", &ClientFrame::request_id},
    {"data", &ClientFrame::data},
}};

}  // namespace

FrameReader::FrameReader() {
    trim();
}

void FrameReader::trim() {
    if (!parser_ || parser_->capacity() > kept_capacity) {
        parser_ = std::make_unique<simdjson::dom::parser>();
        if (parser_->allocate(first_capacity, depth_bound) != simdjson::SUCCESS) {
            throw std::bad_alloc();
        }
    }
}

std::optional<JsonElement> FrameReader::parse(std::string_view text, FrameProblem& problem) {
    JsonElement root;
    const auto error = parser_->parse(text.data(), text.size(), false).get(root);
    if (error == simdjson::DEPTH_ERROR) {
        problem = too_deep;
        return std::nullopt;
    }
    if (error != simdjson::SUCCESS) {
        problem = not_json;
        return std::nullopt;
    }
    return root;
}

std::optional<ClientFrame> FrameReader::read(std::string_view text, FrameProblem& problem) {
    const std::optional<JsonElement> root = parse(text, problem);
    if (!root) {
        return std::nullopt;
    }
    simdjson::dom::object object;
    if (root->get(object) != simdjson::SUCCESS) {
        problem = not_an_object;
        return std::nullopt;
    }
    ClientFrame frame;
    frame.root = *root;
    std::string_view type;
    unsigned seen = 0;
    const auto is_first = [&](unsigned bit) {
        const bool first = (seen & (1U << bit)) == 0;
        seen |= 1U << bit;
        return first;
    };
    for (const simdjson::dom::key_value_pair& member : object) {
        bool first = true;
        if (member.key == "type") {
            first = is_first(30);
            type = text_of(member.value).value_or(std::string_view());
        } else if (member.key == "command") {
            first = is_first(31);
            frame.command = text_of(member.value).value_or(std::string_view());
        } else {
            for (unsigned i = 0; i < known.size(); ++i) {
                if (member.key == known[i].name) {
                    first = is_first(i);
                    if (!member.value.is_null()) {
                        frame.*known[i].slot = member.value;
                    }
                    break;
                }
            }
        }
        // Of two members, readers see different ones.
        if (!first) {
            problem = twice;
            return std::nullopt;
        }
    }
    if (type == "system_request") {
        frame.kind = FrameKind::request;
    } else if (type == "system_response") {
        frame.kind = FrameKind::response;
    } else {
        frame.wrapped = type == "message";
    }
    return frame;
}

std::optional<std::string_view> text_of(const std::optional<JsonElement>& element) {
    std::string_view text;
    if (!element || element->get(text) != simdjson::SUCCESS) {
        return std::nullopt;
    }
    return text;
}

std::string_view text_at(const JsonElement& object, std::string_view name) {
    std::string_view text;
    const bool found = object.is_object() && object.at_key(name).get(text) == simdjson::SUCCESS;
    return found ? text : std::string_view();
}

bool is_truthy(const std::optional<JsonElement>& element) {
    if (!element) {
        return false;
    }
    using Type = simdjson::dom::element_type;
    switch (element->type()) {
        case Type::ARRAY:
            return simdjson::dom::array(*element).size() != 0;
        case Type::OBJECT:
            return simdjson::dom::object(*element).size() != 0;
        case Type::INT64:
            return std::int64_t(*element) != 0;
        case Type::UINT64:
            return std::uint64_t(*element) != 0;
        case Type::DOUBLE:
            return double(*element) != 0;
        case Type::STRING:
            return !std::string_view(*element).empty();
        case Type::BOOL:
            return bool(*element);
        case Type::NULL_VALUE:
            break;
    }
    return false;
}

std::string json_of(const JsonElement& element) {
    return simdjson::minify(element);
}

}  // namespace patchbay::agent_gateway
