// SPDX-License-Identifier: Apache-2.0
#include "config/cert_request_reader.hpp"

#include "config/identifier_rules.hpp"
#include "config/map_reader.hpp"

#include <optional>
#include <string_view>

namespace patchbay::config {
namespace {

using Rule = std::optional<std::string> (*)(std::string_view);

std::optional<std::string> not_empty(std::string_view text) {
    return text.empty() ? std::optional<std::string>("must not be empty") : std::nullopt;
}

void read_checked(MapReader& reader, std::string_view key, std::string& target, Rule rule) {
    reader.required(key);
    reader.read(key, target);
    const Value* value = reader.member(key);
    if (value == nullptr || !value->is_string()) {
        return;
    }
    if (const auto problem = rule(value->string())) {
        reader.problem(
            value->location(), "config.bad_value",
            '`' + reader.path_of(key) + "` " + *problem + ", but is " + shown(*value, key));
    }
}

CertRequest read_one(MapReader& reader) {
    CertRequest request;
    request.location = reader.value().location();
    read_checked(reader, "identifier", request.identifier, simple_id_problem);
    read_checked(reader, "ledger_id", request.ledger_id, simple_id_problem);
    read_checked(reader, "not_before", request.not_before, date_problem);
    read_checked(reader, "not_after", request.not_after, date_problem);
    read_checked(reader, "public_key", request.public_key, not_empty);
    read_checked(reader, "save_path", request.save_path, not_empty);
    reader.read("message_format", request.message_format);
    // Days written this way sort as text.
    if (!date_problem(request.not_before) && !date_problem(request.not_after) &&
        request.not_before >= request.not_after) {
        reader.problem(reader.member("not_after")->location(), "config.bad_value",
                       '`' + reader.path_of("not_after") + "` must be later than `not_before` (" +
                           request.not_before + ')');
    }
    return request;
}

}  // namespace

std::vector<CertRequest> read_cert_requests(const Value& value, const std::string& path,
                                            Problems& problems) {
    std::vector<CertRequest> requests;
    if (!value.is_list()) {
        problems.push_back(Error{ErrorClass::invalid, "config.wrong_type",
                                 '`' + path + "` must be a list, but is " + shown(value, path),
                                 value.location()});
        return requests;
    }
    const Value::List& list = value.list();
    for (std::size_t at = 0; at < list.size(); ++at) {
        MapReader reader(list[at], path + '[' + std::to_string(at) + ']', problems);
        if (!reader.is_map()) {
            continue;
        }
        requests.push_back(read_one(reader));
        reader.finish();
        for (std::size_t earlier = 0; earlier < at; ++earlier) {
            if (list[earlier] == list[at]) {
                reader.problem(list[at].location(), "config.duplicate",
                               "the same request stands in line " +
                                   std::to_string(list[earlier].location().line));
            }
        }
    }
    return requests;
}

}  // namespace patchbay::config
