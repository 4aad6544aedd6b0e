// SPDX-License-Identifier: Apache-2.0
/// Requests and their answers, one at a time and many.
#include "client_fixture.hpp"

namespace patchbay::http_client {
namespace {

class HttpClientTest : public ClientFixture {};

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

TEST_F(HttpClientTest, AnswersARequestWithItsResponse) {  // test_http_send_ok
    Server server;
    start();
    const auto token = ask(server.url("/hello?x=1"), "post", "X-One: 1\nX-Two: a b\n\n", "body");
    Peer peer = server.accept();
    EXPECT_EQ(peer.read_request(),
              "POST /hello?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                  "\r\nX-One: 1\r\nX-Two: a b\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
                  "User-Agent: patchbay-http-client\r\nContent-Type: application/octet-stream\r\n"
                  "Content-Length: 4\r\n\r\nbody");
    peer.respond("201 Created", "made", "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    const Answer got = answer();
    EXPECT_EQ(got.status, 201);
    EXPECT_EQ(got.text, "Created");
    EXPECT_EQ(got.version, "HTTP/1.1");
    EXPECT_EQ(got.headers, "Set-Cookie: a=1\nSet-Cookie: b=2\nContent-Length: 4\n\n");
    EXPECT_EQ(got.body, "made");
    const auto completed = host().wait_for_completions(1).at(0);
    EXPECT_EQ(completed.token, token);
    EXPECT_EQ(completed.status, PATCHBAY_OK);
}

TEST_F(HttpClientTest, TheAnswerIsPartOfTheRequest) {
    Server server;
    start();
    const auto token = ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    EXPECT_TRUE(host().completions().empty());
    peer.respond("200 OK");
    answer();
    EXPECT_EQ(host().deliveries().at(0).parent, token);
    host().wait_for_completions(1);
}

TEST_F(HttpClientTest, ReadsChunksAndBodiesThatEndWithTheConnection) {
    Server server;
    start();
    ask(server.url());
    Peer first = server.accept();
    static_cast<void>(first.read_request());
    first.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    first.send("6\r\n world\r\n0\r\n\r\n");
    EXPECT_EQ(answer().body, "hello world");
    ask(server.url());
    static_cast<void>(first.read_request());
    first.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    first.close();
    EXPECT_EQ(answer().body, "until the end");
    ask(server.url());
    Peer second = server.accept();
    static_cast<void>(second.read_request());
    second.send("HTTP/1.0 200 OK\r\n\r\n");
    second.send("piece by ");
    second.send("piece");
    second.close();
    const Answer got = answer();
    EXPECT_EQ(got.body, "piece by piece");
    EXPECT_EQ(got.version, "HTTP/1.0");
}

TEST_F(HttpClientTest, TakesLargeBodiesBothWays) {
    Server server;
    start();
    std::string body(5'000'000, 'x');
    for (std::size_t i = 0; i < body.size(); i += 1000) {
        body[i] = static_cast<char>('a' + i / 1000 % 26);
    }
    ask(server.url(), "PUT", "", body);
    Peer peer = server.accept();
    const std::string request = peer.read_request();
    EXPECT_TRUE(request.ends_with(body));
    peer.respond("200 OK", body);
    EXPECT_TRUE(answer().body == body);
}

TEST_F(HttpClientTest, DecodesCompressedResponsesWithinTheLimit) {
    Server server;
    start(R"({"max_response_size": 1000000})");
    const auto gzip = [](std::string_view text) {
        std::string output;
        EXPECT_TRUE(net::ContentEncoder(net::ContentCoding::gzip).encode(text, output));
        return output;
    };
    ask(server.url());
    Peer peer = server.accept();
    EXPECT_TRUE(has(peer.read_request(), "Accept-Encoding: gzip, deflate\r\n"));
    peer.respond("200 OK", gzip("hello"), "Content-Encoding: gzip\r\n");
    const Answer got = answer();
    EXPECT_EQ(got.body, "hello");
    EXPECT_EQ(got.headers, "Content-Length: 5\n\n");
    ask(server.url());
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", gzip(std::string(50'000'000, 'x')), "Content-Encoding: gzip\r\n");
    EXPECT_EQ(failure_code(), "content_coding.too_large");
    peer.wait_for_close();
}

TEST_F(HttpClientTest, NoBodyFollowsTheAnswerToHead) {
    Server server;
    start();
    ask(server.url(), "HEAD");
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(answer().headers, "Content-Length: 5\n\n");
    ask(server.url());  // on the same connection
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "x");
    EXPECT_EQ(answer().body, "x");
}

TEST_F(HttpClientTest, SendsTheUsersOfAUrlAsAuthorization) {
    Server server;
    start();
    ask("http://Aladdin:open%20sesame@127.0.0.1:" + std::to_string(server.port()) + "/");
    Peer peer = server.accept();
    EXPECT_TRUE(has(peer.read_request(), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
    for (const auto& line : host().log()) {
        EXPECT_FALSE(has(line.text, "sesame")) << line.text;
    }
}

TEST_F(HttpClientTest, SaysWhyThereIsNoResponse) {  // test_http_send_error
    start();
    const std::vector<std::pair<std::string, std::string>> reasons = {
        {"bad url", "url.scheme"},
        {"", "url.scheme"},
        {"ftp://127.0.0.1/", "url.scheme"},
        {"http://127.0.0.1:99999/", "url.port"},
        {"http://127.0.0.1/\r\nX: y", "url.control_character"},
        {"http://nowhere.test/", "dns.not_found"},
    };
    for (const auto& [url, code] : reasons) {
        ask(url);
        EXPECT_EQ(failure_code(), code) << url;
    }
    ask("http://127.0.0.1/", "GET\r\n");
    EXPECT_EQ(failure_code(), "request.method");
    ask("http://127.0.0.1/", "GET", "X: a\n b\n\n");
    EXPECT_EQ(failure_code(), "request.header");
    for (const auto& completed : host().wait_for_completions(reasons.size() + 2)) {
        EXPECT_EQ(completed.status, PATCHBAY_OK);  // it was answered
    }
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
    Server server;
    const std::string url = server.url();
    server.stop();
    start();
    ask(url);
    EXPECT_EQ(failure_code(), "connect.refused");
}

TEST_F(HttpClientTest, FailsOnWhatIsNotHttp) {
    for (const auto& [bytes, code] : std::vector<std::pair<std::string, std::string>>{
             {"SSH-2.0-OpenSSH_9.2\r\n", "response.malformed"},
             {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
              "response.malformed"},
             {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
              "response.malformed"},
             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n", "response.malformed"},
             {std::string("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 26), "response.malformed"},
             {"HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x'), "response.header_too_large"},
             {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "response.too_large"},
         }) {
        Server server;
        start();
        ask(server.url());
        Peer peer = server.accept();
        static_cast<void>(peer.read_request());
        peer.send(bytes);
        seen_ = 0;
        EXPECT_EQ(failure_code(), code) << bytes;
        peer.wait_for_close();
    }
}

TEST_F(HttpClientTest, FailsWhenTheServerClosesEarly) {
    Server server;
    start();
    ask(server.url(), "POST", "", "x");
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.close();
    EXPECT_EQ(failure_code(), "connection.closed");
    ask(server.url());
    peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
    peer.close();
    EXPECT_EQ(failure_code(), "response.closed_early");
    ask(server.url());
    peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
    finish_turn();
    peer.reset();
    EXPECT_EQ(failure_code(), "response.closed_early");
}

TEST_F(HttpClientTest, TakesAnEarlyAnswerToARequestThatIsStillBeingSent) {
    Server server;
    start();
    ask(server.url(), "POST", "", std::string(50'000'000, 'x'));
    Peer peer = server.accept();
    static_cast<void>(peer.read(1000));
    peer.respond("413 Too Large", "no");
    const Answer got = answer();
    EXPECT_EQ(got.status, 413);
    EXPECT_EQ(got.body, "no");
}

TEST_F(HttpClientTest, RequestsDoNotWaitForEachOther) {
    Server slow;
    Server fast;
    start();
    ask(slow.url());
    Peer waiting = slow.accept();
    static_cast<void>(waiting.read_request());
    for (int i = 0; i < 20; ++i) {
        ask(fast.url("/" + std::to_string(i)));
    }
    std::vector<Peer> peers;
    for (int i = 0; i < 20; ++i) {
        peers.push_back(fast.accept());
    }
    for (Peer& peer : peers) {
        const std::string request = peer.read_request();
        peer.respond("200 OK", request.substr(0, request.find(" HTTP")));
    }
    std::vector<std::string> bodies;
    for (int i = 0; i < 20; ++i) {
        bodies.push_back(answer().body);
    }
    std::sort(bodies.begin(), bodies.end());
    EXPECT_EQ(std::unique(bodies.begin(), bodies.end()), bodies.end());
    waiting.respond("200 OK", "at last");
    EXPECT_EQ(answer().body, "at last");
}

TEST_F(HttpClientTest, RefusesWhatIsNoRequest) {
    start();
    protocols::HttpMessageView message;
    message.header = {"reference", "", 1, 0, {}};
    message.body = protocols::HttpResponseView{"", 200, "OK", "", ""};
    const auto push = [&](std::string sender) {
        host().push(Envelope{std::string(address), std::move(sender),
                             std::string(protocols::http_protocol_id),
                             protocols::encode(message).value()});
    };
    push("agent");
    EXPECT_EQ(host().wait_for_completions(1)[0].code, "http_client.not_a_request");
    message.body = protocols::HttpRequestView{"GET", "http://127.0.0.1/", "", "", ""};
    message.header.target = 5;  // test_http_dialogue_construct_fail
    push("agent");
    EXPECT_EQ(host().wait_for_completions(2)[1].code, "dialogue.bad_target");
    message.header = {"", "", 1, 0, {}};
    push("agent");
    EXPECT_EQ(host().wait_for_completions(3)[2].code, "dialogue.no_reference");
    message.header = {"reference", "", 1, 0, {}};
    push(std::string(address));
    EXPECT_EQ(host().wait_for_completions(4)[3].code, "dialogue.misuse");
    host().push(Envelope{std::string(address), "agent", std::string(protocols::http_protocol_id),
                         "nonsense"});
    EXPECT_EQ(host().wait_for_completions(5)[4].code, "message.malformed");
    host().wait_for_log("http_client.not_a_request");
    EXPECT_TRUE(host().deliveries().empty());
}

TEST_F(HttpClientTest, RefusesADialogueThatIsInProgress) {
    Server server;
    start();
    const Envelope once = request(server.url());
    host().push(once);
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    host().push(once);
    EXPECT_EQ(host().wait_for_completions(1)[0].code, "dialogue.duplicate");
    peer.respond("200 OK");
    EXPECT_EQ(answer().status, 200);
}

TEST_F(HttpClientTest, WaitsForRoomWhereTheAnswerGoes) {
    Server server;
    start();
    host().fill("agent");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "kept");
    host().wait_for_full_answers(1);
    EXPECT_TRUE(host().completions().empty());
    ask(server.url());  // meanwhile the next is sent
    static_cast<void>(peer.read_request());
    host().make_room("agent");
    EXPECT_EQ(answer().body, "kept");
    peer.respond("200 OK", "next");
    EXPECT_EQ(answer().body, "next");
    host().wait_for_completions(2);
}

TEST_F(HttpClientTest, TheRequestFailsWhenItsAnswerCannotBeDelivered) {
    Server server;
    start();
    host().refuse("agent", PATCHBAY_REASON_NO_ROUTE);
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("200 OK");
    EXPECT_EQ(host().wait_for_completions(1)[0].code, "http_client.not_delivered");
}

TEST_F(HttpClientTest, ARequestThatTheHostGivesUpIsAnswered) {
    Server server;
    start();
    const auto token = ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    host().cancel(token);
    EXPECT_EQ(failure_code(), "http_client.cancelled");
    peer.wait_for_close();
    host().wait_for_completions(1);
}

TEST_F(HttpClientTest, CountsWhatItDoes) {
    Server server;
    start();
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("200 OK");
    answer();
    ask("nonsense");
    answer();
    host().wait_for_completions(2);
    finish_turn();
    const auto metrics = host().metrics();
    EXPECT_EQ(metrics.at("http_client_requests"), 2);
    EXPECT_EQ(metrics.at("http_client_responses"), 1);
    EXPECT_EQ(metrics.at("http_client_failures"), 1);
    EXPECT_EQ(metrics.at("http_client_connections_opened"), 1);
    EXPECT_EQ(metrics.at("http_client_connections"), 1);
}

}  // namespace
}  // namespace patchbay::http_client
