// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who believes whom, and what is said when not.
#include "tls_pair.hpp"

#include <patchbay/net/tls.hpp>

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

namespace patchbay::net {
namespace {

struct TlsContextTest : ::testing::Test {
    /// "" when they agree, else what the client says of it.
    std::string outcome(const TlsServerOptions& server, const TlsClientOptions& client,
                        const std::string& host = "localhost") {
        const TlsContext server_context = TlsContext::for_server(server).value();
        const TlsContext client_context = TlsContext::for_client(client).value();
        TlsPair pair(server_context, client_context, host);
        if (pair.shake_hands()) {
            return "";
        }
        return pair.client_state == IoState::failed ? pair.client.failure_text()
                                                    : "server: " + pair.server.failure_text();
    }
    static std::string code(const TlsServerOptions& options) {
        const auto made = TlsContext::for_server(options);
        return made ? "" : made.error().code;
    }
    static std::string code(const TlsClientOptions& options) {
        const auto made = TlsContext::for_client(options);
        return made ? "" : made.error().code;
    }
    TlsServerOptions serving(const test::CertificateFiles& certificate) {
        TlsServerOptions options = files.server_options();
        options.certificate_file = certificate.certificate;
        options.key_file = certificate.key;
        return options;
    }

    TlsFiles files;
};

// ---- What the client verifies -------------------------------------------------------------------

TEST_F(TlsContextTest, TheNameOrAddressOfTheServerIsVerified) {
    EXPECT_EQ(outcome(files.server_options(), files.client_options(), "localhost"), "");
    EXPECT_EQ(outcome(files.server_options(), files.client_options(), "127.0.0.1"), "");
    EXPECT_EQ(outcome(files.server_options(), files.client_options(), "example.com"),
              "certificate verify failed: hostname mismatch");
    EXPECT_EQ(outcome(files.server_options(), files.client_options(), "127.0.0.2"),
              "certificate verify failed: IP address mismatch");
}

TEST_F(TlsContextTest, TheAuthorityOfTheServerIsVerified) {
    const auto own = test::make_certificate(files.folder.path(), {"own", "DNS:localhost"});
    EXPECT_EQ(outcome(serving(own), files.client_options()),
              "certificate verify failed: self-signed certificate");
    const auto other = test::make_certificate(files.folder.path(), {"other", "", true});
    const auto of_other =
        test::make_certificate(files.folder.path(), {"of_other", "DNS:localhost"}, &other);
    EXPECT_EQ(outcome(serving(of_other), files.client_options()),
              "certificate verify failed: unable to get local issuer certificate");
}

TEST_F(TlsContextTest, TheTimeOfTheServersCertificateIsVerified) {
    const auto old = test::make_certificate(
        files.folder.path(), {"old", "DNS:localhost", false, true}, &files.authority);
    EXPECT_EQ(outcome(serving(old), files.client_options()),
              "certificate verify failed: certificate has expired");
}

TEST_F(TlsContextTest, NothingIsVerifiedWhereTheClientDoesNotWantIt) {
    TlsClientOptions trusting = files.client_options();
    trusting.verify = false;
    const auto own = test::make_certificate(files.folder.path(), {"own", "DNS:elsewhere"});
    EXPECT_EQ(outcome(serving(own), trusting), "");
    EXPECT_EQ(outcome(serving(own), trusting, "127.0.0.1"), "");
}

// ---- What the server verifies -------------------------------------------------------------------

TEST_F(TlsContextTest, ARequiredClientCertificateIsVerified) {
    TlsServerOptions server = files.server_options();
    server.client_certificates = ClientCertificates::required;
    server.client_ca_file = files.authority.certificate;
    TlsClientOptions client = files.client_options();
    client.minimum_version = "1.2";
    const std::string none = outcome(server, client);
    EXPECT_EQ(none, "server: peer did not return a certificate");
    const auto stranger = test::make_certificate(files.folder.path(), {"stranger"});
    client.certificate_file = stranger.certificate;
    client.key_file = stranger.key;
    EXPECT_EQ(outcome(server, client),
              "server: certificate verify failed: self-signed certificate");
    const auto known = test::make_certificate(files.folder.path(), {"known"}, &files.authority);
    client.certificate_file = known.certificate;
    client.key_file = known.key;
    EXPECT_EQ(outcome(server, client), "");
}

TEST_F(TlsContextTest, AnOptionalClientCertificateMayBeMissingButNotWrong) {
    TlsServerOptions server = files.server_options();
    server.client_certificates = ClientCertificates::optional;
    server.client_ca_file = files.authority.certificate;
    TlsClientOptions client = files.client_options();
    EXPECT_EQ(outcome(server, client), "");
    const auto stranger = test::make_certificate(files.folder.path(), {"stranger"});
    client.certificate_file = stranger.certificate;
    client.key_file = stranger.key;
    EXPECT_EQ(outcome(server, client),
              "server: certificate verify failed: self-signed certificate");
}

// ---- Options that are none ----------------------------------------------------------------------

TEST_F(TlsContextTest, SaysWhichFileCouldNotBeUsed) {
    TlsServerOptions options = files.server_options();
    options.certificate_file = "/nonexistent/c.pem";
    const auto missing = TlsContext::for_server(options);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "tls.certificate");
    EXPECT_NE(missing.error().message.find("/nonexistent/c.pem"), std::string::npos);
    options = files.server_options();
    options.key_file = files.authority.key;
    EXPECT_EQ(code(options), "tls.key");
    options.key_file = files.server.certificate;
    EXPECT_EQ(code(options), "tls.key");
}

TEST_F(TlsContextTest, RefusesVersionsCiphersAndAuthoritiesThatAreNone) {
    TlsServerOptions server = files.server_options();
    server.minimum_version = "1.1";
    EXPECT_EQ(code(server), "tls.version");
    server = files.server_options();
    server.ciphers = "NONSENSE";
    EXPECT_EQ(code(server), "tls.ciphers");
    server = files.server_options();
    server.client_certificates = ClientCertificates::optional;
    server.client_ca_file = files.server.key;
    EXPECT_EQ(code(server), "tls.trust");
    TlsClientOptions client = files.client_options();
    client.minimum_version = "";
    EXPECT_EQ(code(client), "tls.version");
    client = files.client_options();
    client.ca_file = "/nonexistent/ca.pem";
    EXPECT_EQ(code(client), "tls.trust");
    client = files.client_options();
    client.certificate_file = files.server.certificate;
    client.key_file = files.authority.key;
    EXPECT_EQ(code(client), "tls.key");
    EXPECT_EQ(code(TlsClientOptions{}), "") << "what the system trusts";
}

TEST_F(TlsContextTest, ARefusalLeavesNothingForTheNext) {
    TlsServerOptions bad = files.server_options();
    bad.key_file = files.authority.key;
    EXPECT_EQ(code(bad), "tls.key");
    EXPECT_EQ(outcome(files.server_options(), files.client_options()), "");
}

}  // namespace
}  // namespace patchbay::net
