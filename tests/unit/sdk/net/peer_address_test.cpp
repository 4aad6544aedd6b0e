// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/peer_address.hpp>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace patchbay::net {

namespace {

PeerAddress v4(const char* text, std::uint16_t port = 5) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, text, &address.sin_addr);
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof address);
    return PeerAddress::of(storage);
}

TEST(PeerAddress, IsWrittenWithItsPort) {
    EXPECT_EQ(v4("192.0.2.1").text_with_port(), "192.0.2.1:5");
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(7);
    ::inet_pton(AF_INET6, "2001:db8::1", &address.sin6_addr);
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof address);
    EXPECT_EQ(PeerAddress::of(storage).text_with_port(), "[2001:db8::1]:7");
    EXPECT_EQ(PeerAddress().text_with_port(), "unix:0");
}

TEST(PeerAddress, IsWrittenWithoutItsPort) {
    EXPECT_EQ(v4("192.0.2.1").text(), "192.0.2.1");
    EXPECT_EQ(PeerAddress().text(), "unix");
    EXPECT_TRUE(PeerAddress().is_unix());
    EXPECT_FALSE(v4("192.0.2.1").is_unix());
}

}  // namespace

}  // namespace patchbay::net
