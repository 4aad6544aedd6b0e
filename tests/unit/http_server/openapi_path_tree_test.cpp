// SPDX-License-Identifier: Apache-2.0
#include "openapi/path_tree.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

class OpenapiPathTree : public testing::Test {
  protected:
    void add(std::initializer_list<const char*> paths) {
        for (const char* path : paths) {
            ASSERT_TRUE(tree_.add(PathTemplate::parse(path).value(), templates_.size())) << path;
            templates_.emplace_back(path);
        }
    }
    /// The template and the variables of the path: "/{a} x".
    std::string find(std::string_view text, std::size_t first = 0) const {
        const auto path = RequestPath::parse(text);
        const auto match = path ? tree_.find(*path, first) : std::nullopt;
        if (!match) {
            return "nothing";
        }
        std::string result = templates_[match->path];
        for (const std::string_view value : match->values) {
            result += ' ' + std::string(value);
        }
        return result;
    }

    PathTree tree_;
    std::vector<std::string> templates_;
};

TEST_F(OpenapiPathTree, LiteralsGoBeforeMixturesAndThoseBeforeVariables) {
    add({"/{any}", "/{name}.json", "/mine"});
    EXPECT_EQ(find("/mine"), "/mine");
    EXPECT_EQ(find("/x.json"), "/{name}.json x");
    EXPECT_EQ(find("/x"), "/{any} x");
    EXPECT_EQ(find("/.json"), "/{any} .json");
}

TEST_F(OpenapiPathTree, ABranchThatLeadsNowhereIsLeft) {
    add({"/users/me/{x}", "/users/{id}/posts/{post}", "/users/{id}.x/posts"});
    EXPECT_EQ(find("/users/me/1"), "/users/me/{x} 1");
    EXPECT_EQ(find("/users/me/posts/1"), "/users/{id}/posts/{post} me 1");
    EXPECT_EQ(find("/users/a.x/posts/1"), "/users/{id}/posts/{post} a.x 1");
    EXPECT_EQ(find("/users/me"), "nothing");
    EXPECT_EQ(find("/users"), "nothing");
}

TEST_F(OpenapiPathTree, SlashesAtTheEndCount) {
    add({"/", "/a", "/a/"});
    EXPECT_EQ(find("/"), "/");
    EXPECT_EQ(find("/a"), "/a");
    EXPECT_EQ(find("/a/"), "/a/");
    EXPECT_EQ(find("//"), "nothing");
    EXPECT_EQ(find(""), "nothing");
    EXPECT_EQ(find("*"), "nothing");
}

TEST_F(OpenapiPathTree, EncodedSegmentsAreDecodedAfterTheSplit) {
    add({"/a b/{x}", "/{x}", "/{x}.{y}"});
    EXPECT_EQ(find("/a%20b/1"), "/a b/{x} 1");
    EXPECT_EQ(find("/a%2Fb"), "/{x} a%2Fb");
    EXPECT_EQ(find("/%61%2Eb"), "/{x}.{y} a b");
    EXPECT_EQ(find("/%zz"), "nothing");
    EXPECT_EQ(find("/%ff"), "nothing");
}

TEST_F(OpenapiPathTree, SegmentsOfDotsMatchNothing) {
    add({"/{x}", "/{x}/{y}"});
    for (const char* path : {"/..", "/.", "/%2e%2E", "/a/..", "/../a", "/%2e"}) {
        EXPECT_EQ(find(path), "nothing") << path;
    }
    EXPECT_EQ(find("/..."), "/{x} ...");
}

TEST_F(OpenapiPathTree, VeryLongPathsMatchNothing) {
    add({"/{x}"});
    std::string path;
    for (std::size_t i = 0; i <= max_path_segments; ++i) {
        path += "/a";
    }
    EXPECT_FALSE(RequestPath::parse(path));
    EXPECT_TRUE(RequestPath::parse(path.substr(2)));
}

TEST_F(OpenapiPathTree, TwoPathsOfOneShapeAreOneTooMany) {
    add({"/{a}/x", "/{a}.{b}"});
    EXPECT_FALSE(tree_.add(PathTemplate::parse("/{other}/x").value(), 9));
    EXPECT_FALSE(tree_.add(PathTemplate::parse("/{c}.{d}").value(), 9));
    EXPECT_EQ(find("/1/x"), "/{a}/x 1");
}

TEST_F(OpenapiPathTree, TheFirstSegmentsCanBeLeftOut) {
    add({"/pets"});
    EXPECT_EQ(find("/v1/pets", 1), "/pets");
    EXPECT_EQ(find("/v1", 1), "nothing");
}

}  // namespace
}  // namespace patchbay::openapi
