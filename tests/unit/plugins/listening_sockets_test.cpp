// SPDX-License-Identifier: Apache-2.0
#include "plugins/listening_sockets.hpp"

#include "socket_client.hpp"
#include "temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::plugins {
namespace {

using platform::ListenAddress;
using test::accept_all;
using test::SocketClient;

constexpr std::uint32_t room = ListeningSockets::most_sockets;

SocketLoan lent(ListeningSockets& sockets, const ListenAddress& address, std::uint32_t count = 1,
                std::uint32_t generation = 1) {
    auto loan = sockets.lend(generation, address, count, room);
    EXPECT_TRUE(loan) << to_string(loan.error());
    return loan ? std::move(*loan) : SocketLoan{};
}

Error refused(ListeningSockets& sockets, const ListenAddress& address, std::uint32_t count = 1) {
    const auto loan = sockets.lend(1, address, count, room);
    EXPECT_FALSE(loan) << loan->port;
    return loan ? Error{} : loan.error();
}

/// Connects clients and accepts them everywhere; how many sockets had some.
int served(const SocketLoan& loan, int clients) {
    std::vector<std::unique_ptr<SocketClient>> connected;
    for (int i = 0; i < clients; ++i) {
        connected.push_back(std::make_unique<SocketClient>(loan.port));
        EXPECT_EQ(connected.back()->error(), 0);
    }
    int total = 0;
    int sockets = 0;
    for (const std::intptr_t descriptor : loan.descriptors) {
        const int accepted = accept_all(descriptor);
        total += accepted;
        sockets += accepted > 0 ? 1 : 0;
    }
    EXPECT_EQ(total, clients);
    return sockets;
}

const ListenAddress any_port{.address = "127.0.0.1"};

TEST(ListeningSockets, AcceptWithoutBlockingAndEndWithAnotherProgram) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port);
    ASSERT_EQ(loan.descriptors.size(), 1U);
    EXPECT_NE(loan.port, 0);
    EXPECT_EQ(served(loan, 3), 1);
    EXPECT_NE(::fcntl(static_cast<int>(loan.descriptors[0]), F_GETFD) & FD_CLOEXEC, 0);
    ASSERT_EQ(sockets.status().size(), 1U);
    EXPECT_EQ(sockets.status()[0].address, "127.0.0.1:" + std::to_string(loan.port));
    EXPECT_EQ(sockets.status()[0].sockets, 1U);
    EXPECT_EQ(sockets.status()[0].loans, 1U);
    EXPECT_TRUE(sockets.give_back(1, loan.id, false));
    EXPECT_EQ(SocketClient(loan.port).error(), ECONNREFUSED);
    EXPECT_TRUE(sockets.status().empty());
}

TEST(ListeningSockets, HeldOnesStayOpenBetweenTwoGenerations) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port);
    const SocketLoan dropped = lent(sockets, {.address = "127.0.0.2"});
    sockets.hold();
    EXPECT_TRUE(sockets.give_back(1, loan.id, false));
    const SocketClient waits(loan.port);
    EXPECT_EQ(waits.error(), 0) << "in the queue";
    const SocketLoan again = lent(sockets, any_port, 1, 2);
    EXPECT_EQ(again.port, loan.port);
    EXPECT_EQ(accept_all(again.descriptors[0]), 1);
    EXPECT_TRUE(sockets.give_back(1, dropped.id, false));
    sockets.let_go();
    EXPECT_EQ(SocketClient(loan.port).error(), 0);
    ASSERT_EQ(sockets.status().size(), 1U) << "what nobody wants any more is closed";
    EXPECT_TRUE(sockets.give_back(2, again.id, false));
    EXPECT_EQ(SocketClient(loan.port).error(), ECONNREFUSED);
}

TEST(ListeningSockets, SeveralHaveOnePortAndAQueueEach) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port, 4);
    EXPECT_EQ(loan.descriptors.size(), 4U);
    EXPECT_GT(served(loan, 200), 1);
}

