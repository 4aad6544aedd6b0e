// SPDX-License-Identifier: Apache-2.0
/// HTTPS: who is trusted, what is told, and the way through a proxy.
#include "../temporary_folder.hpp"
#include "client_fixture.hpp"

namespace patchbay::http_client {
namespace {

class TlsTest : public ClientFixture {
  protected:
    std::string url(const std::string& host = "localhost") const {
        return "https://" + host + ':' + std::to_string(server_.port()) + '/';
    }
    /// A configuration that trusts the server's certificate.
    std::string trusting(const std::string& more = {}) const {
        return R"({"ca_file": ")" + certificate_.certificate_file + '"' + more + '}';
    }
    /// The client breaks off the handshake, and says so.
    void expect_refusal() {
        Peer peer = server_.accept();
        EXPECT_FALSE(peer.start_tls(certificate_) && !peer.read_request().empty());
        EXPECT_EQ(failure_code(), "tls.handshake");
    }

    TemporaryFolder folder_;
    Certificate certificate_ =
        make_certificate(folder_.path(), "server", "DNS:localhost,IP:127.0.0.1");
    Server server_;
};

TEST_F(TlsTest, ATrustedServerIsAsked) {
    start(trusting());
    const std::string body(300'000, 'x');
    ask(url(), "POST", "", body);
    Peer peer = server_.accept();
    ASSERT_TRUE(peer.start_tls(certificate_));
    EXPECT_EQ(peer.asked_name(), "localhost");
    EXPECT_TRUE(peer.read_request().ends_with(body));
    peer.respond("200 OK", body);
    EXPECT_TRUE(answer().body == body);
    ask(url());  // on the same connection
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "again");
    EXPECT_EQ(answer().body, "again");
    EXPECT_FALSE(server_.has_visitor());
}

TEST_F(TlsTest, AddressesAreNotToldAsNames) {
    start(trusting());
    ask(url("127.0.0.1"));
    Peer peer = server_.accept();
    ASSERT_TRUE(peer.start_tls(certificate_));
    EXPECT_EQ(peer.asked_name(), "");
    static_cast<void>(peer.read_request());
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
}

TEST_F(TlsTest, AnUnknownAuthorityIsRefused) {
    start();
    ask(url());
    expect_refusal();
}

TEST_F(TlsTest, AnotherNameIsRefused) {
    set_name("other.test", {"127.0.0.1"});
    start(trusting());
    ask(url("other.test"));
    expect_refusal();
}

TEST_F(TlsTest, AnotherAddressIsRefused) {
    certificate_ = make_certificate(folder_.path(), "elsewhere", "DNS:localhost,IP:127.0.0.2");
    start(trusting());
    ask(url("127.0.0.1"));
    expect_refusal();
}

TEST_F(TlsTest, NothingIsCheckedWhenThatIsAskedFor) {
    start(R"({"verify": false})");
    host().wait_for_log("'verify' is false");
    ask(url());
    Peer peer = server_.accept();
    ASSERT_TRUE(peer.start_tls(certificate_));
    static_cast<void>(peer.read_request());
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
}

TEST_F(TlsTest, ShowsItsOwnCertificate) {
    const Certificate own = make_certificate(folder_.path(), "client", "DNS:client");
    start(trusting(R"(, "client_certificate": ")" + own.certificate_file + R"(", "client_key": ")" +
                   own.key_file + '"'));
    ask(url());
    Peer peer = server_.accept();
    ASSERT_TRUE(peer.start_tls(certificate_, own.certificate_file));
    EXPECT_TRUE(peer.has_client_certificate());
    static_cast<void>(peer.read_request());
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
}

TEST_F(TlsTest, APlainServerIsNoTlsServer) {
    start(trusting());
    ask(url());
    Peer peer = server_.accept();
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(failure_code(), "tls.handshake");
}

TEST_F(TlsTest, ACutStreamIsNoEndOfABody) {
    start(trusting());
    ask(url());
    Peer peer = server_.accept();
    ASSERT_TRUE(peer.start_tls(certificate_));
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the e");
    peer.cut();
    EXPECT_EQ(failure_code(), "response.closed_early");
}

TEST_F(TlsTest, NoRedirectLeavesTls) {
    Server plain;
    start(trusting());
    ask(url());
    Peer peer = server_.accept();
    ASSERT_TRUE(peer.start_tls(certificate_));
    static_cast<void>(peer.read_request());
    peer.respond("302 Found", "", "Location: " + plain.url() + "\r\n");
    EXPECT_EQ(failure_code(), "redirect.downgrade");
    EXPECT_FALSE(plain.has_visitor());
}

TEST_F(TlsTest, GoesThroughATunnelOfAProxy) {
    start(trusting(R"(, "proxy": "http://user:secret@127.0.0.1:)" + std::to_string(server_.port()) +
                   '"'));
    ask("https://localhost:4443/path", "GET", "X-One: 1\n\n");
    Peer peer = server_.accept();
    EXPECT_EQ(peer.read_request(),
              "CONNECT localhost:4443 HTTP/1.1\r\nHost: localhost:4443\r\n"
              "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"
              "User-Agent: patchbay-http-client\r\n\r\n");
    peer.send("HTTP/1.1 200 Connection Established\r\n\r\n");
    ASSERT_TRUE(peer.start_tls(certificate_));
    const std::string request = peer.read_request();
    EXPECT_TRUE(request.starts_with("GET /path HTTP/1.1\r\nHost: localhost:4443\r\n"));
    EXPECT_EQ(request.find("Proxy-Authorization"), std::string::npos);
    peer.respond("200 OK", "through");
    EXPECT_EQ(answer().body, "through");
}

TEST_F(TlsTest, SaysThatTheProxyRefuses) {
    start(trusting(R"(, "proxy": ")" + server_.url("") + '"'));
    ask("https://localhost:4443/");
    Peer peer = server_.accept();
    static_cast<void>(peer.read_request());
    peer.respond("407 Proxy Authentication Required", "no");
    EXPECT_EQ(failure_code(), "proxy.refused");
}

TEST_F(TlsTest, AFileThatIsMissingIsNamed) {
    testing::HostOptions options;
    options.component_id = address;
    options.config_json = R"({"ca_file": "/nonexistent/ca.pem"})";
    testing::HostDouble host(connection_class<TestClient>("HTTPClientConnection"),
                             std::move(options));
    const auto connected = host.connect();
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().code, "tls.trust");
    EXPECT_NE(connected.error().message.find("/nonexistent/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::http_client
