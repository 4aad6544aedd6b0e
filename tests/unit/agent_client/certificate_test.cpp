// SPDX-License-Identifier: Apache-2.0
#include "client_bench.hpp"
#include "temporary_folder.hpp"

#include <patchbay/agent/certificate_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace patchbay::agent {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;
using test::certificate_json;

system_clock::time_point at(long seconds) {
    return system_clock::time_point(std::chrono::seconds(seconds));
}

TEST(Certificate, IsReadAndKeptAsItCame) {
    const std::string json =
        R"({"agent_id": "a", "issued_at": 1640995200.0, "expires_at": )"
        R"(1641081600.0, "certificate_hash": "x", "signature": "y", "more": 1})";
    const auto certificate = Certificate::parse(json);
    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->agent_id, "a");
    EXPECT_EQ(certificate->issued_at, 1640995200.0);
    EXPECT_EQ(certificate->expires_at, 1641081600.0);
    EXPECT_EQ(certificate->json, json);
}

TEST(Certificate, WithoutWhatItNeedsIsNone) {
    for (const char* member :
         {"agent_id", "issued_at", "expires_at", "certificate_hash", "signature"}) {
        test::Json json = certificate_json("a");
        json.erase(member);
        const auto certificate = Certificate::parse(json.dump());
        ASSERT_FALSE(certificate) << member;
        EXPECT_EQ(certificate.error().code, "agent.bad_certificate");
        EXPECT_THAT(certificate.error().message, testing::HasSubstr(member));
        json[member] = nullptr;
        EXPECT_FALSE(Certificate::parse(json.dump())) << member;
    }
    for (const char* text : {"", "[]", "{", "null", "\"x\""}) {
        EXPECT_FALSE(Certificate::parse(text)) << text;
    }
}

TEST(Certificate, IsRenewedWhenAThirdOfItsLifeIsLeft) {
    const auto certificate = Certificate::parse(certificate_json("a", 1000, 4000).dump());
    EXPECT_EQ(certificate->renewal_time(), at(3000));
    EXPECT_FALSE(certificate->is_expired(at(4000)));
    EXPECT_TRUE(certificate->is_expired(at(4001)));
}

TEST(Certificate, OfUnlikelyTimesIsBounded) {
    const auto certificate = Certificate::parse(certificate_json("a", -1e300, 1e300).dump());
    ASSERT_TRUE(certificate);
    EXPECT_FALSE(certificate->is_expired(system_clock::now()));
    (void)certificate->renewal_time();
}

TEST(CertificateFileTest, KeepsItForTheOwnerAlone) {
    const TemporaryFolder folder;
    const CertificateFile file(folder.file("agents/a.cert"));
    ASSERT_TRUE(file.load());
    EXPECT_FALSE(file.load()->has_value());
    const auto certificate = Certificate::parse(certificate_json("a").dump());
    ASSERT_TRUE(file.save(*certificate));
    EXPECT_EQ((*file.load())->json, certificate->json);
    struct stat status {};
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    ASSERT_TRUE(file.remove());
    ASSERT_TRUE(file.remove());
    EXPECT_FALSE(file.load()->has_value());
}

TEST(CertificateFileTest, RefusesAFileThatOthersCanRead) {
    const TemporaryFolder folder;
    const CertificateFile file(folder.file("a.cert"));
    ASSERT_TRUE(file.save(*Certificate::parse(certificate_json("a").dump())));
    ::chmod(file.path().c_str(), 0644);
    const auto loaded = file.load();
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "file.not_private");
}

TEST(CertificateFileTest, NamesAFileThatHoldsNoCertificate) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.cert");
    std::ofstream(path) << "nonsense";
    ::chmod(path.c_str(), 0600);
    const auto loaded = CertificateFile(path).load();
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "agent.bad_certificate");
    EXPECT_THAT(loaded.error().message, testing::HasSubstr(path));
}

}  // namespace
}  // namespace patchbay::agent
