// SPDX-License-Identifier: Apache-2.0
#include "input_file.hpp"

#include "scratch_folder.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>
#include <vector>

namespace patchbay::stub {
namespace {

using Texts = std::vector<std::string>;

InputLimits eager() {
    InputLimits limits;
    limits.quiet_before_emptying = std::chrono::milliseconds(0);
    return limits;
}

struct Reader {
    InputFile file;
    std::vector<std::uint64_t> tickets{};
    InputState state = InputState::idle;

    explicit Reader(const std::string& path, InputLimits limits = eager())
        : file(*InputFile::open(path, limits)) {}

    /// Everything there is; malformed lines as their code.
    Texts read() {
        Texts texts;
        std::optional<InputLine> line;
        file.acknowledge_watch();
        while ((state = *file.next(line)) == InputState::line) {
            tickets.push_back(line->ticket);
            texts.push_back(line->item.envelope ? text_in(line->item.envelope->message)
                                                : line->item.envelope.error().code);
        }
        return texts;
    }
    void consume_all() {
        for (const std::uint64_t ticket : tickets) {
            file.consumed(ticket);
        }
        tickets.clear();
        ASSERT_TRUE(file.tidy());
    }
    [[nodiscard]] bool is_awake() const {
        pollfd descriptor{file.watch_descriptor(), POLLIN, 0};
        return ::poll(&descriptor, 1, 0) == 1;
    }
};

TEST(InputFile, IsCreatedWhenMissing) {
    const ScratchFolder folder;
    Reader reader(folder.file("in"));
    EXPECT_TRUE(std::filesystem::exists(folder.file("in")));
    EXPECT_TRUE(reader.read().empty());
    EXPECT_EQ(reader.state, InputState::idle);
}

TEST(InputFile, GivesOutWhatWasThereBeforeAndWhatComesLater) {
    const ScratchFolder folder;
    append_plainly(folder.file("in"), line_with("before"));
    Reader reader(folder.file("in"));
    EXPECT_EQ(reader.read(), Texts{"before"});
    EXPECT_FALSE(reader.is_awake());
    append_plainly(folder.file("in"), line_with("later") + line_with("with it\n, and a comma,"));
    EXPECT_TRUE(reader.is_awake());
    EXPECT_EQ(reader.read(), (Texts{"later", "with it\n, and a comma,"}));
}

TEST(InputFile, KeepsHalfALineUntilTheRestComes) {
    const ScratchFolder folder;
    Reader reader(folder.file("in"));
    const std::string line = line_with("whole");
    append_plainly(folder.file("in"), line.substr(0, 30));
    EXPECT_TRUE(reader.read().empty());
    append_plainly(folder.file("in"), line.substr(30));
    EXPECT_EQ(reader.read(), Texts{"whole"});
}

TEST(InputFile, IsEmptiedOnlyWhenEverythingWasConsumed) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    append_plainly(path, line_with("1") + line_with("2") + "\n");
    ASSERT_EQ(reader.read().size(), 2U);
    reader.file.consumed(reader.tickets[1]);  // the second first
    ASSERT_TRUE(reader.file.tidy());
    EXPECT_NE(content_of(path), "");
    EXPECT_EQ(reader.file.consumed_offset(), 0U);
    reader.file.consumed(reader.tickets[0]);
    ASSERT_TRUE(reader.file.tidy());
    EXPECT_EQ(content_of(path), "");
    append_plainly(path, line_with("3"));
    EXPECT_EQ(reader.read(), Texts{"3"});
}

TEST(InputFile, IsNotEmptiedWhileSomebodyHoldsTheLock) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    append_plainly(path, line_with("1"));
    ASSERT_EQ(reader.read().size(), 1U);
    {
        const Locked writer(path);
        reader.consume_all();
        EXPECT_NE(content_of(path), "");
        EXPECT_TRUE(*reader.file.tidy());  // and asks to be called again
        const std::string line = line_with("2");
        ASSERT_EQ(::pwrite(writer.descriptor(), line.data(), line.size(),
                           static_cast<off_t>(content_of(path).size())),
                  static_cast<ssize_t>(line.size()));
    }
    ASSERT_TRUE(reader.file.tidy());
    EXPECT_EQ(reader.read(), Texts{"2"});
    reader.consume_all();
    EXPECT_EQ(content_of(path), "");
}

