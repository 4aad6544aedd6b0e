// SPDX-License-Identifier: Apache-2.0
#include "identity/claim_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::identity {
namespace {

StoredClaim claim(const std::string& agent_id, std::uint64_t number = 1) {
    StoredClaim claim;
    claim.agent_id = agent_id;
    claim.number = number;
    return claim;
}

TEST(ClaimTable, FindsWhatWasPutLast) {
    ClaimTable table;
    EXPECT_FALSE(table.find("a"));
    table.put(claim("a", 1));
    table.put(claim("a", 2));
    EXPECT_EQ(table.find("a")->number, 2U);
    EXPECT_EQ(table.size(), 1U);
    table.remove("a");
    table.remove("a");
    EXPECT_FALSE(table.find("a"));
    EXPECT_EQ(table.size(), 0U);
}

TEST(ClaimTable, PagesAreInByteOrderAndComplete) {
    ClaimTable table;
    for (int i = 0; i < 1'000; ++i) {
        table.put(claim(std::to_string(i * 7919 % 1'000), static_cast<std::uint64_t>(i)));
    }
    const auto odd = [](const StoredClaim& found) { return found.number % 2 == 1; };
    std::vector<std::string> ids;
    std::string after;
    while (true) {
        const auto page = table.page(after, 33, odd);
        for (const StoredClaim& found : page) {
            ids.push_back(found.agent_id);
        }
        if (page.size() < 33) {
            break;
        }
        after = page.back().agent_id;
    }
    EXPECT_EQ(ids.size(), 500U);
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    EXPECT_TRUE(table.page("", 0, odd).empty());
    EXPECT_EQ(table.ids(10, odd).size(), 10U);
}

TEST(StoredClaim, IsInForceUntilItsNewestCertificateExpiresUnlessTheOperatorHoldsIt) {
    StoredClaim owned = claim("a");
    EXPECT_FALSE(owned.in_force(1));
    owned.certificates = {{{}, 10}, {{}, 20}};
    EXPECT_TRUE(owned.in_force(20));
    EXPECT_FALSE(owned.in_force(21));
    owned.revoked = true;
    EXPECT_TRUE(owned.in_force(21));
    owned.revoked = false;
    owned.provisioned = true;
    EXPECT_TRUE(owned.in_force(21));
}

}  // namespace
}  // namespace patchbay::identity
