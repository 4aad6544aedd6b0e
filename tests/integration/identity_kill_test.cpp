// SPDX-License-Identifier: Apache-2.0
/// \file
/// A process that claims, renews, releases and revokes, killed again and again: whatever it was
/// answered must still be so when the store is opened the next time. The program is its own child:
/// `identity-kill child FOLDER ROUND` writes a line before each request and one after each answer,
/// in one write each.
#include "events/event.hpp"
#include "identity/claims.hpp"
#include "multiplexer/clock.hpp"
#include "unit/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace patchbay::identity {
namespace {

constexpr int kills = PATCHBAY_TEST_ROUNDS;
constexpr int agents_at_a_time = 16;

class NoEvents final : public events::EventSink {
  public:
    void publish(events::Event) override {}
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return false; }
};

ClaimsOptions options_for(const std::string& folder) {
    ClaimsOptions options;
    options.data_dir = folder;
    options.limits.claims_per_address = {};
    options.limits.claims_in_all = {};
    return options;
}

// ---- The child ---------------------------------------------------------------------------------

void say(const std::string& line) {
    // Short enough for a pipe to take it whole.
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        ::_exit(3);
    }
}

/// One agent after the other, each with a random sequence of requests, the next one asked for in
/// the answer to the one before.
class Agents {
  public:
    Agents(Claims& claims, std::string prefix, unsigned seed)
        : claims_(claims), prefix_(std::move(prefix)), random_(seed) {}

    void begin() {
        const std::string agent_id = prefix_ + '-' + std::to_string(next_++);
        say("? claim " + agent_id + '\n');
        ClaimRequest request;
        request.agent_id = agent_id;
        ask(claims_.claim(request,
                          [this](Result<ClaimOutcome> owned) { claimed(owned, "claim"); }));
    }

  private:
    // All of these are on the writer's thread.
    void claimed(const Result<ClaimOutcome>& owned, const std::string& what) {
        if (!owned) {
            ::_exit(4);
        }
        say("! " + what + ' ' + owned->agent_id + ' ' + std::to_string(owned->claim) + ' ' +
            owned->certificate + '\n');
        const OwnerRequest owner{owned->agent_id, owned->claim, {}, false};
        const unsigned choice = random_() % 4;
        if (choice <= 1) {
            say("? renew " + owned->agent_id + '\n');
            ask(claims_.renew(owner, choice == 1, [this, choice](Result<ClaimOutcome> renewed) {
                claimed(renewed, choice == 1 ? "replace" : "renew");
            }));
        } else if (choice == 2) {
            say("? release " + owned->agent_id + '\n');
            ask(claims_.release(owner, [this, id = owned->agent_id](Result<void> done) {
                ended(done, "release", id);
            }));
        } else {
            say("? revoke " + owned->agent_id + '\n');
            ask(claims_.revoke(
                owned->agent_id, "operator",
                [this, id = owned->agent_id](Result<void> done) { ended(done, "revoke", id); }));
        }
    }
    void ended(const Result<void>& done, const char* what, const std::string& agent_id) {
        if (!done) {
            ::_exit(5);
        }
        say("! " + std::string(what) + ' ' + agent_id + '\n');
        begin();
    }
    static void ask(const Result<void>& asked) {
        if (!asked) {
            ::_exit(6);
        }
    }

    Claims& claims_;
    const std::string prefix_;
    std::mt19937 random_;
    int next_ = 0;
};

int run_child(const std::string& folder, const std::string& round) {
    NoEvents events;
    const multiplexer::SystemClock clock;
    auto claims = Claims::open(options_for(folder), events, clock);
    if (!claims) {
        say("failed " + to_string(claims.error()) + '\n');
        return 2;
    }
    std::vector<std::unique_ptr<Agents>> all;
    for (int i = 0; i < agents_at_a_time; ++i) {
        all.push_back(std::make_unique<Agents>(**claims, round + '-' + std::to_string(i),
                                               static_cast<unsigned>(i)));
        all.back()->begin();
    }
    while (true) {
        ::pause();
    }
}

// ---- The parent --------------------------------------------------------------------------------

class Child {
  public:
    Child(const std::string& folder, int round) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::string program = "/proc/self/exe";
        std::string verb = "child";
        std::string where = folder;
        std::string number = std::to_string(round);
        char* arguments[] = {program.data(), verb.data(), where.data(), number.data(), nullptr};
        EXPECT_EQ(::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ),
                  0);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        output_ = ends[0];
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        kill();
        ::close(output_);
    }

    /// Reads what there is until `until`; false when nothing more will come.
    bool read(std::chrono::steady_clock::time_point until) {
        std::array<char, 65'536> buffer;
        while (true) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                until - std::chrono::steady_clock::now());
            pollfd ready{output_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) {
                return true;
            }
            const ssize_t got = ::read(output_, buffer.data(), buffer.size());
            if (got <= 0) {
                return false;
            }
            said_.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }
    /// The wait status.
    int kill() {
        int status = 0;
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, &status, 0);
            process_ = -1;
        }
        return status;
    }
    [[nodiscard]] const std::string& said() const { return said_; }

  private:
    pid_t process_ = -1;
    int output_ = -1;
    std::string said_;
};