/// Writers that know nothing of the lock, while the file is emptied as often as possible.
TEST(InputFile, LosesNothingOfWritersWithoutTheLock) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    InputLimits limits;
    limits.quiet_before_emptying = std::chrono::milliseconds(1);
    Reader reader(path, limits);
    if (SoleUse(*open_or_create(path)).outcome() == SoleUse::Outcome::unavailable) {
        GTEST_SKIP() << "no leases on this file system";
    }
    constexpr std::size_t lines = 500;
    std::thread writer([&] {
        for (std::size_t i = 0; i < lines; ++i) {
            append_plainly(path, line_with(std::to_string(i)));
            if (i % 7 == 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1 + i % 3));
            }
        }
    });
    Texts all;
    std::size_t emptied = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (all.size() < lines && std::chrono::steady_clock::now() < deadline) {
        const auto before = reader.file.consumed_offset();
        for (std::string& text : reader.read()) {
            all.push_back(std::move(text));
        }
        reader.consume_all();
        emptied += reader.file.consumed_offset() < before ? 1 : 0;
    }
    writer.join();
    ASSERT_EQ(all.size(), lines);
    for (std::size_t i = 0; i < lines; ++i) {
        ASSERT_EQ(all[i], std::to_string(i));
    }
    EXPECT_GT(emptied, 0U);
}

TEST(InputFile, IsNotEmptiedBeforeItWasQuietForTheTimeAskedFor) {
    const ScratchFolder folder;
    InputLimits limits;
    limits.quiet_before_emptying = std::chrono::hours(1);
    Reader reader(folder.file("in"), limits);
    append_plainly(folder.file("in"), line_with("1"));
    ASSERT_EQ(reader.read().size(), 1U);
    reader.consume_all();
    EXPECT_NE(content_of(folder.file("in")), "");
    EXPECT_TRUE(*reader.file.tidy());
}

TEST(InputFile, DoesNotDecideAboutAnOpaqueMessageWhileTheWriterHoldsTheLock) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    {
        const Locked writer(path);
        append_plainly(path, "to,from,fetchai/default:1.0.0,one,");
        EXPECT_TRUE(reader.read().empty());
        EXPECT_EQ(reader.state, InputState::busy);
        append_plainly(path, " two,");
    }
    EXPECT_EQ(reader.read(), Texts{"one, two"});
}

TEST(InputFile, GoesOnAfterARestartWithWhatWasNotConsumed) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    append_plainly(path, line_with("1") + line_with("2") + "\n" + line_with("3"));
    {
        Reader reader(path);
        ASSERT_EQ(reader.read().size(), 3U);
        reader.file.consumed(reader.tickets[0]);
        reader.file.consumed(reader.tickets[2]);
        ASSERT_TRUE(reader.file.tidy());
    }
    Reader reader(path);
    EXPECT_EQ(reader.read(), (Texts{"2", "3"}));
}

TEST(InputFile, AnUpdateOfTheBookmarkThatWasTornDoesNoHarm) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    append_plainly(path, line_with("1") + line_with("2") + line_with("3"));
    {
        Reader reader(path);
        ASSERT_EQ(reader.read().size(), 3U);
        for (const std::size_t index : {std::size_t{0}, std::size_t{1}}) {
            reader.file.consumed(reader.tickets[index]);
            ASSERT_TRUE(reader.file.tidy());
        }
    }
    // The newest of the two records is damaged: the one before it counts.
    std::string bookmark = content_of(path + ".offset");
    const std::size_t first = bookmark.find("sequence=");
    const std::size_t second = bookmark.find("sequence=", first + 1);
    const std::size_t newest =
        std::stoi(bookmark.substr(first + 9)) > std::stoi(bookmark.substr(second + 9)) ? first
                                                                                       : second;
    bookmark[newest + 30] = '#';
    std::ofstream(path + ".offset", std::ios::binary) << bookmark;
    Reader reader(path);
    EXPECT_EQ(reader.read(), (Texts{"2", "3"}));
}

TEST(InputFile, ThatOthersEmptiedIsReadFromItsBeginning) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    append_plainly(path, line_with("1") + line_with("2"));
    ASSERT_EQ(reader.read().size(), 2U);
    std::filesystem::resize_file(path, 0);
    append_plainly(path, line_with("new"));
    EXPECT_EQ(reader.read(), Texts{"new"});
    EXPECT_EQ(reader.file.interruptions(), 1U);
    for (const std::uint64_t old : {reader.tickets[0], reader.tickets[1]}) {
        reader.file.consumed(old);  // of the content before: means nothing any more
    }
    ASSERT_TRUE(reader.file.tidy());
    EXPECT_EQ(reader.file.consumed_offset(), 0U);
    reader.file.consumed(reader.tickets[2]);
    ASSERT_TRUE(reader.file.tidy());
    EXPECT_EQ(content_of(path), "");
}

