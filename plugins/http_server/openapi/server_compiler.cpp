// SPDX-License-Identifier: Apache-2.0
#include "openapi/server_compiler.hpp"

#include "openapi/fields.hpp"
#include "openapi/percent_coding.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::openapi {
namespace {

constexpr std::size_t max_urls = 64;
constexpr std::array<std::string_view, 4> server_fields{"url", "description", "name", "variables"};
constexpr std::array<std::string_view, 3> variable_fields{"enum", "default", "description"};

/// What a variable may stand for; empty after a problem.
std::vector<std::string> values_of(const Node& variable, Problems& problems) {
    const Fields fields(variable, "a server variable", problems);
    fields.allow_only(variable_fields);
    const Node* fallback = fields.required("default", Node::Kind::text);
    std::vector<std::string> values;
    if (const Node* list = fields.optional("enum", Node::Kind::list)) {
        for (const Node& value : list->list()) {
            if (value.is_text()) {
                values.push_back(value.text());
            } else {
                problems.add(value.place(), "openapi.server",
                             "the values of a server variable must be texts");
            }
        }
    }
    if (values.empty() && fallback != nullptr) {
        values.push_back(fallback->text());
    }
    return values;
}

/// The URLs that a template stands for.
std::vector<std::string> expand(const Node& url, const Node* variables, Problems& problems) {
    const auto refuse = [&](const std::string& reason) {
        problems.add(url.place(), "openapi.server",
                     "the server's URL `" + url.text() + "` " + reason);
        return std::vector<std::string>();
    };
    std::vector<std::string> urls{""};
    std::string_view rest = url.text();
    while (!rest.empty()) {
        const std::size_t open = rest.find('{');
        for (std::string& text : urls) {
            text += rest.substr(0, open);
        }
        if (open == std::string_view::npos) {
            break;
        }
        const std::size_t close = rest.find('}', open);
        if (close == std::string_view::npos) {
            return refuse("has a brace without its counterpart");
        }
        const std::string_view name = rest.substr(open + 1, close - open - 1);
        rest.remove_prefix(close + 1);
        const Node* variable = variables == nullptr ? nullptr : variables->find(name);
        if (variable == nullptr) {
            return refuse("has the variable `" + std::string(name) +
                          "`, which `variables` does not define");
        }
        const std::vector<std::string> values = values_of(*variable, problems);
        if (values.size() * urls.size() > max_urls) {
            return refuse("stands for more than " + std::to_string(max_urls) + " URLs");
        }
        std::vector<std::string> longer;
        for (const std::string& text : urls) {
            std::transform(values.begin(), values.end(), std::back_inserter(longer),
                           [&text](const std::string& value) { return text + value; });
        }
        urls = std::move(longer);
    }
    return urls;
}

std::optional<BasePath> base_path(std::string_view path) {
    BasePath base;
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(segment.size() + 1, path.size()));
        auto decoded = percent_decoded(segment);
        if (!decoded || decoded == "..") {
            return std::nullopt;
        }
        if (!decoded->empty() && decoded != ".") {
            base.push_back(std::move(*decoded));
        }
    }
    return base;
}

std::optional<Server> parse_url(std::string_view url) {
    Server server;
    std::string_view scheme;
    if (const std::size_t end = url.find("://"); end != std::string_view::npos) {
        scheme = url.substr(0, end);
        url.remove_prefix(end + 1);
    }
    if (url.starts_with("//")) {
        url.remove_prefix(2);
        const std::string_view authority = url.substr(0, url.find('/'));
        server.host = normal_host(scheme, authority);
        url.remove_prefix(authority.size());
        if (authority.empty() || authority.find('@') != std::string_view::npos) {
            return std::nullopt;
        }
    }
    auto base = base_path(url);
    if (!base || url.find_first_of("?#") != std::string_view::npos) {
        return std::nullopt;
    }
    server.base = std::move(*base);
    return server;
}

}  // namespace

Servers compile_servers(const Node& list, Problems& problems) {
    Servers servers;
    if (!list.is_list()) {
        problems.add(list.place(), "openapi.structure",
                     "`servers` must be a list, not " + std::string(describe(list.kind())));
        return servers;
    }
    for (const Node& entry : list.list()) {
        const Fields fields(entry, "a server", problems);
        fields.allow_only(server_fields);
        const Node* url = fields.required("url", Node::Kind::text);
        const Node* variables = fields.optional("variables", Node::Kind::map);
        if (url == nullptr) {
            continue;
        }
        for (const std::string& text : expand(*url, variables, problems)) {
            if (auto server = parse_url(text)) {
                servers.push_back(std::move(*server));
            } else {
                problems.add(url->place(), "openapi.server",
                             "`" + text +
                                 "` is not the URL of a server: a path, or a scheme, host "
                                 "and path");
            }
        }
    }
    return servers;
}

}  // namespace patchbay::openapi
