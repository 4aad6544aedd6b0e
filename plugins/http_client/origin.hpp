// SPDX-License-Identifier: Apache-2.0
/// \file
/// A scheme, host and port, with the connections to it and the requests that wait for one.
#pragma once

#include "exchange.hpp"
#include "persistent_connection.hpp"
#include "proxy.hpp"
#include "url.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace patchbay::http_client {

template <class Item>
using IntrusiveList = boost::intrusive::list<Item, boost::intrusive::constant_time_size<false>>;

/// As an item of a list it has a place among the origins that could use a connection more.
class Origin final : public IntrusiveHook {
  public:
    Origin(const Url& url, const Proxy* through)
        : key(origin_text(url)),
          is_tls(url.is_tls),
          host(url.host),
          port(url.port),
          host_header(host_text(url)),
          authority(host_text(url, true)),
          proxy(through) {}

    const std::string key;
    const bool is_tls;
    /// Without brackets.
    const std::string host;
    const std::uint16_t port;
    /// Value of Host.
    const std::string host_header;
    /// `host:port`, for CONNECT.
    const std::string authority;
    /// Null: reached directly.
    const Proxy* const proxy;

    /// Open connections, those being opened included.
    std::size_t connections = 0;
    /// The latest used first.
    IntrusiveList<PersistentConnection> idle;
    IntrusiveList<Exchange> waiting;
};

}  // namespace patchbay::http_client
