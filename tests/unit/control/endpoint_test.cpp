// SPDX-License-Identifier: Apache-2.0
#include "control/endpoint.hpp"

#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace patchbay::control {
namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

TEST(ControlEndpoint, IsForItsOwnerOnly) {
    const TemporaryFolder folder;
    const std::string path = folder.file("data/control.sock");
    const auto listener = listen_on(path);
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_EQ(mode_of(folder.file("data")), 0700U);
}

TEST(ControlEndpoint, RefusesAFolderThatOthersMayWrite) {
    const TemporaryFolder folder;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
    const auto listener = listen_on(folder.file("control.sock"));
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().code, "control.unsafe_folder");
    EXPECT_NE(listener.error().message.find("chmod go-w " + folder.path()), std::string::npos);
}

TEST(ControlEndpoint, ReplacesASocketThatNobodyListensOn) {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    { ASSERT_TRUE(listen_on(path)); }
    ASSERT_EQ(connect_to(path).error().code, "control.not_running");
    EXPECT_TRUE(listen_on(path));
}

TEST(ControlEndpoint, NamesTheProcessThatListensAlready) {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    const auto first = listen_on(path);
    ASSERT_TRUE(first);
    const auto second = listen_on(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "control.in_use");
    EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
}

TEST(ControlEndpoint, DoesNotReplaceAFile) {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    std::ofstream(path) << "precious";
    const auto listener = listen_on(path);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().code, "control.not_a_socket");
}

TEST(ControlEndpoint, SaysWhatToDoAboutALongPath) {
    const TemporaryFolder folder;
    const auto listener = listen_on(folder.file(std::string(120, 'x')));
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().code, "control.path_too_long");
    EXPECT_NE(listener.error().message.find("control: {socket"), std::string::npos);
}

TEST(ControlEndpoint, ConnectingTellsThatNoHostRuns) {
    const TemporaryFolder folder;
    const auto connection = connect_to(folder.file("control.sock"));
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, "control.not_running");
}

}  // namespace
}  // namespace patchbay::control
