// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who a client is when trusted proxies may stand between.
#pragma once

#include "options.hpp"
#include "request_head.hpp"

#include <patchbay/net/peer_address.hpp>

#include <string>

namespace patchbay::http_server {

[[nodiscard]] bool is_trusted(const net::PeerAddress& address, const TrustedProxies& proxies);

/// The client as the log shall name it: the peer or, when that is a trusted proxy, the last address
/// of X-Forwarded-For that is none of them.
[[nodiscard]] std::string named_client(const net::PeerAddress& peer, const RequestHead& head,
                                       const TrustedProxies& proxies);

}  // namespace patchbay::http_server