TEST(InputFile, ThatOthersEmptiedAndFilledBeyondThePositionIsNoticed) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    append_plainly(path, line_with("first") + "to,from,half a line");
    ASSERT_EQ(reader.read(), Texts{"first"});
    std::filesystem::resize_file(path, 0);
    append_plainly(path, line_with("other 1") + line_with("other 2") + line_with("other 3"));
    EXPECT_EQ(reader.read(), (Texts{"stub.cut_off", "other 1", "other 2", "other 3"}));
}

TEST(InputFile, NulsInFrontFromAWriterThatKeepsItsOffsetAreSkipped) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    std::ofstream writer(path, std::ios::binary);
    Reader reader(path);
    writer << line_with("1") << std::flush;
    ASSERT_EQ(reader.read(), Texts{"1"});
    reader.consume_all();
    ASSERT_EQ(content_of(path), "");
    writer << line_with("2") << std::flush;
    EXPECT_EQ(content_of(path)[0], '\0');
    EXPECT_EQ(reader.read(), Texts{"2"});
    reader.consume_all();
    EXPECT_EQ(content_of(path), "");
}

TEST(InputFile, ThatOthersMovedAwayIsReadToItsEndBeforeTheNewOne) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    append_plainly(path, line_with("1"));
    ASSERT_EQ(reader.read(), Texts{"1"});
    append_plainly(path, line_with("2"));
    std::filesystem::rename(path, folder.file("in.1"));
    append_plainly(path, line_with("3"));
    EXPECT_TRUE(reader.is_awake());
    EXPECT_EQ(reader.read(), Texts{"2"});  // the new one only when all of the old is consumed
    reader.consume_all();
    EXPECT_EQ(reader.read(), Texts{"3"});
    EXPECT_NE(content_of(folder.file("in.1")), "") << "not ours to empty any more";
    append_plainly(path, line_with("4"));
    EXPECT_TRUE(reader.is_awake());
    EXPECT_EQ(reader.read(), Texts{"4"});
}

TEST(InputFile, ThatWasMovedAwayWhileNobodyReadIsReadFromWhereItWasLeft) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    append_plainly(path, line_with("1") + line_with("2"));
    {
        Reader reader(path);
        ASSERT_EQ(reader.read().size(), 2U);
        reader.file.consumed(reader.tickets[0]);
        ASSERT_TRUE(reader.file.tidy());
    }
    std::filesystem::rename(path, folder.file("in-old"));
    append_plainly(path, line_with("3"));
    Reader reader(path);
    EXPECT_EQ(reader.read(), Texts{"2"});
    reader.consume_all();
    EXPECT_EQ(reader.read(), Texts{"3"});
}

TEST(InputFile, ThatIsMissingForAWhileIsPickedUpWhenItComesBack) {
    const ScratchFolder folder;
    const std::string path = folder.file("in");
    Reader reader(path);
    std::filesystem::remove(path);
    EXPECT_TRUE(reader.read().empty());
    append_plainly(path, line_with("back"));
    EXPECT_TRUE(reader.is_awake());
    EXPECT_EQ(reader.read(), Texts{"back"});
}

TEST(InputFile, HandsOutNoMoreThanTheLimit) {
    const ScratchFolder folder;
    InputLimits limits = eager();
    limits.max_outstanding = 2;
    Reader reader(folder.file("in"), limits);
    append_plainly(folder.file("in"), line_with("1") + line_with("2") + line_with("3"));
    EXPECT_EQ(reader.read(), (Texts{"1", "2"}));
    EXPECT_EQ(reader.state, InputState::saturated);
    reader.consume_all();
    EXPECT_EQ(reader.read(), Texts{"3"});
}

TEST(InputFile, MalformedLinesHaveTheirPositionAndDoNotStopTheOthers) {
    const ScratchFolder folder;
    Reader reader(folder.file("in"));
    const std::string good = line_with("good");
    append_plainly(folder.file("in"), good + "\ngarbage\n" + good);
    std::optional<InputLine> line;
    ASSERT_EQ(*reader.file.next(line), InputState::line);
    ASSERT_EQ(*reader.file.next(line), InputState::line);
    EXPECT_EQ(line->item.envelope.error().code, "stub.not_a_line");
    EXPECT_EQ(line->item.offset, good.size() + 1);
    EXPECT_EQ(line->item.raw, "garbage\n");
    ASSERT_EQ(*reader.file.next(line), InputState::line);
    EXPECT_TRUE(line->item.envelope);
}

TEST(InputFile, CannotBeAFolder) {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("in"));
    const auto file = InputFile::open(folder.file("in"));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, "stub.cannot_open");
    EXPECT_NE(file.error().message.find(folder.file("in")), std::string::npos);
}

}  // namespace
}  // namespace patchbay::stub
