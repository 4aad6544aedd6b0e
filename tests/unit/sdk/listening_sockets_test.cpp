// SPDX-License-Identifier: Apache-2.0
/// \file
/// The SDK's loans of listening sockets, with the real sockets of the host double.
#include "connection_fixture.hpp"

#include <patchbay/listening_sockets.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchbay {
namespace {

using boost::asio::ip::tcp;

class ListeningSocketsTest : public ::testing::Test {
  protected:
    explicit ListeningSocketsTest(testing::HostOptions options = {})
        : double_(connection_class<Connection>("Connection"), std::move(options)) {}

    [[nodiscard]] ListeningSockets opened(const ListenOptions& options) {
        auto sockets = ListeningSockets::open(host_, options);
        EXPECT_TRUE(sockets) << to_string(sockets.error());
        return sockets ? std::move(*sockets) : ListeningSockets();
    }
    /// A client of 127.0.0.1 and what became of it.
    [[nodiscard]] boost::system::error_code connect(std::uint16_t port) {
        boost::system::error_code error;
        clients_.emplace_back(context_).connect({boost::asio::ip::address_v4::loopback(), port},
                                                error);
        return error;
    }

    testing::HostDouble double_;
    Host host_{double_.abi(), patchbay_instance_options{}};
    boost::asio::io_context context_;
    std::vector<tcp::socket> clients_;
};

/// Accepts what waits.
int accept_all(std::intptr_t descriptor) {
    int count = 0;
    for (int client = 0; (client = ::accept(static_cast<int>(descriptor), nullptr, nullptr)) >= 0;
         ++count) {
        ::close(client);
    }
    return count;
}

TEST_F(ListeningSocketsTest, AcceptOnThePortThatTheyTell) {
    const ListeningSockets sockets = opened({});
    ASSERT_EQ(sockets.descriptors().size(), 1u);
    EXPECT_NE(sockets.port(), 0);
    EXPECT_EQ(sockets.address(), "127.0.0.1:" + std::to_string(sockets.port()));
    EXPECT_FALSE(connect(sockets.port()));
    EXPECT_EQ(accept_all(sockets.descriptors()[0]), 1) << "and it does not block afterwards";
    ASSERT_EQ(double_.listeners().size(), 1u);
    EXPECT_EQ(double_.listeners()[0].address, sockets.address());
    EXPECT_EQ(double_.listeners()[0].loans, 1u);
}

TEST_F(ListeningSocketsTest, SeveralShareTheirPort) {
    const ListeningSockets sockets = opened({.count = 4});
    ASSERT_EQ(sockets.descriptors().size(), 4u);
    constexpr int clients = 200;
    for (int i = 0; i < clients; ++i) {
        ASSERT_FALSE(connect(sockets.port()));
    }
    int accepted = 0;
    int served = 0;
    for (const std::intptr_t descriptor : sockets.descriptors()) {
        const int waiting = accept_all(descriptor);
        accepted += waiting;
        served += waiting > 0 ? 1 : 0;
    }
    EXPECT_EQ(accepted, clients);
    EXPECT_GT(served, 1) << "each has a queue of its own";
}

TEST_F(ListeningSocketsTest, LanesServeEachOfThemOnce) {
    const ListeningSockets sockets = opened({.count = 5});
    std::multiset<std::intptr_t> served;
    for (std::uint32_t lane = 0; lane < 2; ++lane) {
        for (const std::intptr_t descriptor : sockets.descriptors_of(lane, 2)) {
            served.insert(descriptor);
        }
    }
    EXPECT_EQ(served, (std::multiset<std::intptr_t>(sockets.descriptors().begin(),
                                                    sockets.descriptors().end())));
    EXPECT_EQ(sockets.descriptors_of(0, 2).size(), 3u);
    EXPECT_TRUE(sockets.descriptors_of(7, 8).empty());
}

TEST_F(ListeningSocketsTest, AreClosedWithTheirOwner) {
    std::uint16_t port = 0;
    {
        ListeningSockets sockets = opened({});
        port = sockets.port();
        const ListeningSockets moved = std::move(sockets);
        EXPECT_FALSE(connect(port));
        EXPECT_EQ(moved.port(), port);
    }
    EXPECT_EQ(connect(port), boost::asio::error::connection_refused);
    EXPECT_TRUE(double_.listeners().empty());
    EXPECT_TRUE(double_.misbehaviour().empty());
}

TEST_F(ListeningSocketsTest, KeptOnesWaitForTheNext) {
    std::uint16_t port = 0;
    {
        ListeningSockets sockets = opened({});
        sockets.keep();
        port = sockets.port();
    }
    ASSERT_EQ(double_.listeners().size(), 1u);
    EXPECT_EQ(double_.listeners()[0].loans, 0u);
    EXPECT_FALSE(connect(port)) << "clients are not refused meanwhile";
    ListeningSockets again = opened({});
    EXPECT_EQ(again.port(), port) << "port 0 means the one that it got";
    EXPECT_EQ(accept_all(again.descriptors()[0]), 1);
    again.release();
    EXPECT_TRUE(again.descriptors().empty());
    EXPECT_TRUE(double_.listeners().empty());
}

TEST_F(ListeningSocketsTest, TheSameAddressGivesTheSameSockets) {
    ListeningSockets sockets = opened({.count = 2});
    const std::vector<std::intptr_t> before(sockets.descriptors().begin(),
                                            sockets.descriptors().end());
    // The old object gives its loan back after the new one has got its own.
    sockets = opened({.count = 2});
    EXPECT_EQ(
        std::vector<std::intptr_t>(sockets.descriptors().begin(), sockets.descriptors().end()),
        before);
    EXPECT_EQ(double_.listeners()[0].loans, 1u);
    EXPECT_FALSE(connect(sockets.port()));
    EXPECT_EQ(opened({.count = 1}).descriptors().size(), 2u) << "all must be served";
    EXPECT_EQ(opened({.count = 3}).descriptors().size(), 3u) << "one more";
    EXPECT_EQ(double_.listeners().size(), 1u);
}

TEST_F(ListeningSocketsTest, WritesIpv6AddressesWithBrackets) {
    const auto sockets =
        ListeningSockets::open(host_, {.address = "::1", .count = 2, .ipv6_only = true});
    if (!sockets && sockets.error().code == "listen.address_not_available") {
        GTEST_SKIP() << "this machine has no IPv6";
    }
    ASSERT_TRUE(sockets) << to_string(sockets.error());
    EXPECT_EQ(sockets->address(), "[::1]:" + std::to_string(sockets->port()));
}

TEST_F(ListeningSocketsTest, ListenOnAUnixDomainSocket) {
    const std::string path = ::testing::TempDir() + "patchbay-sdk-" + std::to_string(::getpid());
    {
        const ListeningSockets sockets = opened({.address = "unix:" + path, .count = 2});
        EXPECT_EQ(sockets.address(), "unix:" + path);
        EXPECT_EQ(sockets.port(), 0);
        boost::asio::local::stream_protocol::socket client(context_);
        client.connect(path);
        EXPECT_EQ(accept_all(sockets.descriptors()[1]), 1) << "both are the same socket";
        EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(path).permissions()), 0660u);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListeningSocketsTest, FailuresHaveTheHostsWords) {
    const ListeningSockets first = opened({});
    testing::HostDouble other(connection_class<Connection>("Connection"));
    const Host other_host(other.abi(), patchbay_instance_options{});
    for (const std::uint32_t count : {1u, 3u}) {
        const auto second =
            ListeningSockets::open(other_host, {.port = first.port(), .count = count});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, "listen.address_in_use");
        EXPECT_NE(second.error().message.find(first.address()), std::string::npos);
    }
    EXPECT_EQ(ListeningSockets::open(host_, {.address = "localhost"}).error().code,
              "listen.bad_address");
    EXPECT_EQ(ListeningSockets::open(host_, {.address = "unix:relative"}).error().error_class,
              ErrorClass::invalid);
    EXPECT_EQ(ListeningSockets::open(host_, {.address = "203.0.113.1"}).error().code,
              "listen.address_not_available");
    EXPECT_EQ(ListeningSockets::open(host_, {.count = 65}).error().code, "listen.too_many");
    EXPECT_EQ(ListeningSockets::open(host_, {.count = 0}).error().code, "listen.too_many");
    EXPECT_TRUE(other.listeners().empty()) << "nothing is lent on failure";
    EXPECT_EQ(double_.listeners().size(), 1u);
}

