// SPDX-License-Identifier: Apache-2.0
/// \file
/// Every request of the corpus, on a connection of its own, to one server, which goes on serving.
#include "corpus.hpp"
#include "server_bench.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::http_server::test {
namespace {

struct BadRequests : ::testing::TestWithParam<BadRequest> {
    static void SetUpTestSuite() {
        bench = std::make_unique<ServerBench>(nlohmann::json{
            {"max_header_size", 1024}, {"max_header_count", 20}, {"max_body_size", 1000}});
    }
    static void TearDownTestSuite() {
        bench->finish();
        bench.reset();
    }
    void TearDown() override { EXPECT_TRUE(bench->serves()); }

    static void expect_accepted(Client& client, std::size_t index) {
        const Request request = bench->request(index);
        EXPECT_EQ(GetParam().url.value_or(request.url), request.url);
        EXPECT_EQ(GetParam().body.value_or(request.body), request.body);
        bench->answer(request, {200, "OK", "", "good"});
        EXPECT_EQ(client.receive().body, "good");
    }
    static void expect_refused(Client& client, std::size_t index) {
        const Response response = client.receive();
        EXPECT_EQ(response.status, GetParam().status) << response.head;
        EXPECT_EQ(response.header("Connection"), "close");
        EXPECT_TRUE(client.is_ended());
        EXPECT_EQ(bench->requests(), index) << "it reached the consumer";
    }
    static void expect_outcome(Client& client, std::size_t index) {
        if (GetParam().status == 200) {
            expect_accepted(client, index);
        } else {
            expect_refused(client, index);
        }
    }

    inline static std::unique_ptr<ServerBench> bench;
};

TEST_P(BadRequests, AreAnsweredWithTheirStatusWhenTheyComeAtOnce) {
    const std::size_t index = bench->requests();
    Client client = bench->client();
    client.send(GetParam().bytes);
    expect_outcome(client, index);
}

TEST_P(BadRequests, AreAnsweredWithTheirStatusWhenTheyComeInPieces) {
    const std::size_t index = bench->requests();
    Client client = bench->client();
    // Long ones in pieces that are larger, to end in time.
    const std::string_view bytes = GetParam().bytes;
    const std::size_t step = bytes.size() / 300 + 1;
    for (std::size_t i = 0; i < bytes.size() && !client.has_input(); i += step) {
        client.send(bytes.substr(i, step));
    }
    expect_outcome(client, index);
}

TEST_P(BadRequests, AreAnsweredBehindGoodOnes) {
    const std::size_t index = bench->requests();
    Client client = bench->client();
    client.send(get("/first") + GetParam().bytes);
    bench->answer(bench->request(index), {200, "OK", "", "first"});
    EXPECT_EQ(client.receive().body, "first");
    expect_outcome(client, index + 1);
}

std::string name_of(const ::testing::TestParamInfo<BadRequest>& info) {
    return info.param.file + '_' + info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Corpus, BadRequests, ::testing::ValuesIn(read_corpus()), name_of);

}  // namespace
}  // namespace patchbay::http_server::test
