// SPDX-License-Identifier: Apache-2.0
/// \file
/// What clients connect through: TLS, Unix sockets, several lanes, and the limits of connections.
#include "certificates.hpp"
#include "server_bench.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace patchbay::http_server::test {
namespace {

using namespace std::chrono_literals;
using patchbay::test::CertificateFiles;
using patchbay::test::make_certificate;

// ---- TLS ----------------------------------------------------------------------------------------

struct HttpServerTls : ::testing::Test {
    [[nodiscard]] Config config(const Config& more = Config::object()) const {
        Config config{{"ssl_cert", server.certificate}, {"ssl_key", server.key}};
        config.update(more);
        return config;
    }
    [[nodiscard]] net::TlsContext context(const CertificateFiles& certificate = {}) const {
        net::TlsClientOptions options;
        options.ca_file = authority.certificate;
        options.certificate_file = certificate.certificate;
        options.key_file = certificate.key;
        return net::TlsContext::for_client(options).value();
    }

    TemporaryFolder folder;
    CertificateFiles authority = make_certificate(folder.path(), {"authority", "", true});
    CertificateFiles server =
        make_certificate(folder.path(), {"server", "DNS:localhost,IP:127.0.0.1"}, &authority);
};

TEST_F(HttpServerTls, ServesRequestsOfAnySize) {
    ServerBench bench(config());
    const net::TlsContext trusting = context();
    Client client = bench.client();
    ASSERT_TRUE(client.start_tls(trusting, "localhost"));
    const std::string body(300000, 'b');
    client.send(post("/first", body));
    const Request request = bench.request(0);
    EXPECT_EQ(request.url, "https://h/first");
    EXPECT_EQ(request.body, body);
    bench.answer(request, {200, "OK", "", std::string(5000000, 'a')});
    EXPECT_EQ(client.receive().body.size(), 5000000U);
    EXPECT_EQ(bench.exchange(client, get("/", "Connection: close\r\n")).status, 200U);
    EXPECT_TRUE(client.is_ended());
    bench.finish();
}

TEST_F(HttpServerTls, AnswersPipelinedRequestsThatComeInOneRecord) {
    ServerBench bench(config());
    const net::TlsContext trusting = context();
    Client client = bench.client();
    ASSERT_TRUE(client.start_tls(trusting, "127.0.0.1"));
    client.send(get("/0") + get("/1") + get("/2"));
    for (const std::size_t index : {2U, 0U, 1U}) {
        bench.answer(bench.request(index), {200, "OK", "", std::to_string(index)});
    }
    for (const char* body : {"0", "1", "2"}) {
        EXPECT_EQ(client.receive().body, body);
    }
    bench.finish();
}

TEST_F(HttpServerTls, WhoDoesNotSpeakTlsIsSentAway) {
    ServerBench bench(config());
    Client plain = bench.client();
    plain.send(get("/"));
    static_cast<void>(plain.receive_all());
    bench.wait_for_open_connections(0);
    EXPECT_EQ(bench.requests(), 0U);
    bench.finish();
}

TEST_F(HttpServerTls, AHandshakeHasToEndInTime) {
    ServerBench bench(config());
    Client silent = bench.client();
    bench.wait_for_open_connections(1);
    bench.advance(9s);
    bench.wait_for_open_connections(1);
    bench.advance(1s);
    EXPECT_TRUE(silent.is_ended());
    bench.finish();
}

TEST_F(HttpServerTls, ClientsMustShowACertificateWhereOneIsRequired) {
    const Config required{{"client_certificates", "required"},
                          {"client_ca", authority.certificate}};
    ServerBench bench(config(required));
    const CertificateFiles known = make_certificate(folder.path(), {"known"}, &authority);
    const CertificateFiles unknown = make_certificate(folder.path(), {"unknown"});
    for (const CertificateFiles& bad : {CertificateFiles{}, unknown}) {
        const net::TlsContext trusting = context(bad);
        Client client = bench.client();
        // With TLS 1.3 the client is told after its own handshake.
        if (client.start_tls(trusting, "localhost")) {
            client.send(get("/"));
        }
        EXPECT_TRUE(client.is_ended());
    }
    const net::TlsContext trusting = context(known);
    Client client = bench.client();
    ASSERT_TRUE(client.start_tls(trusting, "localhost"));
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "known"}).body, "known");
    EXPECT_EQ(bench.requests(), 1U);
    bench.finish();
}

TEST_F(HttpServerTls, ClientsMayShowACertificateWhereItIsOptional) {
    const Config optional{{"client_certificates", "optional"},
                          {"client_ca", authority.certificate}};
    ServerBench bench(config(optional));
    const net::TlsContext trusting = context();
    Client client = bench.client();
    ASSERT_TRUE(client.start_tls(trusting, "localhost"));
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    bench.finish();
}