TEST(ListeningSockets, NobodyElseGetsThePortHoweverManySocketsShareIt) {
    for (const std::uint32_t first : {1U, 3U}) {
        ListeningSockets one_host;
        const SocketLoan loan = lent(one_host, any_port, first);
        for (const std::uint32_t second : {1U, 3U}) {
            for (const char* address : {"127.0.0.1", "0.0.0.0"}) {
                ListeningSockets other_host;
                const Error error =
                    refused(other_host, {.address = address, .port = loan.port}, second);
                EXPECT_EQ(error.code, "listen.address_in_use") << first << ' ' << second;
                EXPECT_NE(
                    error.message.find(std::string(address) + ':' + std::to_string(loan.port)),
                    std::string::npos)
                    << error.message;
            }
        }
        EXPECT_GE(served(loan, 50), 1) << "the first is not disturbed";
    }
}

TEST(ListeningSockets, APortThatWasGivenBackCanBeHadAtOnce) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port);
    {
        const SocketClient client(loan.port);
        const int accepted = ::accept(static_cast<int>(loan.descriptors[0]), nullptr, nullptr);
        ASSERT_GE(accepted, 0);
        ::close(accepted);  // the server closes first: its port stays in TIME_WAIT
    }
    EXPECT_TRUE(sockets.give_back(1, loan.id, false));
    EXPECT_EQ(lent(sockets, {.address = "127.0.0.1", .port = loan.port}).port, loan.port);
}

TEST(ListeningSockets, TheNextGenerationGetsTheSameOnes) {
    ListeningSockets sockets;
    const SocketLoan old = lent(sockets, any_port, 2, 1);
    const SocketLoan next = lent(sockets, any_port, 2, 2);
    EXPECT_EQ(next.id, old.id);
    EXPECT_EQ(next.port, old.port) << "also without a port of their own";
    EXPECT_EQ(next.descriptors, old.descriptors);
    EXPECT_EQ(sockets.status()[0].loans, 2U);
    EXPECT_TRUE(sockets.give_back(1, old.id, false));
    EXPECT_GE(served(next, 20), 1) << "the old one's end takes nothing away";
    EXPECT_FALSE(sockets.give_back(1, old.id, false)) << "it has none any more";
    EXPECT_TRUE(sockets.give_back(2, next.id, true));
    EXPECT_EQ(sockets.status()[0].loans, 0U);
    const SocketClient waits(old.port);
    EXPECT_EQ(waits.error(), 0) << "kept open";
    const SocketLoan third = lent(sockets, any_port, 2, 3);
    EXPECT_EQ(third.descriptors, old.descriptors);
    EXPECT_EQ(accept_all(third.descriptors[0]) + accept_all(third.descriptors[1]), 1);
    EXPECT_TRUE(sockets.give_back(3, third.id, false));
    EXPECT_TRUE(sockets.status().empty());
}

TEST(ListeningSockets, LoansThatAGenerationLeavesEndButTheirSocketsStay) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port, 1, 1);
    (void)lent(sockets, any_port, 1, 1);
    EXPECT_EQ(sockets.end_loans(1),
              std::vector<std::string>{"127.0.0.1:" + std::to_string(loan.port)});
    EXPECT_TRUE(sockets.end_loans(1).empty());
    EXPECT_EQ(SocketClient(loan.port).error(), 0);
    sockets.close();
    EXPECT_EQ(SocketClient(loan.port).error(), ECONNREFUSED);
}

TEST(ListeningSockets, GrowWithTheCountAndNeverShrink) {
    ListeningSockets sockets;
    const SocketLoan one = lent(sockets, any_port, 1);
    const SocketLoan four = lent(sockets, any_port, 4);
    EXPECT_EQ(four.id, one.id);
    ASSERT_EQ(four.descriptors.size(), 4U);
    EXPECT_EQ(four.descriptors[0], one.descriptors[0]);
    EXPECT_GT(served(four, 200), 1);
    EXPECT_EQ(lent(sockets, any_port, 2).descriptors, four.descriptors)
        << "who has fewer lanes serves all of them nevertheless";
    const auto no_room = sockets.lend(1, any_port, 2, 3);
    ASSERT_FALSE(no_room);
    EXPECT_EQ(no_room.error().code, "listen.too_many");
    EXPECT_EQ(sockets.status()[0].loans, 3U) << "nothing was lent";
}

