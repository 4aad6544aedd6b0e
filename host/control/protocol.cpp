// SPDX-License-Identifier: Apache-2.0
#include "control/protocol.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace patchbay::control {

namespace {

constexpr std::array<std::pair<ErrorClass, std::string_view>, 5> classes = {{
    {ErrorClass::failed, "failed"},
    {ErrorClass::overloaded, "overloaded"},
    {ErrorClass::disconnected, "disconnected"},
    {ErrorClass::unsupported, "unsupported"},
    {ErrorClass::invalid, "invalid"},
}};

/// Texts may hold bytes from outside: what is not UTF-8 is replaced.
std::string line_of(const nlohmann::json& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

tl::unexpected<Error> malformed(std::string message) {
    return failure(ErrorClass::invalid, "control.malformed", std::move(message));
}

}  // namespace

Request::Request() : arguments(std::make_unique<nlohmann::json>(nlohmann::json::object())) {}
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

Result<Request> parse_request(std::string_view line) {
    nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) {
        return malformed("The request is not one JSON object in one line.");
    }
    Request request;
    const auto id = json.find("id");
    if (id != json.end()) {
        if (!id->is_number_integer()) {
            return malformed("The request's `id` is not an integer.");
        }
        request.id = id->get<std::int64_t>();
    }
    const auto verb = json.find("verb");
    if (verb == json.end() || !verb->is_string()) {
        return malformed("The request has no `verb`, or it is not a text.");
    }
    request.verb = verb->get<std::string>();
    const auto arguments = json.find("arguments");
    if (arguments != json.end()) {
        if (!arguments->is_object()) {
            return malformed("The request's `arguments` are not an object.");
        }
        *request.arguments = std::move(*arguments);
    }
    return request;
}

std::string request_line(std::int64_t id, std::string_view verb, const nlohmann::json& arguments) {
    return line_of({{"id", id}, {"verb", verb}, {"arguments", arguments}});
}

std::string result_line(std::int64_t id, const nlohmann::json& result) {
    return line_of({{"id", id}, {"ok", true}, {"result", result}});
}

std::string item_line(std::int64_t id, const nlohmann::json& item) {
    return line_of({{"id", id}, {"item", item}});
}

std::string failure_line(std::int64_t id, const Error& error) {
    return line_of({{"id", id}, {"ok", false}, {"error", to_json(error)}});
}

nlohmann::json to_json(const Error& error) {
    nlohmann::json json = {
        {"class", to_string(error.error_class)}, {"code", error.code}, {"message", error.message}};
    if (!error.location.file.empty()) {
        json["file"] = error.location.file;
        if (error.location.line != 0) {
            json["line"] = error.location.line;
            json["column"] = error.location.column;
        }
    }
    return json;
}

Error error_from(const nlohmann::json& json) {
    Error error;
    if (!json.is_object()) {
        return error;
    }
    const auto text = [&json](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
    };
    const auto number = [&json](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_number_unsigned() ? found->get<std::uint32_t>()
                                                                  : 0U;
    };
    const std::string name = text("class");
    for (const auto& [error_class, class_name] : classes) {
        if (class_name == name) {
            error.error_class = error_class;
        }
    }
    error.code = text("code");
    error.message = text("message");
    error.location = {text("file"), number("line"), number("column")};
    return error;
}

std::string_view to_string(ErrorClass error_class) {
    for (const auto& [known, name] : classes) {
        if (known == error_class) {
            return name;
        }
    }
    return "failed";
}

}  // namespace patchbay::control
