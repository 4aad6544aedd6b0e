// SPDX-License-Identifier: Apache-2.0
#include "plugins/abi_host.hpp"

#include <utility>

namespace patchbay::plugins {
namespace {

using multiplexer::Lane;

/// The instance whose code the calling thread runs. Trivial, so that no thread is pinned by it.
thread_local const AbiHost* current_host = nullptr;
thread_local const char thread_mark = 0;

AbiHost& host_of(patchbay_lane* lane) noexcept;

/// A lane's thread alone may do this.
bool is_lane_thread(Lane& lane, const char* function) noexcept;

const void* PATCHBAY_CALL get_extension(const patchbay_host* host, patchbay_string id) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, static_cast<const void*>(nullptr),
                   [&] { return find_extension(self, view(id)); });
}

patchbay_lane* PATCHBAY_CALL lane_at(const patchbay_host* host, std::uint32_t index) noexcept {
    auto* generation = AbiHost::from(host).generation.load(std::memory_order_acquire);
    Lane* lane = generation == nullptr ? nullptr : generation->lane(index);
    return lane == nullptr ? nullptr : lane->handle();
}

/// Null, and told, when the plugin comes before its lanes are there.
multiplexer::Generation* generation_of(const patchbay_host* host, const char* function) noexcept {
    AbiHost& self = AbiHost::from(host);
    auto* generation = self.generation.load(std::memory_order_acquire);
    if (generation == nullptr) {
        self.reports.misbehaved("call.too_early", function);
    }
    return generation;
}

patchbay_status PATCHBAY_CALL allocate(const patchbay_host* host, patchbay_lane*, std::size_t size,
                                       patchbay_array* buffers) noexcept {
    auto* generation = generation_of(host, "allocate was called before the lanes run");
    return generation == nullptr ? PATCHBAY_INVALID : generation->allocate(size, buffers);
}

void PATCHBAY_CALL retain(const patchbay_host* host, patchbay_block* block) noexcept {
    if (auto* generation = generation_of(host, "retain was called before the lanes run")) {
        generation->retain(block);
    }
}

void PATCHBAY_CALL release(const patchbay_host* host, patchbay_lane*, patchbay_block* const* blocks,
                           std::uint32_t count) noexcept {
    if (auto* generation = generation_of(host, "release was called before the lanes run")) {
        generation->release(blocks, count);
    }
}

patchbay_status PATCHBAY_CALL deliver(patchbay_lane* lane, const patchbay_array* envelopes,
                                      patchbay_array* results) noexcept {
    if (lane == nullptr || envelopes == nullptr || results == nullptr) {
        return PATCHBAY_INVALID;
    }
    if (current_host == nullptr) {
        host_of(lane).reports.misbehaved(
            "thread.unknown", "deliver was called on a thread that the host did not start");
    }
    return Lane::from(lane).deliver(envelopes, results);
}

patchbay_status PATCHBAY_CALL take(patchbay_lane* lane, patchbay_array* envelopes) noexcept {
    if (lane == nullptr || envelopes == nullptr ||
        !is_lane_thread(Lane::from(lane), "take was called on another thread than the lane's")) {
        return PATCHBAY_INVALID;
    }
    return Lane::from(lane).take(envelopes);
}

patchbay_status PATCHBAY_CALL signals_take(patchbay_lane* lane, patchbay_array* signals) noexcept {
    if (lane == nullptr || signals == nullptr ||
        !is_lane_thread(Lane::from(lane),
                        "signals_take was called on another thread than the lane's")) {
        return PATCHBAY_INVALID;
    }
    return Lane::from(lane).signals_take(signals);
}

bool PATCHBAY_CALL sleep(patchbay_lane* lane, std::uint32_t interest) noexcept {
    return lane != nullptr &&
           is_lane_thread(Lane::from(lane), "sleep was called on another thread than the lane's") &&
           Lane::from(lane).sleep(interest);
}

std::intptr_t PATCHBAY_CALL descriptor(patchbay_lane* lane) noexcept {
    return lane == nullptr ? -1 : Lane::from(lane).descriptor();
}

