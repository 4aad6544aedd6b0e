// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "unit/app/run_patchbay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace patchbay::app {
namespace {

using ::testing::HasSubstr;

/// What bash offers at the end of `line` with the generated script.
std::string bash_offers(const std::string& line) {
    const std::string file = ::testing::TempDir() + "patchbay-completion.bash";
    std::ofstream(file) << run_patchbay({"completion", "bash"}).out;
    const std::string command = "bash --norc --noprofile -c 'source " + file + "; COMP_WORDS=(" +
                                line +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _patchbay; "
                                "echo \"${COMPREPLY[*]}\"'";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string output;
    std::array<char, 4096> buffer{};
    while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) {
        output += buffer.data();
    }
    EXPECT_EQ(::pclose(pipe), 0);
    std::remove(file.c_str());
    return output;
}

TEST(ShellCompletion, BashCompletesVerbsOptionsAndFixedWords) {
    EXPECT_EQ(bash_offers("patchbay vers"), "version\n");
    EXPECT_EQ(bash_offers("patchbay version --j"), "--json\n");
    EXPECT_EQ(bash_offers("patchbay completion f"), "fish\n");
    EXPECT_EQ(bash_offers("patchbay di"), "disable\n");
    EXPECT_EQ(bash_offers("patchbay disable echo --ca"), "--cascade\n");
    EXPECT_EQ(bash_offers("patchbay drain --ti"), "--timeout\n");
    EXPECT_EQ(bash_offers("patchbay dev . --bu"), "--build\n");
}

TEST(ShellCompletion, ZshAndFishScriptsNameTheVerbs) {
    EXPECT_THAT(run_patchbay({"completion", "zsh"}).out, HasSubstr("#compdef patchbay"));
    EXPECT_THAT(run_patchbay({"completion", "fish"}).out, HasSubstr("-a 'version'"));
}

TEST(ShellCompletion, AnUnknownShellIsAUsageError) {
    EXPECT_EQ(run_patchbay({"completion", "tcsh"}).code, exit_usage);
}

}  // namespace
}  // namespace patchbay::app
