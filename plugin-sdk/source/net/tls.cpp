// SPDX-License-Identifier: Apache-2.0
#include "tls_socket.hpp"

#include <patchbay/net/tls.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

namespace patchbay::net {

namespace {

/// Forward secrecy and authenticated encryption only.
constexpr const char* sane_ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!eNULL:!MD5:!DSS:!PSK:!SRP";

std::string last_openssl_text() {
    // The first error in the queue is the cause, what follows are its consequences.
    const unsigned long error = ERR_get_error();
    ERR_clear_error();
    if (error == 0) {
        return "no further detail";
    }
    const char* reason = ERR_reason_error_string(error);
    if (reason != nullptr) {
        return reason;
    }
    std::array<char, 256> text{};
    ERR_error_string_n(error, text.data(), text.size());
    return text.data();
}

tl::unexpected<Error> refused(const char* code, const std::string& what) {
    return failure(ErrorClass::invalid, code, what + ": " + last_openssl_text() + ".");
}

Result<void> set_minimum_version(SSL_CTX* context, const std::string& version) {
    const int number = version == "1.2" ? TLS1_2_VERSION : version == "1.3" ? TLS1_3_VERSION : 0;
    if (number == 0) {
        return failure(
            ErrorClass::invalid, "tls.version",
            "'" + version + "' is no version of TLS that is on offer; expected 1.2 or 1.3.");
    }
    SSL_CTX_set_min_proto_version(context, number);
    return {};
}

Result<void> use_certificate(SSL_CTX* context, const std::string& certificate,
                             const std::string& key) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
        return refused("tls.certificate",
                       "The certificate '" + certificate + "' could not be read");
    }
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return refused("tls.key", "The private key '" + key + "' could not be used with '" +
                                      certificate + "'");
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return refused("tls.key",
                       "The private key '" + key + "' does not belong to '" + certificate + "'");
    }
    return {};
}

void set_common(SSL_CTX* context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(
        context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // One read for header and content of a record instead of two.
    SSL_CTX_set_read_ahead(context, 1);
}

Result<void> set_server_options(SSL_CTX* context, const TlsServerOptions& options) {
    if (auto version = set_minimum_version(context, options.minimum_version); !version) {
        return version;
    }
    const char* ciphers = options.ciphers.empty() ? sane_ciphers : options.ciphers.c_str();
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1) {
        return refused("tls.ciphers", "'" + options.ciphers + "' names no cipher");
    }
    if (auto used = use_certificate(context, options.certificate_file, options.key_file); !used) {
        return used;
    }
    // Sessions that are resumed by ticket keep nothing in the server.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    static constexpr unsigned char session_context[] = "patchbay";
    SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
    if (options.client_certificates == ClientCertificates::ignored) {
        return {};
    }
    if (SSL_CTX_load_verify_file(context, options.client_ca_file.c_str()) != 1) {
        return refused("tls.trust", "The authorities of client certificates, '" +
                                        options.client_ca_file + "', could not be read");
    }
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.client_ca_file.c_str()));
    const bool required = options.client_certificates == ClientCertificates::required;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
    return {};
}

Result<void> set_client_options(SSL_CTX* context, const TlsClientOptions& options) {
    if (auto version = set_minimum_version(context, options.minimum_version); !version) {
        return version;
    }
    SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (options.ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1) {
            return refused("tls.trust", "The authorities that the system trusts could not be read");
        }
    } else if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
        return refused("tls.trust",
                       "The authorities in '" + options.ca_file + "' could not be read");
    }
    if (!options.certificate_file.empty()) {
        return use_certificate(context, options.certificate_file, options.key_file);
    }
    return {};
}

bool is_address(const std::string& host) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return address != nullptr;
}

}  // namespace

namespace detail {

void FreeTlsContext::operator()(ssl_ctx_st* context) const noexcept {
    SSL_CTX_free(context);
}

void FreeTlsSession::operator()(ssl_st* session) const noexcept {
    SSL_free(session);
}

void FreeTlsSocketMethod::operator()(bio_method_st* method) const noexcept {
    BIO_meth_free(method);
}

}  // namespace detail

namespace {

tl::unexpected<Error> unavailable() {
    return failure(ErrorClass::failed, "tls.unavailable",
                   "OpenSSL gave no context: " + last_openssl_text() + ".");
}

}  // namespace

Result<TlsContext> TlsContext::for_server(const TlsServerOptions& options) {
    TlsContext made;
    made.socket_method_.reset(create_tls_socket_method());
    made.context_.reset(SSL_CTX_new(TLS_server_method()));
    if (made.context_ == nullptr || made.socket_method_ == nullptr) {
        return unavailable();
    }
    set_common(made.context_.get());
    if (auto set = set_server_options(made.context_.get(), options); !set) {
        return tl::unexpected<Error>(std::move(set.error()));
    }
    return made;
}

Result<TlsContext> TlsContext::for_client(const TlsClientOptions& options) {
    TlsContext made;
    made.socket_method_.reset(create_tls_socket_method());
    made.context_.reset(SSL_CTX_new(TLS_client_method()));
    if (made.context_ == nullptr || made.socket_method_ == nullptr) {
        return unavailable();
    }
    set_common(made.context_.get());
    if (auto set = set_client_options(made.context_.get(), options); !set) {
        return tl::unexpected<Error>(std::move(set.error()));
    }
    made.verify_ = options.verify;
    return made;
}

TlsSession TlsContext::session(int socket) const {
    TlsSession session(SSL_new(context_.get()));
    BIO* bio = session ? BIO_new(socket_method_.get()) : nullptr;
    if (bio == nullptr) {
        ERR_clear_error();
        return nullptr;
    }
    set_tls_socket(bio, socket);
    SSL_set_bio(session.get(), bio, bio);
    return session;
}

TlsSession TlsContext::accept(int socket) const {
    TlsSession made = session(socket);
    if (made) {
        SSL_set_accept_state(made.get());
    }
    return made;
}

TlsSession TlsContext::connect(int socket, const std::string& host) const {
    TlsSession made = session(socket);
    if (!made) {
        return nullptr;
    }
    SSL_set_connect_state(made.get());
    const bool address = is_address(host);
    bool set = address || SSL_set_tlsext_host_name(made.get(), host.c_str()) == 1;
    if (verify_) {
        set = set && (address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(made.get()),
                                                              host.c_str()) == 1
                              : SSL_set1_host(made.get(), host.c_str()) == 1);
    }
    return set ? std::move(made) : nullptr;
}

}  // namespace patchbay::net
