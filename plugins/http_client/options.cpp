// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "text.hpp"

#include <patchbay/config_access.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

namespace patchbay::http_client {

namespace {

/// The longest time limit, so that sums of times stay far from the end of the clock.
constexpr double longest_seconds = 366.0 * 24 * 3600;

[[noreturn]] void refuse(const std::string& key, const std::string& expected) {
    throw ConfigError({ErrorClass::invalid, "config.out_of_range",
                       "The config key '" + key + "' must be " + expected + "."});
}

std::chrono::nanoseconds seconds(const Config& config, const std::string& key,
                                 double default_value) {
    const double value = config.get<double>(key, default_value);
    if (!(value >= 0 && value <= longest_seconds)) {
        refuse(key, "a number of seconds from 0 to " + std::to_string(longest_seconds));
    }
    return std::chrono::nanoseconds(std::llround(value * 1e9));
}

template <class Number>
Number at_least(const Config& config, const std::string& key, Number default_value,
                Number minimum) {
    const auto value = config.get<Number>(key, default_value);
    if (value < minimum) {
        refuse(key, "at least " + std::to_string(minimum));
    }
    return value;
}

RedirectPolicy read_redirects(const Config& config) {
    constexpr std::uint32_t usual_limit = 10;
    // Null too is found.
    if (const auto number = config.find<std::uint32_t>("redirects")) {
        return {number->value_or(usual_limit), false};
    }
    const auto text = config.find<std::string>("redirects");
    if (text && *text == "off") {
        return {0, false};
    }
    if (text && *text == "same-origin") {
        return {usual_limit, true};
    }
    refuse("redirects", "off, same-origin, or the number of redirects to follow");
}

template <class Value>
Value or_throw(Result<Value> result) {
    if (!result) {
        throw ConfigError(std::move(result.error()));
    }
    return std::move(*result);
}

ProxyRules read_proxy(const Config& config) {
    const auto chosen = config.get<std::string>("proxy", "none");
    ProxyRules rules;
    if (chosen == "environment") {
        rules = or_throw(ProxyRules::from_environment(
            [](const char* name) -> const char* { return std::getenv(name); }));
    } else if (chosen != "none") {
        rules.for_http = rules.for_https = or_throw(Proxy::parse(chosen));
    }
    for (const std::string& entry :
         config.get<std::vector<std::string>>("no_proxy", std::vector<std::string>())) {
        rules.direct.add(entry);
    }
    return rules;
}

AccessRules read_access(const Config& config) {
    AccessRules rules;
    for (const std::string& text :
         config.get<std::vector<std::string>>("allowed_origins", std::vector<std::string>())) {
        rules.allowed_origins.push_back(or_throw(OriginPattern::parse(text)));
    }
    rules.refuse_private_addresses = config.get<bool>("refuse_private_addresses", false);
    return rules;
}

std::string read_path(const Host& host, const std::string& key) {
    const auto path = host.config().get<std::string>(key, "");
    return path.empty() ? path : (std::filesystem::path(host.data_folder()) / path).string();
}

net::TlsClientOptions read_tls(const Host& host) {
    net::TlsClientOptions options;
    options.verify = host.config().get<bool>("verify", true);
    options.ca_file = read_path(host, "ca_file");
    options.certificate_file = read_path(host, "client_certificate");
    options.key_file = read_path(host, "client_key");
    if (options.certificate_file.empty() != options.key_file.empty()) {
        throw ConfigError({ErrorClass::invalid, "config.missing",
                           "The config keys 'client_certificate' and 'client_key' are given "
                           "together or not at all."});
    }
    return options;
}

std::string read_forward(const Config& config) {
    auto text = config.get<std::string>("forward_to", "");
    if (text.empty()) {
        return text;
    }
    const auto url = parse_url(text);
    if (!url || !url->userinfo.empty() || !(url->target.empty() || url->target == "/") ||
        text.find_first_of("#?") != std::string::npos) {
        // What it is now may have a password in it, and is not repeated.
        throw ConfigError({ErrorClass::invalid, "config.bad_origin",
                           "The config key 'forward_to' is no origin; expected "
                           "scheme://host[:port], such as http://127.0.0.1:9000, without a user "
                           "or a path."});
    }
    return std::string(url->prefix);
}

}  // namespace

Options Options::read(const Host& host) {
    const Config& config = host.config();
    // Upstream also demands `host` and `port`, and uses them for nothing: the URL is in the
    // request.
    Options options;
    options.times.total = seconds(config, "timeout", 300);
    if (options.times.total == std::chrono::nanoseconds::zero()) {
        refuse("timeout", "more than 0 seconds");
    }
    options.times.connect = seconds(config, "connect_timeout", 30);
    options.times.tls = seconds(config, "tls_timeout", 30);
    options.times.first_byte = seconds(config, "first_byte_timeout", 0);
    options.times.idle = seconds(config, "idle_timeout", 15);

    options.connections.per_origin =
        at_least<std::uint32_t>(config, "connections_per_origin", 256, 1);
    options.connections.total = at_least<std::uint32_t>(config, "connections", 1024, 1);
    options.connections.waiting = config.get<std::uint32_t>("max_waiting", 1024);

    options.response.body = config.get<std::uint32_t>("max_response_size", 16U << 20U);
    options.response.header = at_least<std::uint32_t>(config, "max_header_size", 65536, 256);
    options.response.header_count = at_least<std::uint32_t>(config, "max_header_count", 256, 1);

    options.redirects = read_redirects(config);
    options.retries.limit = config.get<std::uint32_t>("retries", 0);
    options.retries.delay = seconds(config, "retry_delay", 0.5);
    options.resolver.threads = at_least<std::uint32_t>(config, "resolver_threads", 4, 1);
    options.resolver.cache_time = seconds(config, "dns_cache", 30);
    options.access = read_access(config);
    options.proxy = read_proxy(config);
    options.tls = read_tls(host);
    options.forward_to = read_forward(config);
    if (!options.forward_to.empty()) {
        options.redirects = {};
    }

    options.user_agent = config.get<std::string>("user_agent", "patchbay-http-client");
    for (const char c : options.user_agent) {
        if (is_control(c)) {
            refuse("user_agent", "text without control characters");
        }
    }
    options.decompress = config.get<bool>("decompress", true);
    return options;
}

}  // namespace patchbay::http_client
