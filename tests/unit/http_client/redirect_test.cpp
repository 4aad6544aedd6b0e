// SPDX-License-Identifier: Apache-2.0
/// Redirects, and what they must not give away; access rules; forwarding to one origin.
#include "client_fixture.hpp"

namespace patchbay::http_client {
namespace {

class RedirectTest : public ClientFixture {
  protected:
    static std::string location(const std::string& where) { return "Location: " + where + "\r\n"; }
    static bool has(std::string_view text, std::string_view part) {
        return text.find(part) != std::string_view::npos;
    }
    static constexpr std::string_view secrets =
        "Authorization: Bearer secret\nCookie: session=secret\nX-Kept: yes\n\n";
};

TEST_F(RedirectTest, IsFollowedOnTheSameConnection) {
    Server server;
    start();
    ask(server.url("/a/b?c"), "GET", secrets);
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("302 Found", "ignored", location("../d?e"));
    const std::string request = peer.read_request();
    EXPECT_TRUE(request.starts_with("GET /d?e HTTP/1.1\r\n")) << request;
    EXPECT_TRUE(has(request, "Authorization: Bearer secret\r\n"));
    EXPECT_TRUE(has(request, "Cookie: session=secret\r\n"));
    peer.respond("200 OK", "there");
    EXPECT_EQ(answer().body, "there");
    EXPECT_EQ(host().metrics().at("http_client_redirects"), 1);
}

TEST_F(RedirectTest, TurnsPostIntoGetWhereBrowsersDo) {
    for (const auto& [status, method] :
         std::vector<std::pair<std::string, std::string>>{{"301 Moved Permanently", "GET"},
                                                          {"302 Found", "GET"},
                                                          {"303 See Other", "GET"},
                                                          {"307 Temporary Redirect", "POST"},
                                                          {"308 Permanent Redirect", "POST"}}) {
        Server server;
        seen_ = 0;
        start();
        ask(server.url(), "POST", "Content-Type: text/x\nX-Kept: yes\n\n", "body");
        Peer peer = server.accept();
        static_cast<void>(peer.read_request());
        peer.respond(status, "", location("/next"));
        const std::string request = peer.read_request();
        EXPECT_TRUE(request.starts_with(method + " /next HTTP/1.1\r\n")) << request;
        EXPECT_EQ(request.ends_with("\r\n\r\nbody"), method == "POST") << request;
        EXPECT_EQ(has(request, "Content-Type: text/x"), method == "POST") << request;
        EXPECT_TRUE(has(request, "X-Kept: yes"));
        peer.respond("200 OK");
        EXPECT_EQ(answer().status, 200);
        host().stop();
    }
}

TEST_F(RedirectTest, AnotherOriginGetsNoCredentials) {
    Server first;
    Server other;
    start();
    ask("http://user:secret@127.0.0.1:" + std::to_string(first.port()) + "/", "GET", secrets);
    Peer peer = first.accept();
    EXPECT_TRUE(has(peer.read_request(), "Authorization: Bearer secret\r\n"));
    peer.respond("307 Temporary Redirect", "", location(other.url("/x")));
    Peer stranger = other.accept();
    const std::string request = stranger.read_request();
    EXPECT_FALSE(has(request, "secret")) << request;
    EXPECT_FALSE(has(request, "Authorization")) << request;
    EXPECT_FALSE(has(request, "Cookie")) << request;
    EXPECT_TRUE(has(request, "X-Kept: yes\r\n")) << request;
    EXPECT_TRUE(has(request, "Host: 127.0.0.1:" + std::to_string(other.port()) + "\r\n"));
    // Nor does the way back bring them back: the stranger chose the URL.
    stranger.respond("307 Temporary Redirect", "", location(first.url("/chosen")));
    const std::string back = peer.read_request();
    EXPECT_TRUE(has(back, "/chosen"));
    EXPECT_FALSE(has(back, "secret")) << back;
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
}

TEST_F(RedirectTest, UsersOfAUrlStayWithItsOrigin) {
    Server first;
    Server other;
    start();
    ask("http://user:secret@127.0.0.1:" + std::to_string(first.port()) + "/");
    Peer peer = first.accept();
    EXPECT_TRUE(has(peer.read_request(), "Authorization: Basic "));
    peer.respond("302 Found", "", location("/same"));
    EXPECT_TRUE(has(peer.read_request(), "Authorization: Basic "));
    peer.respond("302 Found", "", location("//127.0.0.1:" + std::to_string(other.port()) + "/"));
    Peer stranger = other.accept();
    EXPECT_FALSE(has(stranger.read_request(), "Authorization"));
    stranger.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
}

TEST_F(RedirectTest, HasAnEnd) {
    Server server;
    start(R"({"redirects": 3})");
    ask(server.url());
    Peer peer = server.accept();
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(peer.read_request());
        peer.respond("302 Found", "", location("/"));
    }
    EXPECT_EQ(failure_code(), "redirect.too_many");
}

TEST_F(RedirectTest, IsTheAnswerWhenNotFollowed) {
    for (const std::string setting : {R"("off")", "0", R"("same-origin")"}) {
        Server server;
        seen_ = 0;
        start(R"({"redirects": )" + setting + '}');
        ask(server.url());
        Peer peer = server.accept();
        static_cast<void>(peer.read_request());
        peer.respond("302 Found", "body", location("http://127.0.0.9:1/"));
        const Answer got = answer();
        EXPECT_EQ(got.status, 302);
        EXPECT_EQ(got.headers, "Location: http://127.0.0.9:1/\nContent-Length: 4\n\n");
        EXPECT_EQ(got.body, "body");
        host().stop();
    }
}

TEST_F(RedirectTest, SameOriginIsFollowedWhenOnlyThatIs) {
    Server server;
    start(R"({"redirects": "same-origin"})");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("302 Found", "", location(server.url("/next")));
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "there");
    EXPECT_EQ(answer().body, "there");
}