TEST(ListeningSockets, AFailureChangesNothing) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port, 1);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlimit low = limit;
    low.rlim_cur = static_cast<rlim_t>(loan.descriptors[0]) + 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    const Error error = refused(sockets, any_port, room);
    const Error new_one = refused(sockets, {.address = "127.0.0.2"}, room);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(error.code, "listen.failed");
    EXPECT_EQ(error.error_class, ErrorClass::overloaded);
    EXPECT_EQ(new_one.code, "listen.failed");
    ASSERT_EQ(sockets.status().size(), 1U);
    EXPECT_EQ(sockets.status()[0].sockets, 1U);
    EXPECT_EQ(served(loan, 10), 1);
    EXPECT_EQ(lent(sockets, any_port, 3).descriptors.size(), 3U);
}

TEST(ListeningSockets, HaveABound) {
    ListeningSockets sockets;
    for (std::size_t i = 1; i <= ListeningSockets::most_addresses; ++i) {
        (void)lent(sockets, {.address = "127.0.1." + std::to_string(i)});
    }
    const Error error = refused(sockets, {.address = "127.0.2.1"});
    EXPECT_EQ(error.code, "listen.too_many");
    EXPECT_EQ(error.error_class, ErrorClass::overloaded);
    (void)lent(sockets, {.address = "127.0.1.7"});
    EXPECT_EQ(refused(sockets, any_port, 0).code, "listen.too_many");
    EXPECT_EQ(refused(sockets, any_port, 65).code, "listen.too_many");
}

TEST(ListeningSockets, AddressesAreLiteral) {
    ListeningSockets sockets;
    for (const std::string& address :
         {std::string(), std::string("localhost"), std::string("127.0.0.1:80"),
          std::string("1.2.3.4.5"), std::string("[::1]"), std::string("unix:"),
          std::string("unix:relative"), "unix:/" + std::string(200, 'x'),
          std::string("127.0.0.1\0x", 11)}) {
        const Error error = refused(sockets, {.address = address});
        EXPECT_EQ(error.code, "listen.bad_address") << address;
        EXPECT_EQ(error.error_class, ErrorClass::invalid);
    }
    const Error foreign = refused(sockets, {.address = "203.0.113.1", .port = 80});
    EXPECT_EQ(foreign.code, "listen.address_not_available");
    EXPECT_NE(foreign.message.find("203.0.113.1:80"), std::string::npos) << foreign.message;
}

TEST(ListeningSockets, PortsOfTheSystemNeedPermission) {
    std::ifstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    int first_free = 1024;
    file >> first_free;
    const bool is_root = ::geteuid() == 0;
    if (first_free <= 1 || (is_root && ::seteuid(65534) != 0)) {
        GTEST_SKIP() << "every port is free here";
    }
    ListeningSockets sockets;
    const Error error = refused(sockets, {.address = "127.0.0.1", .port = 1});
    if (is_root) {
        ASSERT_EQ(::seteuid(0), 0);
    }
    EXPECT_EQ(error.code, "listen.permission_denied");
    EXPECT_NE(error.message.find("127.0.0.1:1:"), std::string::npos) << error.message;
}

TEST(ListeningSockets, Ipv6AddressesAreOneHoweverWritten) {
    ListeningSockets sockets;
    if (const auto probe = sockets.lend(1, {.address = "::1"}, 2, room);
        !probe && probe.error().code == "listen.address_not_available") {
        GTEST_SKIP() << "this machine has no IPv6";
    }
    (void)lent(sockets, {.address = "0:0:0:0:0:0:0:1"}, 2);
    ASSERT_EQ(sockets.status().size(), 1U);
    EXPECT_EQ(sockets.status()[0].address.substr(0, 6), "[::1]:");

    const SocketLoan both = lent(sockets, {.address = "::"});
    EXPECT_EQ(SocketClient(both.port).error(), 0) << "IPv4 too";
    const SocketLoan v6_only = lent(sockets, {.address = "::", .ipv6_only = true});
    EXPECT_NE(v6_only.id, both.id);
    EXPECT_EQ(SocketClient(v6_only.port).error(), ECONNREFUSED);
}

