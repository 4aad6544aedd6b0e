// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the TLS sessions of one connection class share: certificate, trust, versions, ciphers.
/// Errors name the file and what OpenSSL said. Codes: `tls.certificate`, `tls.key`, `tls.trust`,
/// `tls.ciphers`, `tls.version`, `tls.unavailable`.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

namespace patchbay::net {

namespace detail {
struct FreeTlsContext {
    void operator()(ssl_ctx_st* context) const noexcept;
};
struct FreeTlsSession {
    void operator()(ssl_st* session) const noexcept;
};
struct FreeTlsSocketMethod {
    void operator()(bio_method_st* method) const noexcept;
};
}  // namespace detail

using TlsSession = std::unique_ptr<ssl_st, detail::FreeTlsSession>;

enum class ClientCertificates : std::uint8_t { ignored, optional, required };

struct TlsServerOptions {
    std::string certificate_file;  ///< PEM, the server's own certificate first
    std::string key_file;          ///< PEM
    ClientCertificates client_certificates = ClientCertificates::ignored;
    std::string client_ca_file;  ///< PEM; needed unless client certificates are ignored
    std::string ciphers;         ///< for TLS 1.2, in OpenSSL's notation; empty = a sane list
    std::string minimum_version = "1.2";
};

struct TlsClientOptions {
    bool verify = true;
    std::string ca_file;           ///< PEM; empty = what the system trusts
    std::string certificate_file;  ///< of the client; may be empty
    std::string key_file;
    std::string minimum_version = "1.2";
};

/// Immutable once made; sessions of several lanes may come from one context, which must outlive
/// them. [any-thread]
class TlsContext {
  public:
    [[nodiscard]] static Result<TlsContext> for_server(const TlsServerOptions& options);
    [[nodiscard]] static Result<TlsContext> for_client(const TlsClientOptions& options);

    /// A session over a non-blocking socket that stays the caller's. Null when out of memory.
    [[nodiscard]] TlsSession accept(int socket) const;
    /// The client's side. `host` is what the certificate must be for (a name or an address), and is
    /// told to the server when it is a name.
    [[nodiscard]] TlsSession connect(int socket, const std::string& host) const;

  private:
    TlsContext() = default;
    [[nodiscard]] TlsSession session(int socket) const;

    std::unique_ptr<bio_method_st, detail::FreeTlsSocketMethod> socket_method_;
    std::unique_ptr<ssl_ctx_st, detail::FreeTlsContext> context_;
    bool verify_ = false;
};

}  // namespace patchbay::net