void PATCHBAY_CALL complete(const patchbay_host* host, const std::uint64_t* tokens,
                            std::uint32_t count, patchbay_status status,
                            const patchbay_error* error) noexcept {
    auto* generation = generation_of(host, "complete was called before the lanes run");
    if (generation == nullptr || tokens == nullptr) {
        return;
    }
    AbiHost& self = AbiHost::from(host);
    if (current_host == nullptr) {
        self.reports.misbehaved("thread.unknown",
                                "complete was called on a thread that the host did not start");
    }
    generation->complete(tokens, count, status, error);
    if (self.saturated_lanes.load(std::memory_order_relaxed) == 0) {
        return;
    }
    for (std::uint32_t i = 0; i < generation->lane_count(); ++i) {
        Lane& lane = *generation->lane(i);
        auto* context = static_cast<LaneContext*>(lane.owner());
        if (context->saturated.exchange(false)) {
            self.saturated_lanes.fetch_sub(1);
            lane.wake();
        }
    }
}

void PATCHBAY_CALL operation_complete(const patchbay_host* host, std::uint64_t token,
                                      patchbay_status status,
                                      const patchbay_error* error) noexcept {
    AbiHost::from(host).reports.operation_complete(token, status, error);
}

void PATCHBAY_CALL connection_lost(const patchbay_host* host,
                                   const patchbay_error* error) noexcept {
    AbiHost::from(host).reports.connection_lost(error);
}

}  // namespace

LaneContext& context_of(patchbay_lane* lane) noexcept {
    return *static_cast<LaneContext*>(Lane::from(lane).owner());
}

LaneContext* on_its_thread(patchbay_lane* lane, const char* what) noexcept {
    if (lane == nullptr) {
        return nullptr;
    }
    LaneContext& context = context_of(lane);
    if (context.thread.load(std::memory_order_relaxed) != AbiHost::this_thread()) {
        context.host->reports.misbehaved("thread.not_lane", what);
        return nullptr;
    }
    return &context;
}

AbiHost::AbiHost(const HostServices& host_services, std::string instance_name,
                 const std::string& config_json, InstanceMetrics& instance_metrics,
                 ListeningSockets& listening_sockets, ParkedSockets& parked_sockets,
                 PluginReports& plugin_reports)
    : services(host_services),
      instance(std::move(instance_name)),
      config(config_json),
      metrics(instance_metrics),
      sockets(listening_sockets),
      parked(parked_sockets),
      reports(plugin_reports),
      threads(instance) {
    table_.struct_size = sizeof(table_);
    table_.abi_version = PATCHBAY_ABI_VERSION;
    table_.context = this;
    table_.get_extension = get_extension;
    table_.lane = lane_at;
    table_.allocate = allocate;
    table_.retain = retain;
    table_.release = release;
    table_.deliver = deliver;
    table_.take = take;
    table_.signals_take = signals_take;
    table_.sleep = sleep;
    table_.descriptor = descriptor;
    table_.complete = complete;
    table_.operation_complete = operation_complete;
    table_.connection_lost = connection_lost;
}

AbiHost::ThreadScope::ThreadScope(const AbiHost& host)
    : scope_(host.services.multiplexer), outer_(std::exchange(current_host, &host)) {}

AbiHost::ThreadScope::~ThreadScope() {
    current_host = outer_;
}

AbiHost::CallScope::CallScope(const AbiHost& host) : outer_(std::exchange(current_host, &host)) {}

AbiHost::CallScope::~CallScope() {
    current_host = outer_;
}

std::shared_ptr<const std::vector<Proof>> AbiHost::proofs() const {
    const std::lock_guard lock(proofs_mutex_);
    return proofs_;
}

void AbiHost::set_proofs(std::vector<Proof> proofs) {
    auto next = std::make_shared<const std::vector<Proof>>(std::move(proofs));
    const std::lock_guard lock(proofs_mutex_);
    proofs_.swap(next);
}

bool AbiHost::is_own_thread() const {
    return current_host == this;
}

const void* AbiHost::this_thread() {
    return &thread_mark;
}

void report_exception(const AbiHost& host) noexcept {
    try {
        host.services.events.publish({events::Level::error, "plugins", "host.exception",
                                      "An exception was stopped at the plugin ABI.",
                                      host.instance});
    } catch (...) {
        // Out of memory: there is nobody left to tell.
    }
}

namespace {

AbiHost& host_of(patchbay_lane* lane) noexcept {
    return *static_cast<LaneContext*>(Lane::from(lane).owner())->host;
}

bool is_lane_thread(Lane& lane, const char* function) noexcept {
    const auto* context = static_cast<LaneContext*>(lane.owner());
    if (context->thread == &thread_mark) {
        return true;
    }
    context->host->reports.misbehaved("thread.not_lane", function);
    return false;
}

}  // namespace
}  // namespace patchbay::plugins
