// SPDX-License-Identifier: Apache-2.0
#include "openapi/server_compiler.hpp"
#include "openapi/yaml_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

/// "host/base" of each server; the problems instead when there are some.
std::string servers(std::string_view yaml) {
    Problems problems("file");
    const Node list = read_yaml(yaml, Limits(), problems).value();
    std::string text;
    for (const Server& server : compile_servers(list, problems)) {
        text += (text.empty() ? "" : " ") + server.host + '/';
        for (const std::string& segment : server.base) {
            text += segment + '/';
        }
    }
    return problems.empty() ? text : to_string(problems.error());
}

TEST(OpenapiServerCompiler, UrlsHaveAHostAndABasePath) {
    EXPECT_EQ(servers("[{url: /}]"), "/");
    EXPECT_EQ(servers("[{url: /api/v1/}]"), "/api/v1/");
    EXPECT_EQ(servers("[{url: ./api}]"), "/api/");
    EXPECT_EQ(servers("[{url: 'https://Pets.Example:443/a%20b'}]"), "pets.example/a b/");
    EXPECT_EQ(servers("[{url: 'http://pets.example:443'}]"), "pets.example:443/");
    EXPECT_EQ(servers("[{url: //pets.example/x}]"), "pets.example/x/");
}

TEST(OpenapiServerCompiler, VariablesStandForEachOfTheirValues) {
    EXPECT_EQ(
        servers("[{url: 'https://{r}.example/{v}', variables: {r: {default: eu, enum: [eu, us]}, "
                "v: {default: v2}}}]"),
        "eu.example/v2/ us.example/v2/");
}

TEST(OpenapiServerCompiler, ProblemsAreToldWithTheirPlace) {
    EXPECT_EQ(servers("[{url: '/{v}'}]"),
              "file:1:8: the server's URL `/{v}` has the variable `v`, which `variables` does not "
              "define [openapi.server]");
    EXPECT_NE(servers("[{url: '/{v'}]").find("brace without its counterpart"), std::string::npos);
    EXPECT_NE(servers("[{url: '/a?b'}]").find("is not the URL of a server"), std::string::npos);
    EXPECT_NE(servers("[{url: 'http://'}]").find("is not the URL of a server"), std::string::npos);
    EXPECT_NE(servers("[{url: 'http://u:p@h/'}]").find("is not the URL"), std::string::npos);
    EXPECT_NE(servers("[{url: '/a/../b'}]").find("is not the URL"), std::string::npos);
    EXPECT_NE(servers("[{uri: /}]").find("a server has no field `uri`; did you mean `url`?"),
              std::string::npos);
    EXPECT_NE(servers("{url: /}").find("`servers` must be a list"), std::string::npos);
    EXPECT_NE(servers("[{url: '/{v}', variables: {v: {enum: [1]}}}]").find("must be texts"),
              std::string::npos);
}

TEST(OpenapiServerCompiler, TheNumberOfUrlsIsBounded) {
    std::string values = "{default: a, enum: [a, b, c, d, e, f, g, h, i, j]}";
    EXPECT_NE(servers("[{url: '/{a}/{b}', variables: {a: " + values + ", b: " + values + "}}]")
                  .find("stands for more than 64 URLs"),
              std::string::npos);
}

TEST(OpenapiServer, HostsAreComparedInOneForm) {
    EXPECT_EQ(normal_host("http", "Example.ORG:80"), "example.org");
    EXPECT_EQ(normal_host("https", "example.org:80"), "example.org:80");
    EXPECT_EQ(normal_host("", "example.org:80"), "example.org:80");
}

TEST(OpenapiServer, APathIsUnderABaseWhenItGoesOn) {
    const auto path = RequestPath::parse("/a/b/").value();
    EXPECT_TRUE(is_under(path, {}));
    EXPECT_TRUE(is_under(path, {"a", "b"}));
    EXPECT_FALSE(is_under(path, {"a", "b", ""}));
    EXPECT_FALSE(is_under(path, {"b"}));
}

}  // namespace
}  // namespace patchbay::openapi
