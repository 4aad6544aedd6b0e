// SPDX-License-Identifier: Apache-2.0
#include "input_file.hpp"
#include "output_file.hpp"
#include "scratch_folder.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>
#include <map>
#include <random>

namespace patchbay::stub {
namespace {

constexpr std::size_t max_outstanding = 8;

/// What the connection does between its two files: every line is written before it counts as
/// consumed.
[[noreturn]] void copy_until_killed(const std::string& in, const std::string& out) {
    InputLimits limits;
    limits.max_outstanding = max_outstanding;
    limits.quiet_before_emptying = std::chrono::milliseconds(0);
    auto input = InputFile::open(in, limits);
    auto output = OutputFile::open(out);
    if (!input || !output) {
        ::_exit(1);
    }
    while (true) {
        input->acknowledge_watch();
        std::string lines;
        std::vector<std::uint64_t> tickets;
        std::optional<InputLine> line;
        auto state = input->next(line);
        while (state && *state == InputState::line) {
            if (line->item.envelope) {
                static_cast<void>(append_stub_line(*line->item.envelope, lines));
            }
            tickets.push_back(line->ticket);
            state = input->next(line);
        }
        while (!lines.empty() && !output->append(lines).value_or(true)) {
        }
        for (const std::uint64_t ticket : tickets) {
            input->consumed(ticket);
        }
        const auto again = input->tidy();
        if (!state || !again) {
            ::_exit(2);
        }
        if (*state == InputState::idle || *state == InputState::busy) {
            pollfd descriptor{input->watch_descriptor(), POLLIN, 0};
            ::poll(&descriptor, 1, *state == InputState::busy || *again ? 1 : 20);
        }
    }
}

std::vector<std::string> texts_of(const std::string& content) {
    std::vector<std::string> texts;
    StubDecoder decoder;
    decoder.feed(content);
    decoder.settle();
    while (auto item = decoder.next()) {
        texts.push_back(item->envelope ? text_in(item->envelope->message)
                                       : "malformed at " + std::to_string(item->offset));
    }
    EXPECT_EQ(decoder.consumed(), content.size());
    return texts;
}

/// A hundred processes one after the other, each killed at some moment, carry a stream that others
/// keep appending to: nothing is lost, nothing is damaged, and only what was out at a kill comes
/// twice.
TEST(StubFiles, AHundredKillsLoseNothing) {
    const ScratchFolder folder;
    const std::string in = folder.file("in");
    const std::string out = folder.file("out");
    constexpr int kills = PATCHBAY_TEST_ROUNDS;
    constexpr int lines_per_round = 40;
    std::mt19937 random(7);
    int written = 0;
    const auto append_some = [&] {
        for (int i = 0; i < lines_per_round; ++i) {
            // The same length every time: a file that was emptied and filled again looks alike.
            const std::string number = std::to_string(100000 + written++);
            if (i % 2 == 0) {
                const Locked writer(in);
                append_plainly(in, line_with(number));
            } else {
                const std::string line = line_with(number);
                const Locked writer(in);
                append_plainly(in, line.substr(0, 17));
                append_plainly(in, line.substr(17));
            }
        }
    };
    append_plainly(in, "");
    for (int kill = 0; kill <= kills; ++kill) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            copy_until_killed(in, out);
        }
        append_some();
        if (kill == kills) {
            // The last one gets all the time it needs.
            for (int wait = 0; wait < 2000 && !content_of(in).empty(); ++wait) {
                ::usleep(5000);
            }
            EXPECT_EQ(content_of(in), "");
        } else {
            ::usleep(static_cast<useconds_t>(random() % 3000));
        }
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "ended by itself with " << WEXITSTATUS(status);
    }
    std::map<std::string, int> seen;
    int repeated = 0;
    for (const std::string& text : texts_of(content_of(out))) {
        repeated += seen[text]++ == 0 ? 0 : 1;
    }
    for (int number = 0; number < written; ++number) {
        EXPECT_EQ(seen.count(std::to_string(100000 + number)), 1U) << "lost " << number;
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(written));
    RecordProperty("repeated", repeated);
    EXPECT_LE(repeated, kills * static_cast<int>(max_outstanding));
}

}  // namespace
}  // namespace patchbay::stub
