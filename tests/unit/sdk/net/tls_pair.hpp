// SPDX-License-Identifier: Apache-2.0
/// \file
/// Both ends of a TLS connection, and certificates for them.
#pragma once

#include "certificates.hpp"
#include "socket_pair.hpp"
#include "temporary_folder.hpp"

#include <patchbay/net/stream.hpp>
#include <patchbay/net/tls.hpp>

#include <string>
#include <utility>

namespace patchbay::net {

struct TlsFiles {
    TemporaryFolder folder;
    test::CertificateFiles authority =
        test::make_certificate(folder.path(), {"authority", "", true});
    test::CertificateFiles server =
        test::make_certificate(folder.path(), {"server", "DNS:localhost,IP:127.0.0.1"}, &authority);

    [[nodiscard]] TlsServerOptions server_options() const {
        TlsServerOptions options;
        options.certificate_file = server.certificate;
        options.key_file = server.key;
        return options;
    }
    [[nodiscard]] TlsClientOptions client_options() const {
        TlsClientOptions options;
        options.ca_file = authority.certificate;
        return options;
    }
};

/// The contexts have to outlive it.
struct TlsPair {
    TlsPair(const TlsContext& server_context, const TlsContext& client_context,
            const std::string& host) {
        SocketPair sockets;
        TlsSession accepting = server_context.accept(sockets.near.get());
        TlsSession connecting = client_context.connect(sockets.far.get(), host);
        server = Stream(std::move(sockets.near), std::move(accepting));
        client = Stream(std::move(sockets.far), std::move(connecting));
    }
    /// Whether both ends are content.
    bool shake_hands() {
        for (int i = 0; i < 20; ++i) {
            client_state = client.handshake().state;
            server_state = server.handshake().state;
            if (client_state == IoState::done && server_state == IoState::done) {
                return true;
            }
            if (client_state == IoState::failed || server_state == IoState::failed) {
                break;
            }
        }
        return false;
    }

    Stream server;
    Stream client;
    IoState server_state = IoState::failed;
    IoState client_state = IoState::failed;
};

}  // namespace patchbay::net
