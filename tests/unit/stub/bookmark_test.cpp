// SPDX-License-Identifier: Apache-2.0
#include "bookmark.hpp"

#include "scratch_folder.hpp"

#include <gtest/gtest.h>

namespace patchbay::stub {
namespace {

/// A data file of two equal lines, consumed up to the end of them, as the process that is about to
/// empty it sees it.
struct Emptied {
    ScratchFolder folder;
    std::string path = folder.file("in");
    std::string content = line_with("same") + line_with("same");
    FileHandle file;
    Position position;

    explicit Emptied(Emptying step) : file(-1) {
        append_plainly(path, content);
        file = std::move(*open_or_create(path));
        position = *position_at(file, path, content.size());
        position.mark = "0123456789abcdef";
        position.emptying = step;
    }
    [[nodiscard]] std::uint64_t resume() { return *resume_offset(file, path, position); }
};

TEST(ResumeOffset, BeforeTheMarkWasWritten) {
    Emptied at(Emptying::marking);
    EXPECT_EQ(at.resume(), at.content.size());
}

TEST(ResumeOffset, AfterTheMarkWasWritten) {
    for (const Emptying step : {Emptying::marking, Emptying::marked}) {
        Emptied at(step);
        ASSERT_TRUE(write_at(at.file, at.path, 0, at.position.mark));
        EXPECT_EQ(at.resume(), at.content.size());
    }
}

TEST(ResumeOffset, AfterItWasEmptiedAndFilledWithTheVerySameBytes) {
    Emptied at(Emptying::marked);
    std::filesystem::resize_file(at.path, 0);
    EXPECT_EQ(at.resume(), 0U);
    append_plainly(at.path, at.content + at.content);
    EXPECT_EQ(at.resume(), 0U);
}

TEST(ResumeOffset, WhenNobodyEmptiedItAndLinesWereAdded) {
    Emptied at(Emptying::none);
    append_plainly(at.path, line_with("more"));
    EXPECT_EQ(at.resume(), at.content.size());
}

TEST(ResumeOffset, WhenOthersEmptiedIt) {
    Emptied at(Emptying::none);
    std::filesystem::resize_file(at.path, 0);
    EXPECT_EQ(at.resume(), 0U);
    append_plainly(at.path, line_with("other") + line_with("other") + line_with("other"));
    EXPECT_EQ(at.resume(), 0U);
}

TEST(Bookmark, SurvivesItsProcessAndStartsEmpty) {
    const ScratchFolder folder;
    Position position;
    position.device = 1;
    position.inode = 18446744073709551615U;
    position.before = std::string("\0\xff ,\n", 5);
    {
        auto bookmark = Bookmark::open(folder.file("b"));
        ASSERT_TRUE(bookmark);
        EXPECT_FALSE(bookmark->position());
        for (std::uint64_t i = 0; i < 5; ++i) {
            position.offset = i;
            ASSERT_TRUE(bookmark->store(position));
        }
        EXPECT_TRUE(bookmark->needs_sync());
        ASSERT_TRUE(bookmark->sync());
        EXPECT_FALSE(bookmark->needs_sync());
    }
    const auto bookmark = Bookmark::open(folder.file("b"));
    ASSERT_TRUE(bookmark && bookmark->position());
    EXPECT_TRUE(*bookmark->position() == position);
    EXPECT_EQ(content_of(folder.file("b")).size(), 1024U);
}

TEST(Bookmark, ThatIsNoneIsTreatedAsEmpty) {
    const ScratchFolder folder;
    for (const std::string& text : {std::string("nonsense"), std::string(1024, 'x'),
                                    std::string("patchbay stub position 1 check="),
                                    std::string("patchbay stub position 1 sequence=7 check=0")}) {
        std::ofstream(folder.file("b"), std::ios::binary) << text;
        const auto bookmark = Bookmark::open(folder.file("b"));
        ASSERT_TRUE(bookmark);
        EXPECT_FALSE(bookmark->position());
    }
}

}  // namespace
}  // namespace patchbay::stub
