// SPDX-License-Identifier: Apache-2.0
#include "openapi_fixture.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

/// "valid", or "status: detail".
std::string verdict(const Specification& specification, const TestRequest& request) {
    const Verdict verdict = request.check(specification);
    EXPECT_EQ(verdict.precise_status, status_of(verdict.violation));
    EXPECT_EQ(verdict.is_valid(), verdict.detail.empty());
    return verdict.is_valid() ? "valid"
                              : std::to_string(verdict.precise_status) + ": " + verdict.detail;
}

class OpenapiRequestCheck : public testing::Test {
  protected:
    std::string check(const TestRequest& request) const { return verdict(pets_, request); }
    /// The status alone.
    int status(const TestRequest& request) const { return request.check(pets_).precise_status; }

    const Specification pets_ = data_specification("petstore-3.0.yaml");
};

TEST_F(OpenapiRequestCheck, PathsThatAreNotThere) {
    EXPECT_EQ(check(get("/dogs")), "404: There is nothing at `/dogs`.");
    EXPECT_EQ(check(get("/pets/")), "404: There is nothing at `/pets/`.");
    EXPECT_EQ(status(get("/PETS")), 404);
    EXPECT_EQ(status(get("")), 404);
    EXPECT_EQ(status(get("*")), 404);
    EXPECT_EQ(status(get("/pets/../pets")), 404);
    EXPECT_EQ(check(get("/" + std::string(1000, 0x01))),
              "404: There is nothing at `/" + std::string(99, '?') + "...`.")
        << "quoted pieces are short and printable";
}

TEST_F(OpenapiRequestCheck, MethodsThatAreNotThere) {
    const Verdict verdict = TestRequest{"PATCH", "/pets/7"}.check(pets_);
    EXPECT_EQ(verdict.violation, Violation::no_method);
    EXPECT_EQ(verdict.precise_status, 405);
    EXPECT_EQ(verdict.allow, "DELETE, GET, HEAD, OPTIONS");
    EXPECT_EQ((TestRequest{"OPTIONS", "/pets"}).check(pets_).precise_status, 405);
    EXPECT_EQ((TestRequest{"POST", "/pets/mine"}).check(pets_).allow, "GET, HEAD")
        << "a path without variables wins over one with them, whatever its methods";
}

TEST_F(OpenapiRequestCheck, MethodsInAnyCaseAndHeadWhereGetIs) {
    EXPECT_EQ(check({"get", "/pets"}), "valid");
    EXPECT_EQ(check({"HEAD", "/pets"}), "valid");
    EXPECT_EQ(status({"HEAD", "/notes"}), 405);
    EXPECT_EQ(check({"OPTIONS", "/pets/1"}), "valid");
}

TEST_F(OpenapiRequestCheck, PathParameters) {
    EXPECT_EQ(check({"DELETE", "/pets/9223372036854775807"}), "valid");
    EXPECT_EQ(check({"DELETE", "/pets/%31"}), "valid");
    EXPECT_EQ(
        check({"DELETE", "/pets/0"}),
        "400: The path parameter `id` does not fit its schema: Expected number greater than or "
        "equal to 1.000000.");
    EXPECT_EQ(status({"DELETE", "/pets/x"}), 400);
    EXPECT_EQ(status({"DELETE", "/pets/9223372036854775808"}), 400);
    EXPECT_EQ(status({"DELETE", "/pets/1.5"}), 400);
    EXPECT_EQ(check({"PUT", "/pets/7/photos/a.b.png"}), "valid");
    EXPECT_EQ(status({"PUT", "/pets/7/photos/a.gif"}), 400);
    EXPECT_EQ(status({"PUT", "/pets/7/photos/a"}), 404);
}

TEST_F(OpenapiRequestCheck, QueryParameters) {
    EXPECT_EQ(check(get("/pets?limit=100&unknown=%zz")), "valid") << "others are not looked at";
    EXPECT_EQ(status(get("/pets?limit=101")), 400);
    EXPECT_EQ(status(get("/pets?limit=")), 400);
    EXPECT_EQ(status(get("/pets?limit=%zz")), 400);
    EXPECT_EQ(check(get("/pets?limit=1&limit=2")),
              "400: The query parameter `limit` is given more than once.");
    EXPECT_EQ(check(get("/pets?tags=a&tags=b&tags=c")), "valid");
    EXPECT_EQ(status(get("/pets?tags=a&tags=b&tags=c&tags=d")), 400);
    EXPECT_EQ(status(get("/pets?tags=")), 400);
    EXPECT_EQ(check(get("/pets?ids=1,2,3")), "valid");
    EXPECT_EQ(check(get("/pets?ids=1%2C2%2C3")), "valid");
    EXPECT_EQ(status(get("/pets?ids=1,a")), 400);
    EXPECT_EQ(check(get("/pets?near[x]=1.5&near%5By%5D=2")), "valid");
    EXPECT_EQ(status(get("/pets?near[x]=1.5")), 400);
    EXPECT_EQ(status(get("/pets?near[x]=1&near[y]=2&near[z]=3")), 400);
    EXPECT_EQ(status(get("/pets?near[x]=1&near[y]=0")), 400);
    EXPECT_EQ(check(get("/pets?flag")), "valid") << "allowEmptyValue";
    EXPECT_EQ(check(get("/pets?flag=true")), "valid");
    EXPECT_EQ(status(get("/pets?flag=yes")), 400);
}

