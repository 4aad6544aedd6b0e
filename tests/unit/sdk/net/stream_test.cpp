// SPDX-License-Identifier: Apache-2.0
#include "socket_pair.hpp"
#include "tls_pair.hpp"

#include <patchbay/net/stream.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace patchbay::net {
namespace {

/// Reads with a buffer of that size.
std::pair<IoResult, std::string> read(Stream& stream, std::size_t capacity) {
    std::string buffer(capacity, '\0');
    const IoResult result = stream.read_some(buffer.data(), buffer.size());
    buffer.resize(result.size);
    return {result, buffer};
}

IoResult write(Stream& stream, std::string_view text) {
    return stream.write_some(text.data(), text.size());
}

/// Writes until the system takes no more; how much it took.
std::size_t fill(Stream& stream) {
    const std::string piece(100000, 'x');
    std::size_t size = 0;
    for (;;) {
        const IoResult result = write(stream, piece);
        if (result.state != IoState::done) {
            EXPECT_EQ(result.state, IoState::want_write);
            return size;
        }
        size += result.size;
    }
}

/// Everything that is there.
std::size_t drain(Stream& stream) {
    std::size_t size = 0;
    for (;;) {
        const auto [result, text] = read(stream, 65536);
        if (result.state != IoState::done) {
            EXPECT_EQ(result.state, IoState::want_read) << stream.failure_text();
            return size;
        }
        size += text.size();
    }
}

// ---- Plain --------------------------------------------------------------------------------------

struct PlainStream : ::testing::Test {
    PlainStream() {
        SocketPair pair;
        near = Stream(std::move(pair.near));
        far = Stream(std::move(pair.far));
    }
    Stream near;
    Stream far;
};

TEST_F(PlainStream, NeedsNoHandshake) {
    EXPECT_FALSE(near.is_tls());
    EXPECT_EQ(near.handshake().state, IoState::done);
}

TEST_F(PlainStream, SaysWhetherThereMayBeMore) {
    EXPECT_EQ(read(near, 10).first.state, IoState::want_read);
    EXPECT_EQ(write(far, "0123456789abc").size, 13U);
    const auto [first, begin] = read(near, 10);
    EXPECT_EQ(begin, "0123456789");
    EXPECT_FALSE(first.drained);
    const auto [second, end] = read(near, 10);
    EXPECT_EQ(end, "abc");
    EXPECT_TRUE(second.drained);
}

TEST_F(PlainStream, TellsTheEndOfTheOtherSide) {
    EXPECT_EQ(write(far, "last").state, IoState::done);
    far.shut_down();
    EXPECT_EQ(read(near, 10).second, "last");
    EXPECT_EQ(read(near, 10).first.state, IoState::closed);
    EXPECT_EQ(write(near, "still taken").state, IoState::done);
    EXPECT_EQ(read(far, 20).second, "still taken");
    far.close();
    EXPECT_FALSE(far.is_open());
    EXPECT_EQ(write(near, "x").state, IoState::failed);
    EXPECT_EQ(near.failure_text(), "Broken pipe");
}

TEST_F(PlainStream, WaitsForAReaderThatIsSlow) {
    const std::size_t size = fill(near);
    EXPECT_EQ(drain(far), size);
    EXPECT_EQ(write(near, "more").state, IoState::done);
}

// ---- TLS ----------------------------------------------------------------------------------------

struct TlsStream : ::testing::Test {
    void SetUp() override {
        ASSERT_TRUE(pair.shake_hands()) << pair.client.failure_text();
        // The server's tickets come after the handshake.
        EXPECT_EQ(read(pair.client, 10).first.state, IoState::want_read);
    }

