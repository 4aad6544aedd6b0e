// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_object.hpp"

#include "plugins/agent_identity.hpp"
#include "plugins/duration.hpp"
#include "plugins/host_call.hpp"

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

namespace patchbay::plugins {
namespace {

/// Most lanes of one instance. More than processors only take turns, unless the operator knows
/// more.
std::uint32_t lane_limit_of(const config::ConnectionLimits& limits) {
    return limits.lane_limit.value_or(
        std::clamp<std::uint32_t>(std::thread::hardware_concurrency(), 1, config::most_lanes));
}

patchbay_string view_of(const std::string& text) {
    return {text.data(), text.size()};
}

}  // namespace

PluginObject::PluginObject(const ObjectSetting& setting, std::weak_ptr<void> instance,
                           std::shared_ptr<PluginGeneration> generation,
                           const patchbay_class& table)
    : plan_kept_(setting.plan),
      plan_(*plan_kept_),
      services_(setting.services),
      data_folder_(setting.data_folder),
      sockets_(setting.sockets),
      reports_(setting.reports),
      traffic_(setting.traffic),
      number_(setting.traffic.number()),
      instance_(std::move(instance)),
      generation_(std::move(generation)),
      sha256_(generation_->library().copy().sha256),
      class_(table),
      host_(services_, plan_.name, plan_.config_json, setting.metrics, sockets_, setting.parked,
            static_cast<PluginReports&>(*this)) {
    host_.dependencies = setting.dependencies;
    host_.call_limit = nanoseconds(plan_.limits.timeouts.send);
    host_.set_abi_version(generation_->abi_version());
    host_.generation_number = generation_->number();
    host_.object_number = setting.number;
}

std::shared_ptr<PluginObject> PluginObject::make(const ObjectSetting& setting,
                                                 std::weak_ptr<void> instance,
                                                 std::shared_ptr<PluginGeneration> generation,
                                                 const patchbay_class& table) {
    std::shared_ptr<PluginObject> made(
        new PluginObject(setting, std::move(instance), std::move(generation), table));
    made->host_.self = made;
    made->host_.owner = made->instance_;
    return made;
}

Result<void> PluginObject::start() {
    return create();
}

Result<void> PluginObject::create() {
    struct Creation {
        patchbay_instance_options options{};
        patchbay_created created{};
        patchbay_error error{};
        patchbay_status status = PATCHBAY_FAILED;
    };
    auto creation = std::make_shared<Creation>();
    patchbay_instance_options& options = creation->options;
    options.struct_size = sizeof(options);
    options.name = view_of(plan_.name);
    options.component_id = view_of(plan_.component_id);
    options.config_json = view_of(plan_.config_json);
    options.data_folder = view_of(data_folder_);
    options.max_in_flight = plan_.limits.max_in_flight.value_or(0);
    options.lane_limit = lane_limit_of(plan_.limits);
    options.max_thread_workers = plan_.limits.max_thread_workers.value_or(0);
    if (plan_.limits.ordered_sends.value_or(false)) {
        options.flags = PATCHBAY_INSTANCE_ORDERED_SENDS;
    }
    creation->created.struct_size = sizeof(creation->created);
    creation->created.lane_count = 1;
    creation->error.struct_size = sizeof(creation->error);

    bool returned = false;
    {
        const std::lock_guard serialised(generation_->host_calls());
        returned = call_on_host_thread(
            "pbay:" + plan_.name, plan_.limits.timeouts.connect,
            [self = shared_from_this(), owner = instance_.lock(), creation]() noexcept {
                try {
                    creation->status = self->class_.create(self->host_.table(), &creation->options,
                                                           &creation->created, &creation->error);
                } catch (...) {
                    creation->status =
                        patchbay_error_set(&creation->error, PATCHBAY_FAILED, "plugin.exception",
                                           "an exception left the plugin's create");
                }
            });
    }
    if (!returned) {
        generation_->mark_hung();
        return failure(ErrorClass::failed, "plugin.hung",
                       "creating " + plan_.name + " did not end within its time limit");
    }
    if (creation->status != PATCHBAY_OK) {
        const patchbay_error& error = creation->error;
        const std::string code(error.code, ::strnlen(error.code, sizeof(error.code)));
        const std::string text(error.text, ::strnlen(error.text, sizeof(error.text)));
        return failure(ErrorClass::failed, code.empty() ? "plugin.create_failed" : code,
                       plan_.name + " cannot be created: " +
                           (text.empty() ? "the plugin gave no reason" : text));
    }
    object_ = creation->created.instance;
    created_ = true;
    const std::uint32_t lane_limit = creation->options.lane_limit;
    if (creation->created.lane_count == 0 || creation->created.lane_count > lane_limit) {
        return failure(ErrorClass::invalid, "plugin.lane_count",
                       plan_.name + " wants " + std::to_string(creation->created.lane_count) +
                           " lanes; its `lane_limit` allows 1 to " + std::to_string(lane_limit));
    }
    return start_lanes(creation->created.lane_count);
}

Result<void> PluginObject::start_lanes(std::uint32_t lanes) {
    auto attached = traffic_.attach(lanes);
    if (!attached) {
        return tl::unexpected(attached.error());
    }
    const bool inline_ok = (class_.flags & PATCHBAY_CLASS_INLINE_OK) != 0 &&
                           class_.run == nullptr &&
                           generation_->library().safe_on_foreign_threads();
    const std::uint32_t in_flight =
        plan_.limits.max_in_flight.value_or(LaneRunner::default_in_flight);
    {
        const std::lock_guard lock(mutex_);
        lanes_ = *attached;
        host_.generation.store(lanes_);
        if (services_.agents != nullptr) {
            services_.agents->lanes().add(number_, *lanes_);
        }
        for (std::uint32_t i = 0; i < lanes; ++i) {
            runners_.push_back(std::make_unique<LaneRunner>(
                host_, class_, object_, *lanes_->lane(i), in_flight, inline_ok));
        }
    }
    for (std::uint32_t i = 0; i < lanes; ++i) {
        auto* started = host_.threads.start(
            std::to_string(i),
            [owner = instance_.lock(), runner = runners_[i].get()] { runner->run(); });
        if (started == nullptr) {
            return failure(
                ErrorClass::overloaded, "plugin.no_thread",
                "no thread could be started for lane " + std::to_string(i) + " of " + plan_.name);
        }
    }
    return {};
}

bool PluginObject::post(std::uint32_t lane, multiplexer::Signal signal) {
    const std::lock_guard lock(mutex_);
    multiplexer::Lane* target = lanes_ == nullptr ? nullptr : lanes_->lane(lane);
    return target != nullptr && target->post(std::move(signal));
}

std::uint32_t PluginObject::lane_count() const {
    const std::lock_guard lock(mutex_);
    return lanes_ == nullptr ? 0 : lanes_->lane_count();
}

bool PluginObject::follows_orders() const {
    const std::lock_guard lock(mutex_);
    return !runners_.empty() && !runners_.front()->loop_ended();
}

std::uint64_t PluginObject::in_flight() const {
    const std::lock_guard lock(mutex_);
    return lanes_ == nullptr ? 0 : lanes_->in_flight();
}

std::uint64_t PluginObject::completed() const {
    const std::lock_guard lock(mutex_);
    return lanes_ == nullptr ? 0 : lanes_->completed();
}

void PluginObject::take_service() {
    multiplexer::Generation* lanes = nullptr;
    {
        const std::lock_guard lock(mutex_);
        lanes = lanes_;
    }
    if (lanes != nullptr) {
        traffic_.hand_over(*lanes);  // without the lock: it waits for a take in progress
    }
}

void PluginObject::leave_service() {
    const std::lock_guard lock(mutex_);
    if (lanes_ != nullptr) {
        lanes_->end_answers();
    }
}

void PluginObject::adopt_parked() {
    host_.parked.open(host_.object_number, lane_count(),
                      [weak = weak_from_this()](std::uint32_t lane) {
                          if (const auto self = weak.lock()) {
                              multiplexer::Signal signal;
                              signal.kind = PATCHBAY_SIGNAL_PARKED;
                              (void)self->post(lane, std::move(signal));
                          }
                      });
}

std::vector<std::string> PluginObject::end() {
    set_callable(false);
    host_.parked.end(host_.object_number);
    services_.calls.party_gone(*this);
    // Waits for deliverers that are inside the plugin, which promised to be short.
    const bool alone = runners_.empty() ||
                       call_on_host_thread("pbay:" + plan_.name, plan_.limits.timeouts.disconnect,
                                           [self = shared_from_this(), owner = instance_.lock()] {
                                               for (auto& runner : self->runners_) {
                                                   runner->stop_others();
                                               }
                                           });
    for (std::uint32_t i = 0; i < runners_.size(); ++i) {
        multiplexer::Signal stop;
        stop.kind = PATCHBAY_SIGNAL_STOP;
        (void)post(i, std::move(stop));
    }
    auto left = host_.threads.join_all(plan_.limits.timeouts.disconnect);
    for (std::string& thread : left) {
        // Lanes are named by their number alone: the system cuts long names.
        if (thread.find_first_not_of("0123456789") == std::string::npos) {
            thread.insert(0, "lane ");
        }
    }
    if (!alone) {
        left.emplace_back("on_batch, on a deliverer's thread");
    }
    if (left.empty() && !destroy()) {
        left.emplace_back("destroy");
    }
    end_agents();
    if (!left.empty()) {
        std::string names;
        for (const std::string& thread : left) {
            names += (names.empty() ? "" : ", ") + thread;
        }
        if (generation_ != nullptr) {
            generation_->mark_hung();
        }
        publish(events::Level::error, "plugin.hung",
                plan_.name + " was to end, but code of it still runs (thread " + names +
                    "); its library stays loaded.");
        return left;
    }
    multiplexer::Generation* lanes = nullptr;
    std::vector<std::unique_ptr<LaneRunner>> runners;
    {
        const std::lock_guard lock(mutex_);
        lanes = std::exchange(lanes_, nullptr);
        host_.generation.store(nullptr);
        runners.swap(runners_);
    }
    end_loans();
    if (lanes != nullptr) {
        const multiplexer::Reclaimed reclaimed = traffic_.detach(*lanes);
        if (reclaimed.blocks != 0 || reclaimed.tokens != 0) {
            publish(events::Level::warning, "plugin.left_behind",
                    plan_.name + " ended with " + std::to_string(reclaimed.blocks) +
                        " payload blocks that it had not released and " +
                        std::to_string(reclaimed.tokens) +
                        " envelopes that it had not completed; the host took them back.");
        }
    }
    // One whose `create` hangs stays mapped, because it was marked so.
    generation_.reset();
    return left;
}

void PluginObject::end_agents() {
    std::uint32_t generation = 0;
    {
        const std::lock_guard lock(mutex_);
        if (services_.agents == nullptr || lanes_ == nullptr) {
            return;
        }
        generation = lanes_->number();
    }
    services_.agents->lanes().remove(number_, generation);
    services_.agents->end_generation(number_, generation);
}

void PluginObject::end_loans() {
    std::string addresses;
    for (const std::string& address : sockets_.end_loans(host_.object_number)) {
        addresses += (addresses.empty() ? "" : ", ") + address;
    }
    if (!addresses.empty()) {
        publish(events::Level::warning, "plugin.left_behind",
                plan_.name + " ended without releasing the sockets that listen on " + addresses +
                    "; the host took them back.");
    }
}

bool PluginObject::destroy() {
    if (!std::exchange(created_, false)) {
        return true;
    }
    const std::lock_guard serialised(generation_->host_calls());
    return call_on_host_thread("pbay:" + plan_.name, plan_.limits.timeouts.disconnect,
                               [self = shared_from_this()]() noexcept {
                                   try {
                                       self->class_.destroy(self->object_);
                                   } catch (...) {
                                       self->misbehaved("exception.crossed",
                                                        "an exception left destroy");
                                   }
                               });
}

void PluginObject::operation_complete(std::uint64_t token, patchbay_status status,
                                      const patchbay_error* error) noexcept {
    reports_.operation_complete(token, status, error);
}

void PluginObject::connection_lost(const patchbay_error* error) noexcept {
    reports_.connection_lost(*this, error);
}

void PluginObject::misbehaved(std::string_view code, std::string_view text) noexcept {
    reports_.misbehaved(*this, code, text);
}

void PluginObject::publish(events::Level level, std::string code, std::string text) {
    services_.events.publish({level, plan_.name, std::move(code), std::move(text), plan_.name});
}

}  // namespace patchbay::plugins
