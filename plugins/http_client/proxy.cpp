// SPDX-License-Identifier: Apache-2.0
#include "proxy.hpp"

#include "text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <charconv>
#include <cstddef>
#include <utility>

namespace patchbay::http_client {

namespace {

namespace ip = boost::asio::ip;

bool is_in_range(std::string_view host, std::string_view network, std::uint8_t prefix) {
    boost::system::error_code error;
    const ip::address address = ip::make_address(std::string(host).c_str(), error);
    if (error) {
        return false;
    }
    const ip::address base = ip::make_address(std::string(network).c_str(), error);
    if (error || address.is_v4() != base.is_v4()) {
        return false;
    }
    if (base.is_v4()) {
        return ip::make_network_v4(base.to_v4(), prefix).canonical() ==
               ip::make_network_v4(address.to_v4(), prefix).canonical();
    }
    return ip::make_network_v6(base.to_v6(), prefix).canonical() ==
           ip::make_network_v6(address.to_v6(), prefix).canonical();
}

/// "host:port" taken apart; an IPv6 address counts as such with its brackets, or when it has
/// several colons.
std::pair<std::string_view, std::uint16_t> split_port(std::string_view entry) {
    const std::size_t colon = entry.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string_view::npos &&
        (entry.find(':') == colon || (entry.front() == '[' && entry[colon - 1] == ']'))) {
        std::from_chars(entry.data() + colon + 1, entry.data() + entry.size(), port);
        entry = entry.substr(0, colon);
    }
    if (entry.size() >= 2 && entry.front() == '[' && entry.back() == ']') {
        entry = entry.substr(1, entry.size() - 2);
    }
    return {entry, port};
}

}  // namespace

Result<Proxy> Proxy::parse(std::string_view text) {
    // Neither the text nor its parse error may be shown: they hold the password.
    const auto bad = [](std::string why) {
        return failure(ErrorClass::invalid, "config.bad_proxy",
                       "The proxy's URL cannot be used: " + std::move(why));
    };
    std::string full(text);
    if (const std::size_t scheme = full.find("://"); scheme == std::string::npos) {
        full.insert(0, "http://");
    } else if (!equals_ignoring_case(std::string_view(full).substr(0, scheme), "http")) {
        return bad("only proxies that speak http are supported, so it must begin with http://.");
    }
    const auto url = parse_url(full);
    if (!url) {
        return bad(url.error().message);
    }
    if (!url->target.empty() && url->target != "/") {
        return bad("it must have neither path nor query.");
    }
    return Proxy{std::string(url->host), url->port,
                 url->userinfo.empty() ? std::string() : basic_authorization(url->userinfo)};
}

void NoProxy::add(std::string_view entry) {
    if (entry == "*") {
        all_ = true;
        return;
    }
    Entry added;
    if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
        const std::string_view network = split_port(entry.substr(0, slash)).first;
        boost::system::error_code error;
        const ip::address address = ip::make_address(std::string(network).c_str(), error);
        const char* end = entry.data() + entry.size();
        const auto [stop, wrong] = std::from_chars(entry.data() + slash + 1, end, added.prefix);
        if (error || wrong != std::errc{} || stop != end ||
            added.prefix > (address.is_v4() ? 32 : 128)) {
            return;  // others that read the variable ignore it, too
        }
        added.host = network;
        added.is_range = true;
    } else {
        const auto [host, port] = split_port(entry);
        added.host = lower_case(host.starts_with("*.")  ? host.substr(2)
                                : host.starts_with('.') ? host.substr(1)
                                                        : host);
        added.port = port;
    }
    if (!added.host.empty()) {
        entries_.push_back(std::move(added));
    }
}

bool NoProxy::matches(const Url& url) const {
    if (all_) {
        return true;
    }
    for (const Entry& entry : entries_) {
        if (entry.is_range) {
            if (is_in_range(url.host, entry.host, entry.prefix)) {
                return true;
            }
            continue;
        }
        if (entry.port != 0 && entry.port != url.port) {
            continue;
        }
        if (equals_ignoring_case(url.host, entry.host)) {
            return true;
        }
        const std::size_t size = entry.host.size();
        if (url.host.size() > size && url.host[url.host.size() - size - 1] == '.' &&
            equals_ignoring_case(url.host.substr(url.host.size() - size), entry.host)) {
            return true;
        }
    }
    return false;
}

Result<ProxyRules> ProxyRules::from_environment(
    const std::function<const char*(const char*)>& variable) {
    const auto value = [&](std::initializer_list<const char*> names) {
        for (const char* name : names) {
            const char* text = variable(name);
            if (text != nullptr && *text != '\0') {
                return std::string_view(text);
            }
        }
        return std::string_view();
    };
    ProxyRules rules;
    for (const auto& [chosen, text] :
         {std::pair{&rules.for_http, value({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})},
          std::pair{&rules.for_https,
                    value({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})}}) {
        if (text.empty()) {
            continue;
        }
        auto proxy = Proxy::parse(text);
        if (!proxy) {
            return tl::unexpected<Error>(std::move(proxy.error()));
        }
        *chosen = std::move(*proxy);
    }
    for_each_entry(value({"no_proxy", "NO_PROXY"}),
                   [&](std::string_view entry) { rules.direct.add(entry); });
    return rules;
}

const Proxy* ProxyRules::proxy_for(const Url& url) const {
    const std::optional<Proxy>& proxy = url.is_tls ? for_https : for_http;
    return proxy && !direct.matches(url) ? &*proxy : nullptr;
}

}  // namespace patchbay::http_client