TEST_F(ListeningSocketsTest, LoansThatAreLeftAreToldAndClosed) {
    ListeningSockets sockets = opened({});
    const std::uint16_t port = sockets.port();
    double_.stop();
    EXPECT_EQ(double_.misbehaviour(),
              std::vector<std::string>{"left without release: " + sockets.address()});
    EXPECT_EQ(connect(port), boost::asio::error::connection_refused);
}

TEST(ListeningSockets, HaveAddressesAndNoNamesButOne) {
    EXPECT_EQ(listening_address("::1").value(), "::1");
    EXPECT_EQ(listening_address("localhost").value(), "127.0.0.1");
    EXPECT_EQ(listening_address("unix:/run/x.sock").value(), "unix:/run/x.sock");
    const auto named = listening_address("example.org");
    ASSERT_FALSE(named);
    EXPECT_EQ(named.error().code, "listen.bad_host");
    EXPECT_NE(named.error().message.find("'example.org'"), std::string::npos);
}

TEST(ListeningSockets, NeedTheExtension) {
    testing::HostOptions options;
    options.without = {PATCHBAY_SOCKETS_EXTENSION};
    const testing::HostDouble host(connection_class<Connection>("Connection"), options);
    const Host wrapped(host.abi(), patchbay_instance_options{});
    EXPECT_EQ(ListeningSockets::open(wrapped, {}).error().code, "host.no_extension");
    const ListeningSockets none;
    EXPECT_TRUE(none.descriptors().empty());
    EXPECT_TRUE(none.descriptors_of(0, 1).empty());
}

}  // namespace
}  // namespace patchbay
