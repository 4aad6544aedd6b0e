// SPDX-License-Identifier: Apache-2.0
// patchbay/proofs.hpp over a host of which nothing else works.
#include <patchbay/proofs.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace patchbay {
namespace {

struct FakeHost {
    patchbay_host table{};
    patchbay_proofs proofs{};
    bool offers = true;
    std::uint32_t count = 2;
    int released = 0;
};

FakeHost& fake(const patchbay_host* host) {
    return *static_cast<FakeHost*>(host->context);
}

patchbay_status PATCHBAY_CALL list(const patchbay_host* host, patchbay_array* items,
                                   patchbay_block** block) {
    const std::uint32_t room = items->count;
    items->count = fake(host).count;
    if (fake(host).count > room) {
        return PATCHBAY_OVERLOADED;
    }
    for (std::uint32_t at = 0; at < items->count; ++at) {
        patchbay_proof proof{};
        proof.identifier = to_abi_string(at == 0 ? "first" : "second");
        proof.path = to_abi_string("/data/.certs/x.txt");
        std::memcpy(patchbay_array_at(items, at), &proof,
                    std::min<std::size_t>(items->stride, sizeof proof));
    }
    *block = reinterpret_cast<patchbay_block*>(&fake(host));
    return PATCHBAY_OK;
}

const void* PATCHBAY_CALL get_extension(const patchbay_host* host, patchbay_string id) {
    return fake(host).offers && to_view(id) == PATCHBAY_PROOFS_EXTENSION ? &fake(host).proofs
                                                                         : nullptr;
}

class SdkProofs : public testing::Test {
  protected:
    void SetUp() override {
        fake_.table.struct_size = sizeof(fake_.table);
        fake_.table.context = &fake_;
        fake_.table.get_extension = get_extension;
        fake_.table.release = [](const patchbay_host* host, patchbay_lane*, patchbay_block* const*,
                                 std::uint32_t count) {
            fake(host).released += static_cast<int>(count);
        };
        fake_.proofs.struct_size = sizeof(fake_.proofs);
        fake_.proofs.list = list;
    }

    FakeHost fake_;
    patchbay_instance_options options_{};
};

TEST_F(SdkProofs, AreCopiedAndTheBlockReleased) {
    const Host host(&fake_.table, options_);
    const auto proofs = proofs_of(host);
    ASSERT_TRUE(proofs);
    ASSERT_EQ(proofs->size(), 2U);
    EXPECT_EQ(proofs->at(0).identifier, "first");
    EXPECT_EQ(proofs->at(1).identifier, "second");
    EXPECT_EQ(proofs->at(1).path, "/data/.certs/x.txt");
    EXPECT_EQ(fake_.released, 1);
}

TEST_F(SdkProofs, OfAHostWithoutTheExtensionAreAFailure) {
    fake_.offers = false;
    const Host host(&fake_.table, options_);
    EXPECT_EQ(proofs_of(host).error().code, "host.no_extension");
}

TEST_F(SdkProofs, ThatTheHostDoesNotHandOutAreAFailure) {
    fake_.count = PATCHBAY_MOST_PROOFS + 1;
    const Host host(&fake_.table, options_);
    EXPECT_EQ(proofs_of(host).error().code, "proofs.not_read");
    EXPECT_EQ(fake_.released, 0);
}

}  // namespace
}  // namespace patchbay
