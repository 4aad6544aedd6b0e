// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a class of one plugin generation made for an instance: the object, the host's table that it
/// got, its lanes and its threads. An instance has one, and during a reload two: the one in
/// service, and the one that is being prepared or that drains.
#pragma once

#include "multiplexer/instance.hpp"
#include "plugins/abi_host.hpp"
#include "plugins/call_router.hpp"
#include "plugins/lane_runner.hpp"
#include "plugins/listening_sockets.hpp"
#include "plugins/parked_sockets.hpp"
#include "plugins/plan.hpp"
#include "plugins/plugin_generation.hpp"

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

class PluginObject;

/// Whoever an object reports to. Called on threads of the plugin, in the middle of its calls.
class ObjectReports {
  public:
    ObjectReports() = default;
    ObjectReports(const ObjectReports&) = delete;
    ObjectReports& operator=(const ObjectReports&) = delete;
    virtual ~ObjectReports() = default;

    virtual void operation_complete(std::uint64_t token, patchbay_status status,
                                    const patchbay_error* error) noexcept = 0;
    virtual void connection_lost(const PluginObject& object,
                                 const patchbay_error* error) noexcept = 0;
    /// It broke a rule of abi.h: a stable code and a sentence.
    virtual void misbehaved(const PluginObject& object, std::string_view code,
                            std::string_view text) noexcept = 0;
};

/// What an object gets from its instance, which outlives it (see `PluginObject::make`).
struct ObjectSetting {
    /// What it is made from; it keeps it.
    std::shared_ptr<const InstancePlan> plan;
    const HostServices& services;
    /// Absolute, and there.
    const std::string& data_folder;
    InstanceMetrics& metrics;
    ListeningSockets& sockets;
    ParkedSockets& parked;
    ObjectReports& reports;
    multiplexer::Instance& traffic;
    const std::vector<Dependency>& dependencies;
    /// Of the instance's objects, from 1.
    std::uint32_t number;
};

/// Owned by its instance, which its threads keep alive. `start` and `end` are called by one thread
/// at a time, everything else by any.
class PluginObject final : public std::enable_shared_from_this<PluginObject>,
                           public CallParty,
                           private PluginReports {
  public:
    /// `instance` owns the object and what the setting refers to.
    [[nodiscard]] static std::shared_ptr<PluginObject> make(
        const ObjectSetting& setting, std::weak_ptr<void> instance,
        std::shared_ptr<PluginGeneration> generation, const patchbay_class& table);
    ~PluginObject() override = default;

    /// Calls `create` and starts the lanes. After a failure `end` is still to be called.
    [[nodiscard]] Result<void> start();
    /// Ends lanes and threads, destroys the object and takes back what it holds. The answer names
    /// the threads that still run its code: its library stays mapped then, and it has to be kept;
    /// another call may find that they have ended.
    [[nodiscard]] std::vector<std::string> end();

    /// It answers calls: connected, and in service.
    void set_callable(bool callable) { callable_.store(callable); }
    [[nodiscard]] bool is_callable() const override { return callable_.load(); }
    bool post(std::uint32_t lane, multiplexer::Signal signal) override;

    [[nodiscard]] AbiHost& host() { return host_; }
    [[nodiscard]] const std::shared_ptr<const InstancePlan>& plan() const { return plan_kept_; }
    /// Of the plugin's generations, from 1; and of the library's bytes.
    [[nodiscard]] std::uint32_t generation_number() const { return host_.generation_number; }
    [[nodiscard]] const std::string& sha256() const { return sha256_; }
    /// Another generation of the instance may be connected beside it.
    [[nodiscard]] bool overlaps() const { return (class_.flags & PATCHBAY_CLASS_OVERLAPS) != 0; }
    [[nodiscard]] std::uint32_t lane_count() const;
    /// False: the loop of the lane that gets them has ended.
    [[nodiscard]] bool follows_orders() const;
    [[nodiscard]] std::size_t thread_count() const { return host_.threads.count(); }
    /// Envelopes that it took and has not completed, and those that it has.
    [[nodiscard]] std::uint64_t in_flight() const;
    [[nodiscard]] std::uint64_t completed() const;
    /// It takes from the instance's mailboxes from now on.
    void take_service();
    /// It has left its connection: answers to it go to whoever is in service.
    void leave_service();
    /// It is in service: connections that another generation parks come to its lanes.
    void adopt_parked();

  private:
    PluginObject(const ObjectSetting& setting, std::weak_ptr<void> instance,
                 std::shared_ptr<PluginGeneration> generation, const patchbay_class& table);

    // PluginReports
    void operation_complete(std::uint64_t token, patchbay_status status,
                            const patchbay_error* error) noexcept override;
    void connection_lost(const patchbay_error* error) noexcept override;
    void misbehaved(std::string_view code, std::string_view text) noexcept override;

    Result<void> create();
    Result<void> start_lanes(std::uint32_t lanes);
    /// Calls `destroy`; false when it did not return.
    bool destroy();
    /// Nobody answers the lanes any more, and their agents have lost their sockets.
    void end_agents();
    /// After `destroy`: takes back the sockets that the generation has not released.
    void end_loans();
    void publish(events::Level level, std::string code, std::string text);

    const std::shared_ptr<const InstancePlan> plan_kept_;
    const InstancePlan& plan_;
    const HostServices& services_;
    const std::string& data_folder_;
    ListeningSockets& sockets_;
    ObjectReports& reports_;
    multiplexer::Instance& traffic_;
    const std::uint32_t number_;  ///< of the instance in the multiplexer
    std::weak_ptr<void> instance_;
    std::shared_ptr<PluginGeneration> generation_;  ///< until `end` found no code running
    const std::string sha256_;
    const patchbay_class class_;
    AbiHost host_;
    std::atomic<bool> callable_{false};
    void* object_ = nullptr;
    bool created_ = false;

    mutable std::mutex mutex_;
    multiplexer::Generation* lanes_ = nullptr;
    std::vector<std::unique_ptr<LaneRunner>> runners_;
};

}  // namespace patchbay::plugins
