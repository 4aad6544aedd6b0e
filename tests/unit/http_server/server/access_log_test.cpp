// SPDX-License-Identifier: Apache-2.0
#include "access_log.hpp"

#include "temporary_folder.hpp"

#include <patchbay/registration.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace patchbay::http_server {
namespace {

using namespace std::chrono_literals;

LogRecord record() {
    return {"192.0.2.1", "GET", "/a?b", "h:8", "http://r/", "agent/1", 11, 784111777s + 123456us};
}

std::string line(LogFormat format, const LogRecord& of) {
    std::string lines;
    append_log_line(lines, format, of, 201, 42, of.began + 1500us);
    return lines;
}

TEST(AccessLogLine, HasTheCommonFormat) {
    EXPECT_EQ(line(LogFormat::common, record()),
              "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 201 42\n");
}

TEST(AccessLogLine, IsJsonWithEverything) {
    const auto object = nlohmann::json::parse(line(LogFormat::json, record()));
    const nlohmann::json expected = {{"time", "1994-11-06T08:49:37.123456Z"},
                                     {"client", "192.0.2.1"},
                                     {"method", "GET"},
                                     {"target", "/a?b"},
                                     {"host", "h:8"},
                                     {"version", "1.1"},
                                     {"status", 201},
                                     {"bytes", 42},
                                     {"duration_us", 1500},
                                     {"referer", "http://r/"},
                                     {"user_agent", "agent/1"}};
    EXPECT_EQ(object, expected);
}

TEST(AccessLogLine, IsOneLineWhateverTheClientSent) {
    LogRecord bad = record();
    bad.version = 10;
    bad.target = "/\"\\\n\r\x01\xFF";
    bad.user_agent = bad.target;
    EXPECT_NE(
        line(LogFormat::common, bad).find("\"GET /\\\"\\\\\\x0a\\x0d\\x01\\xff HTTP/1.0\" 201"),
        std::string::npos);
    const std::string as_json = line(LogFormat::json, bad);
    EXPECT_EQ(as_json.find('\n'), as_json.size() - 1);
    const auto object = nlohmann::json::parse(as_json);
    EXPECT_EQ(object.at("user_agent"), "/\"\\\n\r\x01\u00FF");
    EXPECT_EQ(object.at("version"), "1.0");
}

/// Gives a test the host of an instance.
struct Owner : Connection {
    explicit Owner(Host& host) : Connection(host) { current = &host; }
    inline static Host* current = nullptr;
};

struct AccessLogTest : ::testing::Test {
    std::unique_ptr<AccessLog> open(const std::string& path) {
        auto log = AccessLog::open(*Owner::current, {path, LogFormat::common});
        EXPECT_TRUE(log) << to_string(log.error());
        return std::move(*log);
    }
    static std::string contents(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    TemporaryFolder folder;
    testing::HostDouble host{connection_class<Owner>("Owner")};
};

TEST_F(AccessLogTest, AppendsWholeLinesAndTakesThem) {
    const std::string path = folder.file("access.log");
    std::ofstream(path) << "there\n";
    std::string lines = "one\ntwo\n";
    const auto log = open(path);
    log->write(lines);
    EXPECT_EQ(lines, "");
    lines = "three\n";
    log->write(lines);
    host.wait_until([&] { return contents(path) == "there\none\ntwo\nthree\n"; }, "the lines");
}

TEST_F(AccessLogTest, WritesWhatIsThereWhenItEnds) {
    const std::string path = folder.file("access.log");
    std::string expected;
    {
        const auto log = open(path);
        for (int i = 0; i < 1000; ++i) {
            std::string lines = std::to_string(i) + '\n';
            expected += lines;
            log->write(lines);
        }
    }
    EXPECT_EQ(contents(path), expected);
}

TEST_F(AccessLogTest, OpensItsFileAgainAfterItWasMoved) {
    const std::string path = folder.file("access.log");
    const auto log = open(path);
    std::filesystem::rename(path, folder.file("old.log"));
    // The file is looked after once a second.
    host.wait_until(
        [&] {
            std::string lines = "line\n";
            log->write(lines);
            return !contents(path).empty();
        },
        "the new file");
    EXPECT_TRUE(contents(path).starts_with("line\n"));
}

TEST_F(AccessLogTest, FailsForAFileThatCannotBeOpened) {
    const auto log = AccessLog::open(*Owner::current, {folder.file("no/a.log"), LogFormat::common});
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, "access_log.not_opened");
    EXPECT_NE(to_string(log.error()).find("no/a.log"), std::string::npos);
}

TEST_F(AccessLogTest, CountsWhatItCannotWrite) {
    const auto log = open("/dev/full");
    std::string lines = "lost\n";
    log->write(lines);
    host.wait_until([&] { return host.metrics().at("access_log_dropped_bytes") == 5; },
                    "the count");
}

}  // namespace
}  // namespace patchbay::http_server
