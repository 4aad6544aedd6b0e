// SPDX-License-Identifier: Apache-2.0
#include "config/source_excerpt.hpp"

#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace patchbay::config {
namespace {

Error problem(std::uint32_t line, std::uint32_t column) {
    return Error{ErrorClass::invalid, "some.code", "Something is wrong.",
                 SourceLocation{"a.yaml", line, column}};
}

TEST(RenderProblem, ShowsTheLineAndACaret) {
    EXPECT_EQ(render_problem(problem(2, 4), "first\nsecond\nthird\n"),
              "a.yaml:2:4: Something is wrong. [some.code]\n"
              "  2 | second\n"
              "    |    ^\n");
}

TEST(RenderProblem, CountsCharactersNotBytes) {
    EXPECT_EQ(render_problem(problem(1, 7), "n\xC3\xA4me: x"),
              "a.yaml:1:7: Something is wrong. [some.code]\n"
              "  1 | n\xC3\xA4me: x\n"
              "    |       ^\n");
}

TEST(RenderProblem, KeepsTabsSoThatTheCaretAligns) {
    EXPECT_EQ(render_problem(problem(1, 3), "\tab\r\n"),
              "a.yaml:1:3: Something is wrong. [some.code]\n"
              "  1 | \tab\n"
              "    | \t ^\n");
}

TEST(RenderProblem, IsTheMessageAloneWithoutAPlace) {
    EXPECT_EQ(render_problem(problem(0, 0), "text"), "a.yaml: Something is wrong. [some.code]\n");
    EXPECT_EQ(render_problem(problem(9, 1), "one line"),
              "a.yaml:9:1: Something is wrong. [some.code]\n");
}

TEST(RenderProblem, NeverShowsSecrets) {
    const std::string shown = render_problem(problem(1, 13), "secret_key: hunter2");
    EXPECT_EQ(shown.find("hunter2"), std::string::npos);
    EXPECT_NE(shown.find("secret_key: ***"), std::string::npos);
    EXPECT_EQ(render_problem(problem(1, 1), "{host: a, db_password: hunter2}").find("hunter2"),
              std::string::npos);
}

TEST(RenderProblem, ReadsTheFileOfTheLocation) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.yaml");
    std::ofstream(path) << "one\ntwo\n";
    Error error = problem(2, 1);
    error.location.file = path;
    EXPECT_EQ(render_problem(error), path +
                                         ":2:1: Something is wrong. [some.code]\n"
                                         "  2 | two\n"
                                         "    | ^\n");
    std::remove(path.c_str());
    EXPECT_EQ(render_problem(error), path + ":2:1: Something is wrong. [some.code]\n");
}

}  // namespace
}  // namespace patchbay::config
