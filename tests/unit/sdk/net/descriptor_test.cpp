// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/descriptor.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace patchbay::net {
namespace {

Descriptor open_one() {
    return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_open(int number) {
    return ::fcntl(number, F_GETFD) != -1;
}

TEST(Descriptor, ClosesWhatItOwns) {
    int number = -1;
    {
        const Descriptor descriptor = open_one();
        ASSERT_TRUE(descriptor);
        number = descriptor.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, IsNoneByDefault) {
    const Descriptor none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.get(), -1);
    EXPECT_TRUE(Descriptor(0) && Descriptor(0).release() == 0);
}

TEST(Descriptor, MovesWithItsOwnership) {
    Descriptor first = open_one();
    const int number = first.get();
    Descriptor second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT: that is what is tested
    EXPECT_EQ(second.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(Descriptor, ClosesWhatItOwnedBeforeAnAssignment) {
    Descriptor descriptor = open_one();
    const int before = descriptor.get();
    Descriptor next = open_one();
    const int after = next.get();
    descriptor = std::move(next);
    next = Descriptor();
    EXPECT_EQ(descriptor.get(), after);
    EXPECT_FALSE(is_open(before));
    descriptor = Descriptor();
    EXPECT_FALSE(is_open(after));
}

TEST(Descriptor, GivesAwayWithoutClosing) {
    Descriptor descriptor = open_one();
    const Descriptor taken(descriptor.release());
    EXPECT_FALSE(descriptor);
    EXPECT_TRUE(is_open(taken.get()));
}

}  // namespace
}  // namespace patchbay::net