TEST_F(HttpServerTls, AKeyThatIsNotTheCertificatesFailsToConnect) {
    const Config wrong{{"ssl_key", authority.key}};
    try {
        const ServerBench bench(config(wrong));
        FAIL() << "it connected";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("tls.key"), std::string::npos) << error.what();
    }
}

// ---- Unix sockets -------------------------------------------------------------------------------

TEST(HttpServerTransport, ServesAUnixSocketWithThePermissionsOfTheOption) {
    const TemporaryFolder folder;
    const std::string path = folder.file("http.sock");
    ServerBench bench(Config{{"host", "unix:" + path},
                             {"unix_socket_mode", "0600"},
                             {"max_connections_per_address", 1}});
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
    Client first(path);
    Client second(path);
    EXPECT_EQ(bench.exchange(first, get("/")).status, 200U);
    EXPECT_EQ(bench.exchange(second, "GET /x HTTP/1.0\r\n\r\n").status, 200U);
    EXPECT_EQ(bench.request(1).url, "http://localhost/x");
    bench.finish();
}

// ---- Limits -------------------------------------------------------------------------------------

TEST(HttpServerTransport, ClientsBeyondTheLimitGet503) {
    ServerBench bench(Config{{"max_connections", 2}});
    Client first = bench.client();
    Client second = bench.client();
    bench.wait_for_open_connections(2);
    Client third = bench.client();
    const Response response = third.receive();
    EXPECT_EQ(response.status, 503U);
    EXPECT_EQ(response.header("Retry-After"), "1");
    EXPECT_EQ(response.header("Connection"), "close");
    EXPECT_TRUE(third.is_ended());
    EXPECT_EQ(bench.metric("connections_refused"), 1);
    first.reset();
    bench.wait_for_open_connections(1);
    EXPECT_TRUE(bench.serves());
    bench.finish();
}

TEST(HttpServerTransport, OneAddressMayHaveSoManyClients) {
    ServerBench bench(Config{{"max_connections_per_address", 1}});
    Client first = bench.client();
    bench.wait_for_open_connections(1);
    EXPECT_EQ(bench.client().receive().status, 503U);
    first.reset();
    bench.wait_for_open_connections(0);
    EXPECT_TRUE(bench.serves());
    bench.finish();
}

TEST(HttpServerTransport, TrustedProxiesMayHaveMore) {
    ServerBench bench(
        Config{{"max_connections_per_address", 1}, {"trusted_proxies", {"127.0.0.0/8"}}});
    Client first = bench.client();
    EXPECT_EQ(bench.exchange(first, get("/")).status, 200U);
    EXPECT_TRUE(bench.serves());
    bench.finish();
}

// ---- Lanes --------------------------------------------------------------------------------------

TEST(HttpServerTransport, SeveralLanesServeAndAnswer) {
    testing::HostOptions options;
    options.lane_limit = 3;
    ServerBench bench(Config{{"lanes", 0}}, options);
    ASSERT_EQ(bench.host().lane_count(), 3U);
    std::set<std::uint32_t> lanes;
    std::vector<Client> clients;
    while (lanes.size() < 3) {
        clients.push_back(bench.client());
        clients.back().send(get("/"));
        lanes.insert(bench.request(clients.size() - 1).lane);
    }
    for (std::size_t i = clients.size(); i-- != 0;) {
        bench.answer(bench.request(i), {200, "OK", "", std::to_string(i)});
        EXPECT_EQ(clients[i].receive().body, std::to_string(i));
    }
    clients.clear();
    bench.finish();
}

// ---- Access log ---------------------------------------------------------------------------------

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(HttpServerTransport, TheLogNamesTheClientThatATrustedProxySpeaksFor) {
    const TemporaryFolder folder;
    testing::HostOptions options;
    options.data_folder = folder.path();
    ServerBench bench(Config{{"access_log", "access.log"}, {"trusted_proxies", {"127.0.0.1"}}},
                      options);
    Client client = bench.client();
    const std::string forwarded = "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n";
    EXPECT_EQ(bench.exchange(client, get("/a", forwarded), {201, "Made"}).status, 201U);
    bench.finish();
    const std::string log = contents(folder.file("access.log"));
    EXPECT_TRUE(log.starts_with("203.0.113.7 - - [")) << log;
    EXPECT_NE(log.find("] \"GET /a HTTP/1.1\" 201 "), std::string::npos) << log;
}

}  // namespace
}  // namespace patchbay::http_server::test