TEST_F(OpenapiRequestCheck, ParametersThatAreJson) {
    EXPECT_EQ(check(get("/pets?filter=%7B%22a%22%3A1%7D")), "valid");
    EXPECT_EQ(status(get("/pets?filter=%7B%7D")), 400);
    EXPECT_EQ(check(get("/pets?filter={")),
              "400: The query parameter `filter` is wrong: it is not JSON at byte 2.");
}

TEST_F(OpenapiRequestCheck, HeaderParameters) {
    EXPECT_EQ(check(get("/pets/7", {{"x-trace", "1, 2"}, {"X-TRACE", "3"}})), "valid");
    EXPECT_EQ(check(get("/pets/7")), "400: The header parameter `X-Trace` is missing.");
    EXPECT_EQ(status(get("/pets/7", {{"X-Trace", "a"}})), 400);
    EXPECT_EQ(status(get("/pets", {{"X-Trace", "no uuid"}})), 400) << "given for the whole path";
    EXPECT_EQ(status(get("/pets", {{"X-Trace", "\xFF"}})), 400);
}

TEST_F(OpenapiRequestCheck, Cookies) {
    EXPECT_EQ(check(get("/pets", {{"Cookie", "a=b; session=0011aabb"}})), "valid");
    EXPECT_EQ(check(get("/pets", {{"Cookie", "a=b"}, {"cookie", "session=\"0011aabb\""}})),
              "valid");
    EXPECT_EQ(status(get("/pets", {{"Cookie", "session=xyz"}})), 400);
}

TEST_F(OpenapiRequestCheck, MediaTypes) {
    EXPECT_EQ(check(post("/pets", "Application/JSON; charset=utf-8", R"({"name":"x"})")), "valid");
    EXPECT_EQ(check(post("/pets", "text/plain", "x")),
              "415: A body of the type `text/plain` is not taken here.");
    EXPECT_EQ(status(post("/pets", "application/x+json", R"({"name":"x"})")), 415);
    EXPECT_EQ(check(post("/pets", "image/png", "\xFF")), "valid");
    EXPECT_EQ(check(post("/pets", "nonsense", "x")),
              "415: The value of Content-Type is not a media type.");
    EXPECT_EQ(status({"POST", "/pets", {}, "x"}), 415) << "without a type it may be anything";
}

TEST_F(OpenapiRequestCheck, BodiesOfJson) {
    EXPECT_EQ(check(post_json("/pets",
                              R"({"name":"x","born":null,"weight":0.3,"kind":"cat","more":[]})")),
              "valid");
    EXPECT_EQ(check(post_json("/pets", "")), "400: The request must have a body.");
    EXPECT_EQ(check(post_json("/pets", "{")), "400: The body is wrong: it is not JSON at byte 2.");
    EXPECT_EQ(check(post_json("/pets", R"({"name":"x","name":"y"})")),
              "400: The body is wrong: it has the name `name` twice in one object.");
    EXPECT_EQ(check(post_json("/pets", "{}")),
              "422: The body does not fit its schema: Missing required property 'name'.");
    EXPECT_EQ(check(post_json("/pets", R"({"name":"x","parents":[{"name":"y"},{"name":""}]})")),
              "422: The body does not fit its schema: at [parents][1][name]: expected at least 1 "
              "characters.");
    EXPECT_EQ(status(post_json("/pets", R"({"name":"x","parents":[{"name":"y"},{"name":"y"}]})")),
              422);
    EXPECT_EQ(status(post_json("/pets", R"({"name":"x","born":"2024-02-30"})")), 422);
    EXPECT_EQ(status(post_json("/pets", R"({"name":"x","weight":0.35})")), 422);
    EXPECT_EQ(status(post_json("/pets", R"({"name":"x","kind":null})")), 422);
}

