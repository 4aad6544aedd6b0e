// SPDX-License-Identifier: Apache-2.0
/// \file
/// The whole program, killed again and again while envelopes travel file -> stub -> echo -> stub ->
/// file: none may be lost, and only those that were under way at a kill may come twice.
#include <patchbay/protocols/default.hpp>
#include <patchbay/stub_format.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>

extern char** environ;

namespace patchbay {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kills = PATCHBAY_TEST_ROUNDS;
constexpr int lines_per_round = 30;
constexpr int max_outstanding = 16;

class Folder {
  public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "patchbay-kill-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
        std::ofstream(file("host.yaml"))
            << "plugin_folders: [{path: " << PATCHBAY_PLUGINS << ", autostart: false}]\n"
            << "data_dir: " << path_ << "/data\n"
            << "connections:\n"
            << "  - {class: \"fetchai/stub:0.21.0\", name: stub, config: {input_file: "
            << file("in") << ", output_file: " << file("out")
            << ", max_outstanding: " << max_outstanding << "}}\n"
            << "  - {class: \"patchbay/echo:0.1.0\", name: echo}\n"
            << "inbound: [{protocol: \"fetchai/default:1.0.0\", to: echo}]\n";
        std::ofstream(file("in"));
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
    [[nodiscard]] std::string content(const char* name) const {
        std::ifstream stream(file(name), std::ios::binary);
        std::ostringstream text;
        text << stream.rdbuf();
        return text.str();
    }

  private:
    std::string path_;
};

/// `patchbay run`, with its output in a file.
class HostProcess {
  public:
    explicit HostProcess(const Folder& folder) {
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, folder.file("log").c_str(),
                                           O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
        std::string program = PATCHBAY_PROGRAM;
        std::string verb = "run";
        std::string configuration = folder.file("host.yaml");
        char* arguments[] = {program.data(), verb.data(), configuration.data(), nullptr};
        EXPECT_EQ(::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ),
                  0);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    ~HostProcess() { end(SIGKILL); }
    HostProcess(const HostProcess&) = delete;
    HostProcess& operator=(const HostProcess&) = delete;

    /// The wait status after `signal`.
    int end(int signal) {
        int status = 0;
        if (process_ > 0) {
            ::kill(process_, signal);
            ::waitpid(process_, &status, 0);
            process_ = -1;
        }
        return status;
    }
    [[nodiscard]] bool is_running() const { return ::waitpid(process_, nullptr, WNOHANG) == 0; }

  private:
    pid_t process_ = -1;
};

std::string line_with(int number) {
    protocols::DefaultMessage message;
    message.header.starter_reference = "reference-" + std::to_string(number);
    message.body = protocols::DefaultBytes{std::to_string(number)};
    std::string line;
    EXPECT_TRUE(append_stub_line(
        {"echo_agent", "tester", protocols::default_protocol_id, *protocols::encode(message)},
        line));
    return line;
}

/// As upstream's helper does: under the lock, in one write.
void append(const std::string& path, const std::string& lines) {
    const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_GE(file, 0);
    ::flock(file, LOCK_EX);
    ASSERT_EQ(::write(file, lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
    ::close(file);
}

bool wait_for(std::chrono::seconds limit, const std::function<bool()>& condition) {
    const auto deadline = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

TEST(StubKill, AHundredKillsOfTheHostLoseNoEnvelope) {
    const Folder folder;
    std::mt19937 random(11);
    int sent = 0;
    for (int kill = 0; kill < kills; ++kill) {
        HostProcess host(folder);
        const auto before = folder.content("out").size();
        // Half of the kills hit the start, half the traffic.
        if (kill % 2 == 0) {
            ASSERT_TRUE(wait_for(std::chrono::seconds(30), [&] {
                return folder.content("in").empty() || folder.content("out").size() != before;
            })) << folder.content("log");
        }
        for (int i = 0; i < lines_per_round; ++i) {
            append(folder.file("in"), line_with(sent++));
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
        ASSERT_TRUE(host.is_running()) << folder.content("log");
        ASSERT_TRUE(WIFSIGNALED(host.end(SIGKILL)));
    }
    HostProcess host(folder);
    EXPECT_TRUE(wait_for(std::chrono::seconds(60), [&] { return folder.content("in").empty(); }))
        << folder.content("log");
    host.end(SIGTERM);

    std::map<std::string, int> seen;
    int repeated = 0;
    StubDecoder decoder;
    decoder.feed(folder.content("out"));
    decoder.settle();
    while (auto item = decoder.next()) {
        ASSERT_TRUE(item->envelope) << to_string(item->envelope.error());
        const auto message = protocols::decode_default(item->envelope->message);
        ASSERT_TRUE(message) << to_string(message.error());
        EXPECT_EQ(item->envelope->to, "tester");
        const auto* bytes = std::get_if<protocols::DefaultBytes>(&message->body);
        ASSERT_NE(bytes, nullptr);
        repeated += seen[bytes->content]++ == 0 ? 0 : 1;
    }
    EXPECT_EQ(decoder.consumed(), decoder.fed()) << "half a line at the end";
    for (int number = 0; number < sent; ++number) {
        EXPECT_EQ(seen.count(std::to_string(number)), 1U) << "lost " << number;
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(sent));
    EXPECT_LE(repeated, kills * max_outstanding);
    RecordProperty("repeated", repeated);
}

}  // namespace
}  // namespace patchbay
