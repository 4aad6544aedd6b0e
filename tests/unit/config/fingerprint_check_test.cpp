// SPDX-License-Identifier: Apache-2.0
#include "config/fingerprint_check.hpp"

#include "config/content_identifier.hpp"
#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace patchbay::config {
namespace {

using testing::HasSubstr;

constexpr const char* hello = "bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4";

class CheckFingerprint : public testing::Test {
  protected:
    CheckFingerprint() { std::filesystem::create_directories(folder_ / "inner"); }

    void write(const std::string& path, const std::string& content) {
        std::ofstream(folder_ / path, std::ios::binary) << content;
    }

    Problems check(const std::string& path, const std::string& hash) {
        ConnectionManifest manifest;
        manifest.fingerprint.push_back({path, hash, {"connection.yaml", 9, 3}});
        return check_fingerprint(manifest, folder_.string(), 1000);
    }

    TemporaryFolder temporary_;
    std::filesystem::path folder_ = temporary_.path();
};

TEST_F(CheckFingerprint, AcceptsTheFilesItWasMadeFor) {
    write("a.txt", "hello\n");
    write("inner/b.txt", "hello\n");
    EXPECT_TRUE(check("a.txt", hello).empty());
    EXPECT_TRUE(check("inner/b.txt", cid_v0(content_digest("hello\n"))).empty());
}

TEST_F(CheckFingerprint, ReportsOtherContentAtTheEntry) {
    write("a.txt", "hello!\n");
    const Problems problems = check("a.txt", hello);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].code, "fingerprint.mismatch");
    EXPECT_EQ(problems[0].location.line, 9U);
    EXPECT_THAT(problems[0].message, HasSubstr(cid_v1(content_digest("hello!\n"))));
}

TEST_F(CheckFingerprint, PassesOverFilesThatAreNotThere) {
    EXPECT_TRUE(check("connection.py", hello).empty());
    EXPECT_TRUE(check("../../etc/passwd", hello).empty());
}

TEST_F(CheckFingerprint, AllowsWindowsLineEndsInTextOnly) {
    write("a.txt", "hello\r\n");
    EXPECT_TRUE(check("a.txt", hello).empty());
    write("a.bin", "\xFF\r\n");
    EXPECT_FALSE(check("a.bin", cid_v1(content_digest("\xFF\n"))).empty());
}

TEST_F(CheckFingerprint, ReportsWhatItCannotRead) {
    write("large", std::string(1001, 'x'));
    EXPECT_EQ(check("large", hello).at(0).code, "fingerprint.unreadable");
    EXPECT_EQ(check("inner", hello).at(0).code, "fingerprint.unreadable");
}

TEST(HasFingerprint, LooksForTheFile) {
    ConnectionManifest manifest;
    manifest.fingerprint.push_back({"libx.so", hello, {}});
    EXPECT_TRUE(has_fingerprint(manifest, "libx.so"));
    EXPECT_FALSE(has_fingerprint(manifest, "liby.so"));
}

}  // namespace
}  // namespace patchbay::config