TEST_F(OpenapiRequestCheck, Forms) {
    const auto form = [](const char* body) {
        return post("/pets", "application/x-www-form-urlencoded", body);
    };
    EXPECT_EQ(check(form("name=a+b&age=3&tags=q&tags=r")), "valid");
    EXPECT_EQ(status(form("age=3")), 422);
    EXPECT_EQ(status(form("name=a&age=x")), 422);
    EXPECT_EQ(status(form("name=a&other=1")), 422);
    EXPECT_EQ(status(form("name=%zz")), 400);
    EXPECT_EQ(status(form("name=a&name=b")), 400);
    EXPECT_EQ(status(form("name=a&%zz=b")), 400);
}

TEST_F(OpenapiRequestCheck, BodiesOfText) {
    EXPECT_EQ(check(post("/notes", "text/plain", "äöüäö")), "valid");
    EXPECT_EQ(status(post("/notes", "text/plain", "123456")), 422);
    EXPECT_EQ(check(post("/notes", "text/plain", "\xFF")), "400: The body is not UTF-8.");
    EXPECT_EQ(check({"POST", "/notes"}), "valid") << "the body is not required";
}

TEST_F(OpenapiRequestCheck, TheBasePathOfAServerMayBeLeftOut) {
    EXPECT_EQ(check(get("/pets")), "valid");
    EXPECT_EQ(check(get("/v1/pets?limit=1")), "valid");
    EXPECT_EQ(check(get("/internal/pets")), "valid");
    EXPECT_EQ(status(get("/v2/pets")), 404);
    EXPECT_EQ(status(get("/v1")), 404);
}

TEST(OpenapiRequestCheckServers, TheBasePathIsRequiredWhenAsked) {
    LoadOptions options;
    options.require_base_path = true;
    const Specification pets = data_specification("petstore-3.0.yaml", options);
    EXPECT_EQ(verdict(pets, get("/v1/pets")), "valid");
    EXPECT_EQ(verdict(pets, get("/pets")),
              "404: The path `/pets` is not served under this address.");
    EXPECT_EQ(get("/pets").check(pets).violation, Violation::server);
}

TEST(OpenapiRequestCheckServers, TheHostIsComparedWhenAsked) {
    const auto request = [](std::string scheme, std::string host, std::string target) {
        TestRequest result = get(std::move(target));
        result.scheme = std::move(scheme);
        result.host = std::move(host);
        return result;
    };
    LoadOptions options;
    options.check_host = true;
    const Specification pets = data_specification("petstore-3.0.yaml", options);
    EXPECT_EQ(verdict(pets, request("https", "US.pets.example:443", "/v1/pets")), "valid");
    EXPECT_EQ(verdict(pets, request("https", "eu.pets.example", "/v1/pets")), "valid");
    EXPECT_EQ(request("https", "evil.example", "/v1/pets").check(pets).violation,
              Violation::server);
    EXPECT_EQ(verdict(pets, request("http", "evil.example", "/internal/pets")), "valid")
        << "a server without a host fits all";
    const Specification lax = data_specification("petstore-3.0.yaml");
    EXPECT_EQ(verdict(lax, request("https", "evil.example", "/v1/pets")), "valid");
}

TEST(OpenapiRequestCheckServers, PathsAndOperationsMayHaveTheirOwn) {
    LoadOptions options;
    options.require_base_path = true;
    const Specification own = specification("3.1.0", R"(
servers: [{url: /a}]
paths:
  /x: {servers: [{url: /b}], get: {}, put: {servers: [{url: /c}]}}
  /y: {get: {}}
)",
                                            options);
    EXPECT_EQ(verdict(own, get("/a/y")), "valid");
    EXPECT_EQ(verdict(own, get("/b/x")), "valid");
    EXPECT_EQ(verdict(own, {"PUT", "/c/x"}), "valid");
    EXPECT_EQ(get("/a/x").check(own).violation, Violation::server);
    EXPECT_EQ((TestRequest{"PUT", "/b/x"}).check(own).violation, Violation::server);
    EXPECT_EQ((TestRequest{"POST", "/b/x"}).check(own).violation, Violation::no_method);
}

TEST(OpenapiRequestCheckParameters, ThoseOfTheOperationReplaceThoseOfThePath) {
    const Specification over = specification("3.1.0", R"(
paths:
  /x:
    parameters:
      - {name: a, in: query, required: true, schema: {type: integer}}
      - {name: X-B, in: header, schema: {type: integer}}
    get:
      parameters:
        - {name: a, in: query, schema: {type: string}}
        - {name: x-b, in: header, schema: {type: boolean}}
        - {name: Content-Type, in: header, required: true, schema: {type: integer}}
    put: {}
)");
    EXPECT_EQ(verdict(over, get("/x?a=text", {{"X-B", "true"}})), "valid");
    EXPECT_EQ(verdict(over, get("/x")), "valid");
    EXPECT_EQ(get("/x", {{"X-B", "1"}}).check(over).precise_status, 400);
    EXPECT_EQ((TestRequest{"PUT", "/x"}).check(over).precise_status, 400);
    EXPECT_EQ((TestRequest{"PUT", "/x?a=text"}).check(over).precise_status, 400);
}

