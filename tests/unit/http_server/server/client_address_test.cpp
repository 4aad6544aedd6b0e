// SPDX-License-Identifier: Apache-2.0
#include "client_address.hpp"

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace patchbay::http_server {
namespace {

namespace ip = boost::asio::ip;

net::PeerAddress client(const std::string& text) {
    const ip::address address = ip::make_address(text);
    sockaddr_storage storage{};
    if (address.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
        v4.sin_family = AF_INET;
        v4.sin_addr.s_addr = htonl(address.to_v4().to_uint());
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
        v6.sin6_family = AF_INET6;
        const auto bytes = address.to_v6().to_bytes();
        std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    }
    return net::PeerAddress::of(storage);
}

TrustedProxies proxies() {
    TrustedProxies trusted;
    trusted.v4.push_back(ip::make_network_v4("10.0.0.0/8"));
    trusted.v6.push_back(ip::make_network_v6("2001:db8::/32"));
    return trusted;
}

/// The client that is named with these values of X-Forwarded-For.
std::string named(const std::string& peer, std::initializer_list<std::string_view> values,
                  const TrustedProxies& trusted = proxies()) {
    RequestHead head;
    for (const std::string_view value : values) {
        head.headers.push_back({"x-forwarded-FOR", value});
        head.headers.push_back({"Forwarded", "for=192.0.2.99"});
    }
    return named_client(client(peer), head, trusted);
}

TEST(ClientAddress, IsWrittenAsPeopleDo) {
    EXPECT_EQ(client("192.0.2.1").text(), "192.0.2.1");
    EXPECT_EQ(client("::ffff:192.0.2.1").text(), "192.0.2.1");
    EXPECT_EQ(client("2001:db8::1").text(), "2001:db8::1");
    sockaddr_storage local{};
    local.ss_family = AF_UNIX;
    EXPECT_EQ(net::PeerAddress::of(local).text(), "unix");
    EXPECT_TRUE(net::PeerAddress::of(local).is_unix());
    EXPECT_FALSE(client("192.0.2.1").is_unix());
}

TEST(ClientAddress, IsTheSameForAnAddressInBothForms) {
    EXPECT_EQ(client("192.0.2.1").bytes, client("::ffff:192.0.2.1").bytes);
    EXPECT_NE(client("192.0.2.1").bytes, client("192.0.2.2").bytes);
}

TEST(ClientAddress, IsTrustedWithinTheNetworks) {
    EXPECT_TRUE(is_trusted(client("10.255.0.1"), proxies()));
    EXPECT_TRUE(is_trusted(client("::ffff:10.0.0.1"), proxies()));
    EXPECT_FALSE(is_trusted(client("11.0.0.1"), proxies()));
    EXPECT_TRUE(is_trusted(client("2001:db8:ffff::1"), proxies()));
    EXPECT_FALSE(is_trusted(client("2001:db9::1"), proxies()));
    EXPECT_FALSE(is_trusted(client("10.0.0.1"), {}));
    EXPECT_FALSE(is_trusted(net::PeerAddress{}, proxies()));
}

TEST(NamedClient, IsThePeerUnlessThatIsTrusted) {
    EXPECT_EQ(named("192.0.2.1", {"198.51.100.1"}), "192.0.2.1");
    EXPECT_EQ(named("10.0.0.1", {"198.51.100.1"}, {}), "10.0.0.1");
    EXPECT_EQ(named("10.0.0.1", {}), "10.0.0.1");
}

TEST(NamedClient, IsTheLastThatIsNotTrusted) {
    EXPECT_EQ(named("10.0.0.1", {"198.51.100.1"}), "198.51.100.1");
    EXPECT_EQ(named("10.0.0.1", {"203.0.113.9, 198.51.100.1 ,\t10.0.0.2"}), "198.51.100.1");
    EXPECT_EQ(named("10.0.0.1", {"203.0.113.9", "198.51.100.1", "10.0.0.2,2001:db8::2"}),
              "198.51.100.1");
    EXPECT_EQ(named("2001:db8::1", {"2001:db9::5"}), "2001:db9::5");
    EXPECT_EQ(named("10.0.0.1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
}

TEST(NamedClient, BelievesNothingBeforeWhatIsNoAddress) {
    EXPECT_EQ(named("10.0.0.1", {"198.51.100.1, nobody"}), "10.0.0.1");
    EXPECT_EQ(named("10.0.0.1", {"198.51.100.1, x, 10.0.0.2"}), "10.0.0.2");
    EXPECT_EQ(named("10.0.0.1", {"198.51.100.1,"}), "10.0.0.1");
    EXPECT_EQ(named("10.0.0.1", {""}), "10.0.0.1");
    EXPECT_EQ(named("10.0.0.1", {"\" - evil"}), "10.0.0.1");
}

}  // namespace
}  // namespace patchbay::http_server