/// What was answered last about an agent, and what was asked for after that.
struct Known {
    std::string answered;
    std::uint64_t claim = 0;
    std::string certificate;
    std::string asked;
};

void read_lines(const std::string& said, std::map<std::string, Known>& agents) {
    std::istringstream lines(said);
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string mark;
        std::string what;
        std::string agent_id;
        words >> mark >> what >> agent_id;
        ASSERT_TRUE(mark == "?" || mark == "!") << line;
        Known& known = agents[agent_id];
        if (mark == "?") {
            known.asked = what;
            continue;
        }
        known.asked.clear();
        known.answered = what;
        if (what == "claim" || what == "renew" || what == "replace") {
            words >> known.claim >> std::ws;
            std::getline(words, known.certificate);
        }
    }
}

/// Whether the store agrees with all answers; what was asked for may or may not have happened.
void verify(const Claims& claims, const std::map<std::string, Known>& agents) {
    for (const auto& [agent_id, known] : agents) {
        SCOPED_TRACE(agent_id + " answered " + known.answered + ", asked " + known.asked);
        const auto info = claims.find(agent_id);
        if (known.answered.empty()) {
            continue;  // the claim itself was asked for
        }
        const CertificateCheck check = claims.check(known.certificate, agent_id);
        if (known.answered == "release") {
            EXPECT_FALSE(info);
            EXPECT_EQ(check.verdict, CertificateVerdict::unclaimed);
        } else if (known.answered == "revoke") {
            ASSERT_TRUE(info);
            EXPECT_TRUE(info->revoked);
            EXPECT_EQ(check.verdict, CertificateVerdict::revoked);
        } else if (known.asked == "release" && !info) {
            EXPECT_EQ(check.verdict, CertificateVerdict::unclaimed);
        } else {
            ASSERT_TRUE(info);
            EXPECT_EQ(info->claim, known.claim);
            if (known.asked == "revoke" && info->revoked) {
                EXPECT_EQ(check.verdict, CertificateVerdict::revoked);
            } else if (known.asked == "renew" && !check.valid()) {
                EXPECT_EQ(check.verdict, CertificateVerdict::superseded) << "by one to replace it";
            } else {
                EXPECT_TRUE(check.valid()) << check.sentence();
            }
        }
    }
}

TEST(IdentityKill, AHundredKillsLoseNothingThatWasAnswered) {
    const TemporaryFolder folder;
    NoEvents events;
    const multiplexer::SystemClock clock;
    std::mt19937 random(7);
    std::map<std::string, Known> all;
    std::size_t answers = 0;
    for (int round = 0; round < kills; ++round) {
        Child child(folder.path(), round);
        // One in four kills hits the start; the others wait for some answers, however slow.
        if (round % 4 != 0) {
            const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
            const auto wanted = static_cast<std::ptrdiff_t>(2 + random() % 8);
            while (std::count(child.said().begin(), child.said().end(), '!') < wanted &&
                   std::chrono::steady_clock::now() < limit) {
                ASSERT_TRUE(
                    child.read(std::chrono::steady_clock::now() + std::chrono::milliseconds(2)));
            }
        }
        const bool lives =
            child.read(std::chrono::steady_clock::now() + std::chrono::milliseconds(random() % 40));
        ASSERT_TRUE(lives) << child.said().substr(0, 500);
        ASSERT_TRUE(WIFSIGNALED(child.kill()));
        while (child.read(std::chrono::steady_clock::now() + std::chrono::seconds(10))) {
        }
        // The last line may lack its end only if a write was cut, which a pipe does not do.
        ASSERT_TRUE(child.said().empty() || child.said().back() == '\n');

        std::map<std::string, Known> agents;
        read_lines(child.said(), agents);
        answers +=
            static_cast<std::size_t>(std::count(child.said().begin(), child.said().end(), '!'));
        const auto claims = Claims::open(options_for(folder.path()), events, clock);
        ASSERT_TRUE(claims) << to_string(claims.error());
        verify(**claims, agents);
        // What round after round leaves behind must not change either.
        for (auto& [agent_id, known] : agents) {
            if (known.asked.empty()) {
                all.insert_or_assign(agent_id, std::move(known));
            }
        }
        if (HasFailure()) {
            return;
        }
    }
    const auto claims = Claims::open(options_for(folder.path()), events, clock);
    ASSERT_TRUE(claims) << to_string(claims.error());
    verify(**claims, all);
    EXPECT_GT(answers, static_cast<std::size_t>(kills));
    RecordProperty("answers", static_cast<int>(answers));
    std::printf("%zu answers before %d kills\n", answers, kills);
}

}  // namespace
}  // namespace patchbay::identity

int main(int count, char** arguments) {
    if (count == 4 && std::string(arguments[1]) == "child") {
        return patchbay::identity::run_child(arguments[2], arguments[3]);
    }
    ::testing::InitGoogleTest(&count, arguments);
    return RUN_ALL_TESTS();
}
