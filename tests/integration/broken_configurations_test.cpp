// SPDX-License-Identifier: Apache-2.0
// Every folder of tests/data/broken holds a configuration with mistakes, and beside it, in
// expected.txt, what `patchbay check` says about it. PATCHBAY_UPDATE_EXPECTED=1 writes those files
// anew; read the difference before committing it.
#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace patchbay {
namespace {

namespace fs = std::filesystem;

const fs::path broken = fs::path(PATCHBAY_SOURCE_ROOT) / "tests/data/broken";

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A copy that only its owner may change: the host refuses plugins that others could replace.
void copy_safely(const fs::path& from, const fs::path& to) {
    fs::copy(from, to, fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(to)) {
        fs::permissions(entry.path(), fs::perms(entry.is_directory() ? 0755 : 0644));
    }
    fs::permissions(to, fs::perms(0755));
}

/// Exit status, standard error and standard output of `patchbay check host.yaml` in that folder;
/// the folder's path is cut away.
std::string checked(const fs::path& folder) {
    const std::string command = "cd '" + folder.string() +
                                "' && PATCHBAY_PLUGIN_PATH= '" PATCHBAY_PROGRAM
                                "' check host.yaml >out 2>err";
    const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
    std::string text = "exit status " + std::to_string(WEXITSTATUS(status)) + '\n' +
                       text_of(folder / "err") + text_of(folder / "out");
    const std::string prefix = folder.string() + '/';
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
        text.erase(at, prefix.size());
    }
    return text;
}

class BrokenConfiguration : public testing::TestWithParam<std::string> {};

TEST_P(BrokenConfiguration, IsExplained) {
    const TemporaryFolder temporary;
    const fs::path root = fs::canonical(temporary.path()) / "case";
    copy_safely(broken / GetParam(), root);
    const std::string actual = checked(root);
    const fs::path golden = broken / GetParam() / "expected.txt";
    if (std::getenv("PATCHBAY_UPDATE_EXPECTED") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::ofstream(golden) << actual;
    }
    EXPECT_EQ(actual, text_of(golden));
    EXPECT_NE(actual.find("host.yaml:"), std::string::npos);
}

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(broken)) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

INSTANTIATE_TEST_SUITE_P(All, BrokenConfiguration, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<std::string>& parameter) {
                             std::string name = parameter.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST(BrokenConfigurations, AreAtLeastTen) {
    EXPECT_GE(cases().size(), 10U);
}

}  // namespace
}  // namespace patchbay
