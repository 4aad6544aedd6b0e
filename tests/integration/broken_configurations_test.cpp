// SPDX-License-Identifier: Apache-2.0
// Every folder of tests/data/broken holds a configuration with mistakes, and beside it, in
// expected.txt, what the host says about them. PATCHBAY_UPDATE_EXPECTED=1 writes those files anew;
// read the difference before committing it.
#include "config/host_configuration_reader.hpp"
#include "config/source_excerpt.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"
#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>

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

/// Everything that is wrong with one configuration, short of executing a plugin.
config::Problems problems_of(const std::string& path) {
    const auto host = config::read_host_configuration(path);
    if (!host) {
        return host.error();
    }
    plugins::DiscoveryOptions options;
    options.folders = host->plugin_folders;
    options.fingerprint = host->fingerprint;
    options.packages = plugins::PackageSearch({}, {});
    const plugins::Catalogue catalogue = plugins::discover(options);
    const plugins::Plan plan = plugins::resolve(*host, catalogue);
    config::Problems problems = catalogue.problems;
    for (const plugins::FoundPlugin& plugin : catalogue.plugins) {
        problems.insert(problems.end(), plugin.errors.begin(), plugin.errors.end());
    }
    problems.insert(problems.end(), plan.problems.begin(), plan.problems.end());
    problems.insert(problems.end(), plan.warnings.begin(), plan.warnings.end());
    for (const plugins::InstancePlan& instance : plan.left_out) {
        problems.insert(problems.end(), instance.errors.begin(), instance.errors.end());
    }
    return problems;
}

/// As `patchbay check` shows it, each problem once, in the order of the places; the folder's path
/// is cut away.
std::string shown(config::Problems problems, const std::string& folder) {
    config::tidy(problems);
    std::vector<std::string> texts;
    for (const Error& error : problems) {
        std::string text = config::render_problem(error);
        for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
            text.erase(at, folder.size());
        }
        if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
            texts.push_back(std::move(text));
        }
    }
    std::string all;
    for (const std::string& text : texts) {
        all += text;
    }
    return all;
}

class BrokenConfiguration : public testing::TestWithParam<std::string> {};

TEST_P(BrokenConfiguration, IsExplained) {
    const TemporaryFolder temporary;
    const fs::path root = fs::canonical(temporary.path()) / "case";
    copy_safely(broken / GetParam(), root);
    const std::string actual =
        shown(problems_of((root / "host.yaml").string()), root.string() + '/');
    EXPECT_NE(actual, "");
    const fs::path golden = broken / GetParam() / "expected.txt";
    if (std::getenv("PATCHBAY_UPDATE_EXPECTED") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::ofstream(golden) << actual;
    }
    EXPECT_EQ(actual, text_of(golden));
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