TEST(OpenapiRequestCheckParameters, SpreadObjectsLeaveOtherParametersAlone) {
    const Specification spread = specification("3.1.0", R"(
paths:
  /x:
    get:
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - name: filter
          in: query
          schema: {type: object, properties: {a: {type: string}}, additionalProperties: {type: boolean}}
)");
    EXPECT_EQ(verdict(spread, get("/x?page=1&a=text&b=true")), "valid");
    EXPECT_EQ(get("/x?page=1&b=3").check(spread).precise_status, 400);
}

TEST(OpenapiRequestCheckParameters, AlternativesOfTypesAreAllTried) {
    const Specification either = specification("3.1.0", R"(
paths:
  /x:
    get:
      parameters:
        - name: a
          in: query
          schema: {anyOf: [{type: integer, maximum: 3}, {type: string, pattern: '^9'}, {type: 'null'}]}
)");
    EXPECT_EQ(verdict(either, get("/x?a=3")), "valid");
    EXPECT_EQ(verdict(either, get("/x?a=99")), "valid") << "as text";
    EXPECT_EQ(verdict(either, get("/x?a=null")), "valid");
    EXPECT_EQ(get("/x?a=4").check(either).precise_status, 400);
}

TEST(OpenapiRequestCheckBodies, TheNarrowestRangeDecides) {
    const Specification ranges = specification("3.1.0", R"(
paths:
  /x:
    post:
      requestBody:
        content:
          "*/*": {schema: {type: integer}}
          application/*: {schema: {type: string}}
          application/json: {schema: {type: boolean}}
)");
    EXPECT_EQ(verdict(ranges, post_json("/x", "true")), "valid");
    EXPECT_EQ(verdict(ranges, post("/x", "application/x+json", "\"text\"")), "valid");
    EXPECT_EQ(verdict(ranges, post("/x", "text/json", "3")), "valid");
    EXPECT_EQ(verdict(ranges, post("/x", "text/plain", "3")), "valid");
    EXPECT_EQ(post("/x", "text/plain", "a").check(ranges).precise_status, 422);
    EXPECT_EQ(verdict(ranges, {"POST", "/x", {}, "\xFF"}), "valid");
}

TEST(OpenapiRequestCheckBodies, FormsWithEncodings) {
    const Specification forms = specification("3.0.3", R"(
paths:
  /x:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              properties:
                ids: {type: array, items: {type: integer}}
                deep: {type: object, properties: {a: {type: integer}}}
                json: {type: object, required: [k]}
            encoding:
              ids: {style: form, explode: false}
              deep: {style: deepObject}
              json: {contentType: application/json}
)");
    const auto form = [](const char* body) {
        return post("/x", "application/x-www-form-urlencoded", body);
    };
    EXPECT_EQ(verdict(forms, form("ids=1,2&deep[a]=3&json=%7B%22k%22%3A1%7D&free=1&free=2")),
              "valid");
    EXPECT_EQ(form("ids=1,a").check(forms).precise_status, 422);
    EXPECT_EQ(form("deep[a]=x").check(forms).precise_status, 422);
    EXPECT_EQ(form("json=%7B%7D").check(forms).precise_status, 422);
    EXPECT_EQ(form("json=%7B").check(forms).precise_status, 400);
}

TEST(OpenapiRequestCheckBodies, OrdersAreJsonSchemas) {
    const Specification orders = data_specification("orders-3.1.yaml");
    EXPECT_EQ(verdict(orders, post_json("/orders", R"({"kind":"card","card":"1234","amount":3,
        "currency":"EUR","lines":[{"sku":"a","count":1.0}]})")),
              "valid");
    for (const char* body :
         {R"({"kind":"cash"})", R"({"kind":"card","x":1})", R"({"kind":"cash","card":"1234"})",
          R"({"kind":"card","card":"12345"})", R"({"kind":"cash","amount":1})",
          R"({"kind":"cash","amount":0,"currency":"EUR"})", R"({"kind":"cash","currency":"E"})",
          R"({"kind":"cash","lines":[{"sku":1}]})",
          R"({"kind":"cash","lines":[{"sku":"a","count":0}]})"}) {
        EXPECT_EQ(post_json("/orders", body).check(orders).precise_status, 422) << body;
    }
    EXPECT_EQ(verdict(orders, post("/rows", "application/vnd.rows+json", R"(["a",null])")),
              "valid");
    EXPECT_EQ(
        post("/rows", "application/vnd.rows+json", R"(["a",1,2])").check(orders).precise_status,
        422);
}

/// What a request may cost is bounded whatever it holds.
class OpenapiRequestCheckEffort : public testing::Test {
  protected:
    static Specification with_schema(const std::string& schema,
                                     const std::string& components = "") {
        return specification("3.1.0",
                             "paths: {/a: {post: {requestBody: {content: "
                             "{application/json: {schema: " +
                                 schema + "}}}}}}\ncomponents: {schemas: {" + components + "}}\n");
    }
};

TEST_F(OpenapiRequestCheckEffort, AlternativesThatDoubleAtEachLevel) {
    const Specification expressions = with_schema(
        "{$ref: '#/components/schemas/E'}",
        "E: {oneOf: [{$ref: '#/components/schemas/X'}, {$ref: '#/components/schemas/Y'}]}, "
        "X: {properties: {a: {$ref: '#/components/schemas/E'}, t: {const: x}}, required: [t]}, "
        "Y: {properties: {a: {$ref: '#/components/schemas/E'}, t: {const: y}}, required: [t]}");
    EXPECT_EQ(verdict(expressions, post_json("/a", R"({"a":{"t":"y"},"t":"x"})")), "valid");
    std::string body = "1";
    for (int i = 0; i < 50; ++i) {
        body = R"({"a":)" + body + "}";
    }
    EXPECT_EQ(verdict(expressions, post_json("/a", body)),
              "422: The body would take too long to check against its schema.");
}

TEST_F(OpenapiRequestCheckEffort, PatternsThatGoBackAndForth) {
    const Specification pattern = with_schema("{type: string, pattern: '^(a+)+$'}");
    EXPECT_EQ(verdict(pattern, post_json("/a", '"' + std::string(1000, 'a') + '"')), "valid");
    EXPECT_EQ(verdict(pattern, post_json("/a", '"' + std::string(1000, 'a') + "b\"")),
              "422: The body would take too long to check against its schema.");
    const Specification negated = with_schema("{not: {pattern: '^(a+)+$'}}");
    EXPECT_EQ(post_json("/a", '"' + std::string(1000, 'a') + "b\"").check(negated).precise_status,
              422)
        << "a match that was given up is no match that failed";
}

TEST_F(OpenapiRequestCheckEffort, ManyItemsThatMustDiffer) {
    const Specification unique = with_schema("{uniqueItems: true}");
    std::string body = "[0";
    for (int i = 1; i < 100'000; ++i) {
        body += ',' + std::to_string(i);
    }
    EXPECT_EQ(verdict(unique, post_json("/a", body + ']')), "valid");
    EXPECT_EQ(post_json("/a", body + ",7]").check(unique).precise_status, 422);
}

TEST_F(OpenapiRequestCheckEffort, BodiesThatAreWrongEverywhereAreToldOnce) {
    const Specification texts = with_schema("{items: {type: string}}");
    std::string body = "[1";
    for (int i = 0; i < 300'000; ++i) {
        body += ",1";
    }
    const Verdict verdict = post_json("/a", body + ']').check(texts);
    EXPECT_EQ(verdict.precise_status, 422);
    EXPECT_LT(verdict.detail.size(), 400U);
}

TEST_F(OpenapiRequestCheckEffort, NestingIsBounded) {
    const Specification arrays = with_schema("{$ref: '#/components/schemas/T'}",
                                             "T: {items: {$ref: '#/components/schemas/T'}}");
    EXPECT_EQ(verdict(arrays, post_json("/a", std::string(64, '[') + std::string(64, ']'))),
              "valid");
    EXPECT_EQ(verdict(arrays, post_json("/a", std::string(100'000, '['))),
              "400: The body is wrong: it nests deeper than 64 levels.");
}

TEST_F(OpenapiRequestCheckEffort, PairsAreBounded) {
    const Specification query = specification(
        "3.1.0", "paths: {/a: {get: {parameters: [{name: x, in: query, schema: {}}]}}}\n");
    std::string target = "/a?y";
    for (int i = 0; i < 999; ++i) {
        target += "&y";
    }
    EXPECT_EQ(verdict(query, get(target)), "valid");
    EXPECT_EQ(get(target + "&y").check(query).precise_status, 400);
}

}  // namespace
}  // namespace patchbay::openapi
