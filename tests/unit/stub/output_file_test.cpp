// SPDX-License-Identifier: Apache-2.0
#include "output_file.hpp"

#include "scratch_folder.hpp"

#include <gtest/gtest.h>

namespace patchbay::stub {
namespace {

TEST(OutputFile, AppendsToWhatIsThere) {
    const ScratchFolder folder;
    const std::string path = folder.file("out");
    append_plainly(path, "notes of somebody");
    auto output = OutputFile::open(path);
    ASSERT_TRUE(output);
    EXPECT_TRUE(*output->append(line_with("1")));
    EXPECT_TRUE(*output->append(line_with("2") + line_with("3")));
    EXPECT_EQ(content_of(path),
              "notes of somebody" + line_with("1") + line_with("2") + line_with("3"));
}

TEST(OutputFile, WaitsForNobodyWhoHoldsTheLock) {
    const ScratchFolder folder;
    auto output = OutputFile::open(folder.file("out"));
    ASSERT_TRUE(output);
    {
        const Locked reader(folder.file("out"));
        EXPECT_FALSE(*output->append(line_with("1")));
        EXPECT_EQ(content_of(folder.file("out")), "");
    }
    EXPECT_TRUE(*output->append(line_with("1")));
    EXPECT_EQ(content_of(folder.file("out")), line_with("1"));
}

TEST(OutputFile, GoesOnAtTheBeginningWhenAReaderEmptiesIt) {
    const ScratchFolder folder;
    auto output = OutputFile::open(folder.file("out"));
    ASSERT_TRUE(output);
    ASSERT_TRUE(*output->append(line_with("1")));
    std::filesystem::resize_file(folder.file("out"), 0);
    ASSERT_TRUE(*output->append(line_with("2")));
    EXPECT_EQ(content_of(folder.file("out")), line_with("2")) << "no hole of NULs";
}

TEST(OutputFile, BeginsANewOneWhenItWasMovedAway) {
    const ScratchFolder folder;
    auto output = OutputFile::open(folder.file("out"));
    ASSERT_TRUE(output);
    ASSERT_TRUE(*output->append(line_with("1")));
    std::filesystem::rename(folder.file("out"), folder.file("out.1"));
    ASSERT_TRUE(*output->append(line_with("2")));
    EXPECT_EQ(content_of(folder.file("out.1")), line_with("1"));
    EXPECT_EQ(content_of(folder.file("out")), line_with("2"));
}

TEST(OutputFile, CutsOffTheHalfLineOfAProcessThatWasKilled) {
    const ScratchFolder folder;
    const std::string path = folder.file("out");
    {
        auto output = OutputFile::open(path);
        ASSERT_TRUE(output && *output->append(line_with("1")));
    }
    // Killed after the write, before the bookmark; and in the middle of the next one.
    append_plainly(path, line_with("2") + line_with("3").substr(0, 40));
    auto output = OutputFile::open(path);
    ASSERT_TRUE(output);
    EXPECT_TRUE(*output->append(line_with("4")));
    EXPECT_EQ(content_of(path), line_with("1") + line_with("2") + line_with("4"));
    EXPECT_EQ(output->repaired_bytes(), 40U);
}

TEST(OutputFile, DoesNotCutWhatOthersWroteAfterEmptyingIt) {
    const ScratchFolder folder;
    const std::string path = folder.file("out");
    {
        auto output = OutputFile::open(path);
        ASSERT_TRUE(output && *output->append(line_with("1")));
    }
    std::filesystem::resize_file(path, 0);
    const std::string notes =
        "notes that are longer than the line that was there before, by far, "
        "so that the length alone says nothing";
    append_plainly(path, notes);
    auto output = OutputFile::open(path);
    ASSERT_TRUE(output && *output->append(line_with("2")));
    EXPECT_EQ(content_of(path), notes + line_with("2"));
}

TEST(OutputFile, SaysWhyItCannotWrite) {
    const auto output = OutputFile::open("/nonexistent/folder/out");
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().code, "stub.cannot_open");
    EXPECT_NE(output.error().message.find("/nonexistent/folder/out"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::stub