TEST_F(RedirectTest, ToWhatIsNoHttpFails) {
    Server server;
    start();
    for (const std::string where : {"file:///etc/passwd", "gopher://127.0.0.1/", "http://a@b@c/",
                                    "http://127.0.0.1:99999/"}) {
        ask(server.url(), "GET", "Connection: close\n\n");
        Peer peer = server.accept();
        static_cast<void>(peer.read_request());
        peer.respond("302 Found", "", location(where) + "Connection: close\r\n");
        EXPECT_EQ(failure_code(), "redirect.bad_location") << where;
    }
}

// ---- Whom requests may reach --------------------------------------------------------------------

TEST_F(RedirectTest, CannotLeaveTheAllowedOrigins) {
    Server server;
    Server other;
    start(R"({"allowed_origins": [")" + server.url("") + R"("]})");
    ask(other.url());
    EXPECT_EQ(failure_code(), "http_client.origin_not_allowed");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("302 Found", "", location(other.url()));
    EXPECT_EQ(failure_code(), "http_client.origin_not_allowed");
    EXPECT_FALSE(other.has_visitor());
}

TEST_F(RedirectTest, PrivateAddressesAreRefusedHoweverTheyAreNamed) {
    Server server;
    start(R"({"refuse_private_addresses": true})");
    set_name("inside.test", {"127.0.0.1"});
    set_name("2130706433", {"127.0.0.1"});  // as the system reads it
    set_name("0x7f.1", {"127.0.0.1"});
    set_name("mixed.test", {"::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"});
    for (const std::string host : {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "inside.test",
                                   "2130706433", "0x7f.1", "mixed.test", "localhost"}) {
        ask("http://" + host + ':' + std::to_string(server.port()) + '/');
        EXPECT_EQ(failure_code(), "http_client.private_address") << host;
    }
    EXPECT_FALSE(server.has_visitor());
}

TEST_F(RedirectTest, PrivateAddressesAreRefusedBehindAProxyToo) {
    Server proxy;
    start(R"({"refuse_private_addresses": true, "proxy": ")" + proxy.url("") + R"("})");
    ask("http://public.test/a?b");
    Peer peer = proxy.accept();
    EXPECT_TRUE(peer.read_request().starts_with(
        "GET http://public.test/a?b HTTP/1.1\r\nHost: public.test\r\n"));
    peer.respond("302 Found", "", location("http://169.254.169.254/latest/meta-data"));
    EXPECT_EQ(failure_code(), "http_client.private_address");
    EXPECT_EQ(questions(), 0);  // the proxy looks names up
}

// ---- A reverse proxy ----------------------------------------------------------------------------

TEST_F(RedirectTest, EveryRequestIsForwardedToTheOneOrigin) {
    Server server;
    start(R"({"forward_to": ")" + server.url() + R"("})");
    ask("http://user:pw@outside.test:8000/a/b?c=d#e", "POST", "Host: outside.test\nX-One: 1\n\n",
        "body");
    Peer peer = server.accept();
    const std::string request = peer.read_request();
    EXPECT_TRUE(request.starts_with("POST /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" +
                                    std::to_string(server.port()) + "\r\nX-One: 1\r\n"))
        << request;
    EXPECT_FALSE(has(request, "Authorization"));
    EXPECT_FALSE(has(request, "outside"));
    peer.respond("302 Found", "", location("/elsewhere"));
    const Answer got = answer();
    EXPECT_EQ(got.status, 302);
    EXPECT_TRUE(has(got.headers, "Location: /elsewhere\n"));
    ask("https://other.test");
    EXPECT_TRUE(peer.read_request().starts_with("GET / HTTP/1.1\r\n"));
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
    EXPECT_EQ(questions(), 0);
}

}  // namespace
}  // namespace patchbay::http_client
