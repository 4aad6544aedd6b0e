// SPDX-License-Identifier: Apache-2.0
#include "../../fuzz/openapi_promises.hpp"
#include "openapi_fixture.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace patchbay::openapi {
namespace {

/// Changes, repeats, drops or swaps in a few pieces; the sequence is the same in every run.
class Mutator {
  public:
    explicit Mutator(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

    std::string operator()(std::string text) {
        for (std::size_t changes = 1 + below(4); changes != 0; --changes) {
            const std::size_t at = below(text.size() + 1);
            switch (below(5)) {
                case 0:
                    text.insert(at, 1, static_cast<char>(below(256)));
                    break;
                case 1:
                    text.erase(at, below(12));
                    break;
                case 2:
                    text.insert(at, pieces_[below(pieces_.size())]);
                    break;
                case 3:
                    text.insert(at, text.substr(below(text.size() + 1), below(40)));
                    break;
                default:
                    if (at < text.size()) {
                        text[at] = static_cast<char>(below(256));
                    }
            }
        }
        return text;
    }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_()) % n; }

  private:
    std::vector<std::string> pieces_;
    std::mt19937 random_{20240229};
};

TEST(OpenapiMutated, RequestsGetConsistentVerdicts) {
    const std::vector<std::string> seeds{
        "GET /pets?limit=5&tags=a&tags=b&ids=1,2&near%5Bx%5D=1&near[y]=2&flag\n"
        "X-Trace: 123e4567-e89b-12d3-a456-426614174000\nCookie: a=b; session=0011aabb\n\n",
        "GET /pets?filter=%7B%22a%22:1%7D\n\n",
        "HEAD /v1/pets/7\nX-Trace: 1,2\n\n",
        "PUT /pets/7/photos/a.b.png\nContent-Type: image/png\n\nxx",
        "POST /pets\nContent-Type: application/json\n\n"
        R"({"name":"x","parents":[{"name":"y"},{"name":"z","weight":0.3}],"born":"2024-02-29"})",
        "POST /pets\nContent-Type: "
        "application/x-www-form-urlencoded\n\nname=a+b&age=3&tags=q&tags=r",
        "POST /notes\nContent-Type: text/plain\n\nabc",
        "POST /orders\nContent-Type: application/json\n\n"
        R"({"kind":"card","card":"1234","amount":3,"currency":"EUR","lines":[{"sku":"a","count":1}]})",
        "POST /rows\nContent-Type: application/vnd.rows+json\n\n[\"a\",null]",
        "POST /rules\nContent-Type: application/json\n\n"
        R"({"n_a":1,"x_s":"t","other":[1,{"a":null}],"list":[1,2,"a"],"z":true})",
    };
    Mutator mutate({"%",
                    "%2F",
                    "%00",
                    "/",
                    "/../",
                    "&",
                    "=",
                    "[",
                    "]",
                    "{",
                    "}",
                    ",",
                    ";",
                    "+",
                    "\"",
                    "\\u0000",
                    "null",
                    "-1",
                    "1e400",
                    "99999999999999999999",
                    "{}",
                    "[]",
                    "[1]",
                    ":",
                    "\n",
                    "*/*",
                    "application/json",
                    ".",
                    "true",
                    "\xC3\xA4",
                    "\xFF"});
    const Specification pets = data_specification("petstore-3.0.yaml");
    const Specification orders = data_specification("orders-3.1.yaml");
    for (int i = 0; i < 30'000; ++i) {
        const std::string request = mutate(seeds[mutate.below(seeds.size())]);
        fuzz::openapi_request(pets, request);
        fuzz::openapi_request(orders, request);
    }
    for (const std::string& seed : seeds) {
        fuzz::openapi_request(pets, seed);
        fuzz::openapi_request(orders, seed);
    }
}

TEST(OpenapiMutated, SpecificationsLoadOrSayWhyNot) {
    std::vector<std::string> seeds;
    for (const char* name : {"petstore-3.0.yaml", "orders-3.1.yaml", "broken/references.yaml",
                             "broken/parameters.yaml", "broken/field.json"}) {
        std::ifstream file(data_file(name));
        std::ostringstream text;
        text << file.rdbuf();
        seeds.push_back(text.str());
    }
    Mutator mutate({"\n",
                    "  ",
                    "- ",
                    ": ",
                    "{",
                    "}",
                    "[",
                    "]",
                    "&a ",
                    "*a",
                    "'",
                    "\"",
                    "$ref: '#/components/schemas/NewPet'",
                    "$ref: '#/paths'",
                    "type: array",
                    "allOf: [{}]",
                    "items: {}",
                    "null",
                    "1e400",
                    "nullable: true",
                    "required: [id]",
                    "pattern: '(a+)+$'",
                    "\\ud83d\\ude00",
                    "#",
                    "<<: ",
                    "!!str ",
                    "|",
                    ">",
                    "---\n",
                    "\t",
                    "\xFF"});
    for (int i = 0; i < 1500; ++i) {
        fuzz::openapi_specification(mutate(seeds[mutate.below(seeds.size())]));
    }
}

}  // namespace
}  // namespace patchbay::openapi
