// SPDX-License-Identifier: Apache-2.0
#include "plugins/parked_sockets.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace patchbay::plugins {
namespace {

/// One end is parked, the other tells whether it was closed.
class Pair {
  public:
    Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0); }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() { ::close(ends_[1]); }

    [[nodiscard]] int socket() const { return ends_[0]; }
    [[nodiscard]] bool is_closed() const {
        char byte = 0;
        return ::read(ends_[1], &byte, 1) == 0;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
};

class ParkedSocketsTest : public testing::Test {
  protected:
    /// Generation 1 ends, 2 takes over, with two lanes.
    void open_second() {
        parked_.open(2, 2, [this](std::uint32_t lane) { told_.push_back(lane); });
    }
    patchbay_status park(const Pair& pair, const std::string& state = "s") {
        return parked_.park(1, pair.socket(), "kind/1", state);
    }

    ParkedSockets parked_;
    std::vector<std::uint32_t> told_;
};

TEST_F(ParkedSocketsTest, WhatNobodyAcceptsStaysWhereItIs) {
    const Pair pair;
    parked_.accept(1, "kind/1");
    EXPECT_EQ(park(pair), PATCHBAY_UNSUPPORTED) << "not from itself";
    parked_.accept(2, "kind/2");
    EXPECT_EQ(park(pair), PATCHBAY_UNSUPPORTED) << "another form of state";
    EXPECT_EQ(parked_.waiting(), 0U);
    ::close(pair.socket());
}

TEST_F(ParkedSocketsTest, TheNextGenerationGetsThemInOrderWithTheirState) {
    const Pair first;
    const Pair second;
    parked_.accept(1, "kind/1");
    parked_.accept(2, "kind/1");
    EXPECT_EQ(park(first, "one"), PATCHBAY_OK);
    EXPECT_EQ(park(second, "two"), PATCHBAY_OK);
    EXPECT_TRUE(told_.empty()) << "it is not in service yet";
    open_second();
    ASSERT_EQ(told_.size(), 1U);
    const auto adopted = parked_.adopt(2, told_[0], 8);
    ASSERT_EQ(adopted.size(), 2U);
    EXPECT_EQ(adopted[0].descriptor, first.socket());
    EXPECT_EQ(adopted[0].state, "one");
    EXPECT_EQ(adopted[1].state, "two");
    EXPECT_EQ(parked_.waiting(), 0U);
    ::close(first.socket());
    ::close(second.socket());
}

TEST_F(ParkedSocketsTest, LanesAreToldInTurnAndOnceUntilTheyLook) {
    const std::array<Pair, 4> pairs;
    parked_.accept(2, "kind/1");
    open_second();
    for (const Pair& pair : pairs) {
        EXPECT_EQ(park(pair), PATCHBAY_OK);
    }
    EXPECT_EQ(told_, (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(parked_.adopt(2, 0, 1).size(), 1U);
    EXPECT_EQ(told_.back(), 0U) << "more is left";
    EXPECT_EQ(parked_.adopt(2, 1, 8).size(), 3U);
    EXPECT_EQ(told_.size(), 3U);
    EXPECT_TRUE(parked_.adopt(2, 0, 8).empty());
    for (const Pair& pair : pairs) {
        ::close(pair.socket());
    }
}

TEST_F(ParkedSocketsTest, AskingParksNothing) {
    EXPECT_EQ(parked_.park(1, -1, "kind/1", {}), PATCHBAY_UNSUPPORTED);
    parked_.accept(2, "kind/1");
    EXPECT_EQ(parked_.park(1, -1, "kind/1", {}), PATCHBAY_OK);
    EXPECT_EQ(parked_.waiting(), 0U);
}

TEST_F(ParkedSocketsTest, AGenerationThatEndsLeavesThemToTheOther) {
    const Pair pair;
    parked_.accept(1, "kind/1");
    parked_.accept(2, "kind/1");
    EXPECT_EQ(park(pair), PATCHBAY_OK);
    parked_.end(2);
    std::vector<std::uint32_t> told;
    parked_.open(1, 1, [&](std::uint32_t lane) { told.push_back(lane); });
    EXPECT_EQ(told.size(), 1U);
    EXPECT_EQ(parked_.adopt(1, 0, 8).size(), 1U);
    ::close(pair.socket());
}

TEST_F(ParkedSocketsTest, WhatNobodyIsLeftToAdoptIsClosed) {
    const Pair left;
    const Pair last;
    parked_.accept(2, "kind/1");
    EXPECT_EQ(park(left), PATCHBAY_OK);
    parked_.end(2);
    EXPECT_TRUE(left.is_closed());
    EXPECT_EQ(parked_.waiting(), 0U);
    parked_.accept(3, "kind/1");
    EXPECT_EQ(park(last), PATCHBAY_OK);
    parked_.close();
    EXPECT_TRUE(last.is_closed());
}

TEST_F(ParkedSocketsTest, StateIsBounded) {
    const Pair pair;
    parked_.accept(2, "kind/1");
    const std::string longest(PATCHBAY_PARKED_STATE_SIZE, 'x');
    EXPECT_EQ(park(pair, longest + 'x'), PATCHBAY_INVALID);
    EXPECT_EQ(park(pair, longest), PATCHBAY_OK);
    parked_.close();
}

}  // namespace
}  // namespace patchbay::plugins