TEST(ListeningSockets, AreRefusedAndStillThereAfterTheyStopToListen) {
    ListeningSockets sockets;
    const SocketLoan loan = lent(sockets, any_port, 2);
    sockets.stop_listening();
    EXPECT_EQ(SocketClient(loan.port).error(), ECONNREFUSED);
    EXPECT_TRUE(sockets.status().empty());
    EXPECT_EQ(refused(sockets, any_port).code, "listen.failed");
    for (const std::intptr_t descriptor : loan.descriptors) {
        EXPECT_GE(::fcntl(static_cast<int>(descriptor), F_GETFD), 0) << "its number is not reused";
    }
}

// ---- Unix domain sockets ----

class UnixListeningSockets : public testing::Test {
  protected:
    [[nodiscard]] ListenAddress address(std::uint32_t mode = 0660) const {
        return {.address = "unix:" + path_, .unix_mode = mode};
    }
    test::TemporaryFolder folder_;
    const std::string path_ = (folder_.path() / "socket").string();
    ListeningSockets sockets_;
};

TEST_F(UnixListeningSockets, ShareOneQueueAndTakeTheirFileAway) {
    const SocketLoan loan = lent(sockets_, address(0600), 3);
    ASSERT_EQ(loan.descriptors.size(), 3U);
    EXPECT_EQ(loan.port, 0);
    const SocketClient client(path_);
    EXPECT_EQ(client.error(), 0);
    EXPECT_EQ(accept_all(loan.descriptors[2]), 1);
    EXPECT_EQ(sockets_.status()[0].address, "unix:" + path_);
    EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(path_).permissions()), 0600U);
    EXPECT_TRUE(sockets_.give_back(1, loan.id, false));
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixListeningSockets, HaveTheWantedModeWhateverTheUmask) {
    const mode_t before = ::umask(0077);
    (void)lent(sockets_, address(0666));
    ::umask(before);
    EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(path_).permissions()), 0666U);
}

TEST_F(UnixListeningSockets, ReplaceAFileOnWhichNobodyListens) {
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path_.copy(name.sun_path, sizeof(name.sun_path) - 1);
    ASSERT_EQ(::bind(left, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
    ::close(left);
    ASSERT_TRUE(std::filesystem::exists(path_));
    (void)lent(sockets_, address());
    EXPECT_EQ(SocketClient(path_).error(), 0);
}

TEST_F(UnixListeningSockets, ReplaceNothingThatIsInUse) {
    (void)lent(sockets_, address());
    ListeningSockets other_host;
    EXPECT_EQ(refused(other_host, address()).code, "listen.address_in_use");
    EXPECT_EQ(SocketClient(path_).error(), 0);

    const std::string file = (folder_.path() / "file").string();
    std::ofstream(file) << "precious";
    const Error error = refused(other_host, {.address = "unix:" + file});
    EXPECT_EQ(error.code, "listen.address_in_use");
    EXPECT_NE(error.message.find("not a socket"), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(file), 8U);
}

TEST_F(UnixListeningSockets, NeedTheirFolder) {
    const Error error = refused(sockets_, {.address = "unix:" + path_ + "/deeper/socket"});
    EXPECT_EQ(error.code, "listen.address_not_available");
}

TEST_F(UnixListeningSockets, LeaveAFileAloneThatIsNotTheirsAnyMore) {
    const SocketLoan loan = lent(sockets_, address());
    std::filesystem::remove(path_);
    std::ofstream(path_) << "somebody else's";
    EXPECT_TRUE(sockets_.give_back(1, loan.id, false));
    EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST(ListeningSockets, AreLentToManyThreads) {
    ListeningSockets sockets;
    const SocketLoan kept = lent(sockets, any_port, 1, 1);
    std::vector<std::thread> threads;
    for (std::uint32_t generation = 2; generation < 6; ++generation) {
        threads.emplace_back([&sockets, generation] {
            for (std::uint32_t i = 0; i < 50; ++i) {
                const auto loan = sockets.lend(generation, any_port, 1 + i % 4, room);
                EXPECT_TRUE(loan && sockets.give_back(generation, loan->id, i % 2 == 0));
                (void)sockets.status();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(sockets.status()[0].loans, 1U);
    EXPECT_EQ(sockets.status()[0].sockets, 4U);
}

}  // namespace
}  // namespace patchbay::plugins