    TlsFiles files;
    TlsContext server_context = TlsContext::for_server(files.server_options()).value();
    TlsContext client_context = TlsContext::for_client(files.client_options()).value();
    TlsPair pair{server_context, client_context, "localhost"};
};

TEST_F(TlsStream, CarriesTextInBothDirections) {
    EXPECT_TRUE(pair.server.is_tls());
    EXPECT_EQ(write(pair.client, "question").size, 8U);
    EXPECT_EQ(read(pair.server, 100).second, "question");
    EXPECT_EQ(write(pair.server, "answer").size, 6U);
    EXPECT_EQ(read(pair.client, 100).second, "answer");
}

TEST_F(TlsStream, IsDrainedOnlyWhenNeitherTheSystemNorOpensslHasMore) {
    EXPECT_EQ(read(pair.server, 10).first.state, IoState::want_read);
    write(pair.client, "0123456789abc");
    write(pair.client, "second record");
    const auto [first, begin] = read(pair.server, 10);
    EXPECT_EQ(begin, "0123456789");
    EXPECT_FALSE(first.drained) << "the rest of the record";
    std::string rest;
    IoResult last = first;
    for (int i = 0; i < 10 && !last.drained; ++i) {
        const auto [result, text] = read(pair.server, 100);
        ASSERT_EQ(result.state, IoState::done);
        rest += text;
        last = result;
    }
    EXPECT_EQ(rest, "abcsecond record");
    EXPECT_TRUE(last.drained);
    EXPECT_EQ(read(pair.server, 10).first.state, IoState::want_read);
}

TEST_F(TlsStream, LosesNothingWhereItSaidThatItIsDrained) {
    // Whoever reads until `drained` and waits for the next event must get everything.
    const std::size_t size = fill(pair.client);
    std::size_t got = 0;
    IoResult last;
    do {
        const auto [result, text] = read(pair.server, 5000);
        ASSERT_EQ(result.state, IoState::done);
        got += text.size();
        last = result;
    } while (!last.drained);
    // The last record may have come in part, of which the client has the other.
    const std::string rest(100000, 'x');
    for (std::size_t left = rest.size(); left != 0;) {
        const IoResult sent = pair.client.write_some(rest.data(), left);
        if (sent.state == IoState::done) {
            left -= sent.size;
        } else {
            got += drain(pair.server);
        }
    }
    got += drain(pair.server);
    EXPECT_EQ(got, size + rest.size());
}

TEST_F(TlsStream, ToldTheEndTheOtherSideKnowsThatNothingIsMissing) {
    write(pair.client, "last");
    pair.client.shut_down();
    EXPECT_EQ(read(pair.server, 10).second, "last");
    EXPECT_EQ(read(pair.server, 10).first.state, IoState::closed);
}

TEST_F(TlsStream, AnEndThatWasNotToldIsAFailure) {
    write(pair.client, "part");
    pair.client.close();
    EXPECT_EQ(read(pair.server, 10).second, "part");
    EXPECT_EQ(read(pair.server, 10).first.state, IoState::failed);
    EXPECT_EQ(pair.server.failure_text(), "unexpected eof while reading");
}

TEST_F(TlsStream, GarbageIsAFailure) {
    ::send(pair.client.descriptor(), "this is no record of TLS", 24, MSG_NOSIGNAL);
    EXPECT_EQ(read(pair.server, 10).first.state, IoState::failed);
    EXPECT_EQ(pair.server.failure_text(), "wrong version number");
}

TEST_F(TlsStream, TellsAPeerThatSpeaksHttpFromGarbage) {
    TlsPair fresh(server_context, client_context, "localhost");
    EXPECT_FALSE(fresh.server.peer_spoke_http());
    const std::string_view request = "GET / HTTP/1.1\r\n\r\n";
    ::send(fresh.client.descriptor(), request.data(), request.size(), MSG_NOSIGNAL);
    EXPECT_EQ(fresh.server.handshake().state, IoState::failed);
    EXPECT_TRUE(fresh.server.peer_spoke_http());
    ::send(pair.client.descriptor(), "this is no record of TLS", 24, MSG_NOSIGNAL);
    EXPECT_EQ(read(pair.server, 10).first.state, IoState::failed);
    EXPECT_FALSE(pair.server.peer_spoke_http());
}

TEST_F(TlsStream, MayBeShutDownAtAnyTime) {
    TlsPair fresh(server_context, client_context, "localhost");
    fresh.server.shut_down();
    EXPECT_EQ(fresh.client.handshake().state, IoState::failed);
    Stream none;
    none.shut_down();
    none.close();
    EXPECT_FALSE(none.is_open());
}

}  // namespace
}  // namespace patchbay::net
