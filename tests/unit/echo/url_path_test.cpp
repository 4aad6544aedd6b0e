// SPDX-License-Identifier: Apache-2.0
#include "url_path.hpp"

#include <gtest/gtest.h>

namespace patchbay::echo {
namespace {

TEST(UrlPath, StandsBetweenAuthorityAndQueryOrFragment) {
    EXPECT_EQ(path_of("http://h/a/b"), "/a/b");
    EXPECT_EQ(path_of("https://h:8000/a?b=/c"), "/a");
    EXPECT_EQ(path_of("http://[::1]:80/a#b?c"), "/a");
    EXPECT_EQ(path_of("http://user:pass@h/a"), "/a");
    EXPECT_EQ(path_of("http://h/"), "/");
}

TEST(UrlPath, IsEmptyWithoutOne) {
    EXPECT_EQ(path_of("http://h"), "");
    EXPECT_EQ(path_of("http://h?a=/b"), "");
    EXPECT_EQ(path_of("http://"), "");
    EXPECT_EQ(path_of(""), "");
}

TEST(UrlPath, OfAUrlWithoutAuthorityIsAllBeforeTheQuery) {
    EXPECT_EQ(path_of("/a/b?c"), "/a/b");
    EXPECT_EQ(path_of("*"), "*");
    EXPECT_EQ(path_of("/redirect/http://other/path"), "/redirect/http://other/path");
    EXPECT_EQ(path_of("/a?to=http://other/path"), "/a");
    EXPECT_EQ(path_of("http:/a"), "http:/a");
}

}  // namespace
}  // namespace patchbay::echo
