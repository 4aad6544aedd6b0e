// SPDX-License-Identifier: Apache-2.0
// patchbay.proofs/1, and what an instance does without its proofs.
#include "instance_bench.hpp"
#include "manual_clock.hpp"
#include "plugins/run_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using test::metric;

/// Has a proof for each request whose `save_path` is not "missing".
class Proofs final : public ProofSource {
  public:
    ProofCheck proofs_for(const std::vector<config::CertRequest>& requests) override {
        const std::lock_guard lock(mutex_);
        ProofCheck check;
        for (const config::CertRequest& request : requests) {
            if (request.save_path == "missing" && !complete_) {
                check.problems.push_back(
                    {ErrorClass::invalid, "proof.missing", "there is no " + request.identifier});
                continue;
            }
            Proof proof;
            proof.identifier = request.identifier;
            proof.signature = "12345678";
            check.proofs.push_back(std::move(proof));
        }
        return check;
    }
    void complete() {
        const std::lock_guard lock(mutex_);
        complete_ = true;
    }

  private:
    std::mutex mutex_;
    bool complete_ = false;
};

class AbiProofsTest : public testing::Test {
  protected:
    void SetUp() override {
        auto runs = RunFolder::create(data_.path());
        ASSERT_TRUE(runs) << to_string(runs.error());
        runs_ = std::move(*runs);
    }
    void TearDown() override {
        if (instance_ != nullptr) {
            instance_->stop();
        }
        scheduler_.settle();
    }

    Result<void> connect(const std::vector<std::string>& paths, bool allow_missing = false,
                         const std::string& config = "{}", std::uint32_t attempts = 0) {
        InstancePlan plan = test::plan_of("proving", "proving", "Proving", config);
        for (const std::string& path : paths) {
            config::CertRequest request;
            request.identifier = "acn";
            request.save_path = path;
            plan.cert_requests.push_back(request);
        }
        plan.allow_missing_certificates = allow_missing;
        plan.limits.reconnect.attempts = attempts;
        plan.limits.reconnect.initial_delay = 1s;
        auto added = Instance::add(plan, services_, data_.path().string(), listener_);
        EXPECT_TRUE(added) << to_string(added.error());
        instance_ = *added;
        auto generation =
            PluginGeneration::load(runs_, instance_->plan()->library, instance_->plan()->class_id,
                                   1, {}, 20s, traffic_.events);
        if (!generation) {
            return tl::unexpected(generation.error());
        }
        if (auto loaded = instance_->load(*generation); !loaded) {
            return loaded;
        }
        const auto begun = instance_->connect();
        return begun ? instance_->wait_connected() : begun;
    }

    test::TemporaryFolder data_;
    test::ManualClock clock_;
    test::Traffic traffic_{clock_};
    Scheduler scheduler_{clock_};
    CallRouter calls_{scheduler_};
    test::MemoryStore store_;
    Proofs proofs_;
    HostServices services_{traffic_.events, clock_,  traffic_.multiplexer,
                           scheduler_,      calls_,  &store_,
                           nullptr,         &proofs_};
    test::RecordingListener listener_;
    std::shared_ptr<RunFolder> runs_;
    std::shared_ptr<Instance> instance_;
};

TEST_F(AbiProofsTest, APluginGetsItsProofsWhenItConnects) {
    ASSERT_TRUE(connect({"a", "b", "c"}));
    EXPECT_EQ(metric(*instance_, "status"), PATCHBAY_OK);
    EXPECT_EQ(metric(*instance_, "proofs"), 3);
    EXPECT_EQ(metric(*instance_, "signature"), 8);
}

TEST_F(AbiProofsTest, WithoutRequestsThereAreNone) {
    ASSERT_TRUE(connect({}));
    EXPECT_EQ(metric(*instance_, "status"), PATCHBAY_OK);
    EXPECT_EQ(metric(*instance_, "proofs"), 0);
}

TEST_F(AbiProofsTest, ItemsOfAnotherStrideAreCutOrFilledWithZeroes) {
    ASSERT_TRUE(connect({"a", "b"}, false, R"({"stride": 192})"));
    EXPECT_EQ(metric(*instance_, "signature"), 8);
    EXPECT_EQ(metric(*instance_, "beyond"), 0);
}

TEST_F(AbiProofsTest, TooLittleRoomIsToldTogetherWithTheNumber) {
    ASSERT_TRUE(connect({"a", "b", "c"}, false, R"({"room": 2})"));
    EXPECT_EQ(metric(*instance_, "status"), PATCHBAY_OVERLOADED);
    EXPECT_EQ(metric(*instance_, "proofs"), 3);
}

TEST_F(AbiProofsTest, AnInstanceDoesNotConnectWithoutAProof) {
    const auto connected = connect({"a", "missing"});
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().code, "proof.missing");
    EXPECT_EQ(instance_->state(), ConnectionState::disconnected);
    EXPECT_EQ(metric(*instance_, "connects"), 0);
    ASSERT_TRUE(test::eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(listener_.all_failures().front().first, FailureKind::connect);
}

TEST_F(AbiProofsTest, AnInstanceThatIsAllowedToConnectsWithTheRest) {
    ASSERT_TRUE(connect({"a", "missing"}, true));
    EXPECT_EQ(metric(*instance_, "proofs"), 1);
}

TEST_F(AbiProofsTest, AReconnectLooksAgain) {
    ASSERT_FALSE(connect({"missing"}, false, "{}", 5));
    proofs_.complete();
    ASSERT_TRUE(test::eventually([&] {
        clock_.advance(10s);
        return instance_->state() == ConnectionState::connected;
    }));
    EXPECT_EQ(metric(*instance_, "proofs"), 1);
}

TEST_F(AbiProofsTest, MoreRequestsThanTheBoundAreRefused) {
    const auto connected = connect(std::vector<std::string>(PATCHBAY_MOST_PROOFS + 1, "a"));
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().code, "proof.too_many");
}

TEST_F(AbiProofsTest, AHostWithoutASourceOfProofsDoesNotConnectIt) {
    services_.proofs = nullptr;
    const auto connected = connect({"a"});
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().code, "proof.unavailable");
}

}  // namespace
}  // namespace patchbay::plugins
