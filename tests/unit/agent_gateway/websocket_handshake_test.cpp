// SPDX-License-Identifier: Apache-2.0
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway::websocket {

namespace {

std::string upgrade(std::string_view more = {}, std::string_view target = "/") {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
           std::string(more) + "\r\n";
}

bool has(const Handshake& handshake, std::string_view text) {
    return handshake.response.find(text) != std::string::npos;
}

TEST(Handshake, AcceptsTheExampleOfRfc6455) {
    const std::string request = upgrade();
    const Handshake handshake = read_handshake(request + "\x81", {});
    ASSERT_EQ(handshake.state, HandshakeState::upgraded);
    EXPECT_TRUE(has(handshake, "HTTP/1.1 101 "));
    EXPECT_TRUE(has(handshake, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT_EQ(handshake.size, request.size());
    EXPECT_FALSE(handshake.deflate);
    EXPECT_FALSE(handshake.envelopes);
}

TEST(Handshake, IsIncompleteUntilTheEmptyLine) {
    const std::string request = upgrade();
    for (std::size_t size = 0; size < request.size(); ++size) {
        EXPECT_EQ(read_handshake(request.substr(0, size), {}).state, HandshakeState::incomplete)
            << size;
    }
}

TEST(Handshake, ServesEveryPathUnlessOneIsConfigured) {
    EXPECT_EQ(read_handshake(upgrade("", "/any/path?x=1"), {}).state, HandshakeState::upgraded);
    HandshakeRules rules;
    rules.path = "/agents";
    EXPECT_EQ(read_handshake(upgrade("", "/agents?x=1"), rules).state, HandshakeState::upgraded);
    EXPECT_TRUE(has(read_handshake(upgrade("", "/other"), rules), " 404 "));
}

TEST(Handshake, ChecksTheOriginThatBrowsersSend) {
    HandshakeRules rules;
    EXPECT_TRUE(has(read_handshake(upgrade("Origin: https://evil.example\r\n"), rules), " 403 "));
    rules.origins = {"https://good.example"};
    EXPECT_TRUE(has(read_handshake(upgrade("Origin: https://evil.example\r\n"), rules), " 403 "));
    EXPECT_EQ(read_handshake(upgrade("Origin: https://good.example\r\n"), rules).state,
              HandshakeState::upgraded);
    EXPECT_EQ(read_handshake(upgrade(), rules).state, HandshakeState::upgraded);
    rules.origins = {"*"};
    EXPECT_EQ(read_handshake(upgrade("Origin: null\r\n"), rules).state, HandshakeState::upgraded);
}

TEST(Handshake, AgreesOnTheSubprotocolOfEnvelopes) {
    const Handshake handshake =
        read_handshake(upgrade("Sec-WebSocket-Protocol: chat, patchbay.envelope.v1\r\n"), {});
    EXPECT_TRUE(handshake.envelopes);
    EXPECT_TRUE(has(handshake, "\r\nSec-WebSocket-Protocol: patchbay.envelope.v1\r\n"));
    EXPECT_FALSE(has(read_handshake(upgrade("Sec-WebSocket-Protocol: chat\r\n"), {}), "Protocol:"));
}

TEST(Handshake, AgreesOnDeflateWithoutContextTakeover) {
    HandshakeRules rules;
    rules.deflate = true;
    const std::string offer =
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    const Handshake handshake = read_handshake(upgrade(offer), rules);
    EXPECT_TRUE(handshake.deflate);
    EXPECT_TRUE(has(handshake,
                    "permessage-deflate; server_no_context_takeover; client_no_context_takeover"));
    EXPECT_FALSE(read_handshake(upgrade(offer), {}).deflate);
    EXPECT_FALSE(
        read_handshake(
            upgrade("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n"),
            rules)
            .deflate);
    EXPECT_TRUE(read_handshake(upgrade("Sec-WebSocket-Extensions: permessage-deflate; "
                                       "server_max_window_bits=10, permessage-deflate\r\n"),
                               rules)
                    .deflate);
}

TEST(Handshake, TellsVisitorsWhatThisIs) {
    HandshakeRules rules;
    rules.greeting = "{\"service\": \"x\"}\n";
    const Handshake handshake = read_handshake("GET / HTTP/1.1\r\nHost: a\r\n\r\n", rules);
    EXPECT_EQ(handshake.state, HandshakeState::answered);
    EXPECT_TRUE(has(handshake, "HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(handshake.response.ends_with("\r\n\r\n{\"service\": \"x\"}\n"));
    EXPECT_TRUE(
        read_handshake("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", rules).response.ends_with("\r\n\r\n"));
    EXPECT_TRUE(has(read_handshake("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", rules), " 404 "));
    EXPECT_TRUE(has(read_handshake("POST / HTTP/1.1\r\nHost: a\r\n\r\n", rules), " 405 "));
    rules.path = "/agents";
    EXPECT_TRUE(has(read_handshake("GET /agents HTTP/1.1\r\nHost: a\r\n\r\n", rules), " 426 "));
}

TEST(Handshake, RefusesWhatIsNoProperUpgrade) {
    const auto without = [](std::string_view line) {
        std::string request = upgrade();
        const std::size_t at = request.find(line);
        return request.erase(at, request.find("\r\n", at) + 2 - at);
    };
    EXPECT_TRUE(has(read_handshake(without("Sec-WebSocket-Key"), {}), " 400 "));
    EXPECT_TRUE(has(read_handshake(without("Host"), {}), " 400 "));
    EXPECT_TRUE(has(read_handshake(without("Sec-WebSocket-Version"), {}), " 426 "));
    EXPECT_TRUE(has(read_handshake(upgrade("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), {}),
                    " 400 "));
    EXPECT_TRUE(has(read_handshake("NOT HTTP\r\n\r\n", {}), " 400 "));
    EXPECT_TRUE(
        has(read_handshake(upgrade("X: " + std::string(20000, 'x') + "\r\n"), {}), " 431 "));
}

}  // namespace

}  // namespace patchbay::agent_gateway::websocket
