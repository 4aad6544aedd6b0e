// SPDX-License-Identifier: Apache-2.0
/// What the configuration may say.
#include "client_fixture.hpp"

namespace patchbay::http_client {
namespace {

/// The code with which a configuration is refused; empty when it is accepted.
std::string refusal(const std::string& config) {
    testing::HostOptions options;
    options.config_json = config;
    const testing::HostDouble host(connection_class<TestClient>("HTTPClientConnection"),
                                   std::move(options));
    return host.creation() ? std::string() : host.creation().error().code;
}

TEST(OptionsTest, UpstreamsConfigurationIsAccepted) {
    EXPECT_EQ(refusal(R"({"host": "127.0.0.1", "port": 8000, "timeout": 300})"), "");
    EXPECT_EQ(refusal("{}"), "");
}

TEST(OptionsTest, NullIsTheDefault) {
    EXPECT_EQ(refusal(R"({"redirects": null, "retry_delay": null, "forward_to": null,
                          "ca_file": null, "client_certificate": null, "client_key": null})"),
              "");
}

TEST(OptionsTest, ValuesOutOfRangeAreRefused) {
    for (const std::string config :
         {R"({"timeout": 0})", R"({"timeout": -1})", R"({"connect_timeout": 1e300})",
          R"({"connections": 0})", R"({"connections_per_origin": 0})", R"({"max_header_size": 1})",
          R"({"max_header_count": 0})", R"({"resolver_threads": 0})", R"({"redirects": "all"})",
          R"({"user_agent": "a\r\nX: y"})"}) {
        EXPECT_EQ(refusal(config), "config.out_of_range") << config;
    }
}

TEST(OptionsTest, OriginsAndProxiesAreChecked) {
    for (const std::string config :
         {R"({"forward_to": "127.0.0.1:9000"})", R"({"forward_to": "http://a@127.0.0.1"})",
          R"({"forward_to": "http://127.0.0.1/path"})", R"({"forward_to": "http://127.0.0.1?"})",
          R"({"allowed_origins": ["example.org"]})",
          R"({"allowed_origins": ["http://example.org/path"]})"}) {
        EXPECT_EQ(refusal(config), "config.bad_origin") << config;
    }
    EXPECT_EQ(refusal(R"({"proxy": "https://127.0.0.1:1"})"), "config.bad_proxy");
    EXPECT_EQ(refusal(R"({"forward_to": "http://[::1]:9000/"})"), "");
}

TEST(OptionsTest, ACertificateNeedsItsKey) {
    EXPECT_EQ(refusal(R"({"client_certificate": "a.pem"})"), "config.missing");
    EXPECT_EQ(refusal(R"({"client_key": "a.pem"})"), "config.missing");
}

}  // namespace
}  // namespace patchbay::http_client
