// SPDX-License-Identifier: Apache-2.0
// The part of an instance that brings a plugin's code to run and ends it again.
#include "plugins/agent_identity.hpp"
#include "plugins/host_call.hpp"
#include "plugins/instance.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
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

Result<void> Instance::load(std::shared_ptr<PluginGeneration> generation) {
    auto table = generation->find_class(plan_.manifest->class_name);
    if (!table) {
        return tl::unexpected(table.error());
    }
    std::error_code error;
    std::filesystem::create_directories(data_folder_, error);
    if (error) {
        return failure(ErrorClass::failed, "plugin.data_folder",
                       "cannot make the data folder " + data_folder_ + ": " + error.message());
    }
    {
        const std::lock_guard lock(mutex_);
        generation_ = std::move(generation);
        class_ = *table;
    }
    host_->set_abi_version(generation_->abi_version());
    host_->generation_number = generation_->number();
    if (auto created = create_object(*table); !created) {
        if (end_plugin()) {
            sockets_.close();
        }
        return created;
    }
    return {};
}

Result<void> Instance::create_object(const patchbay_class& table) {
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

    const std::lock_guard serialised(generation_->host_calls());
    const bool returned = call_on_host_thread(
        "pbay:" + plan_.name, plan_.limits.timeouts.connect,
        [self = shared_from_this(), creation, create = table.create]() noexcept {
            try {
                creation->status = create(self->host_->table(), &creation->options,
                                          &creation->created, &creation->error);
            } catch (...) {
                creation->status =
                    patchbay_error_set(&creation->error, PATCHBAY_FAILED, "plugin.exception",
                                       "an exception left the plugin's create");
            }
        });
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
    {
        const std::lock_guard lock(mutex_);
        object_ = creation->created.instance;
        created_ = true;
    }
    const std::uint32_t lane_limit = creation->options.lane_limit;
    if (creation->created.lane_count == 0 || creation->created.lane_count > lane_limit) {
        return failure(ErrorClass::invalid, "plugin.lane_count",
                       plan_.name + " wants " + std::to_string(creation->created.lane_count) +
                           " lanes; its `lane_limit` allows 1 to " + std::to_string(lane_limit));
    }
    return start_lanes(table, creation->created.lane_count);
}

Result<void> Instance::start_lanes(const patchbay_class& table, std::uint32_t lanes) {
    auto attached = traffic_->attach(lanes);
    if (!attached) {
        return tl::unexpected(attached.error());
    }
    const bool inline_ok = (table.flags & PATCHBAY_CLASS_INLINE_OK) != 0 && table.run == nullptr &&
                           generation_->library().safe_on_foreign_threads();
    const std::uint32_t in_flight =
        plan_.limits.max_in_flight.value_or(LaneRunner::default_in_flight);
    {
        const std::lock_guard lock(mutex_);
        lanes_ = *attached;
        host_->generation.store(lanes_);
        if (services_.agents != nullptr) {
            services_.agents->lanes().add(number_, *lanes_);
        }
        for (std::uint32_t i = 0; i < lanes; ++i) {
            runners_.push_back(std::make_unique<LaneRunner>(
                *host_, table, object_, *lanes_->lane(i), in_flight, inline_ok));
        }
    }
    for (std::uint32_t i = 0; i < lanes; ++i) {
        auto* started = host_->threads.start(
            std::to_string(i),
            [self = shared_from_this(), runner = runners_[i].get()] { runner->run(); });
        if (started == nullptr) {
            return failure(
                ErrorClass::overloaded, "plugin.no_thread",
                "no thread could be started for lane " + std::to_string(i) + " of " + plan_.name);
        }
    }
    const std::lock_guard lock(mutex_);
    phase_ = InstancePhase::running;
    return {};
}

void Instance::stop() {
    disconnect();
    wait_disconnected();
    if (!end_plugin()) {
        sockets_.stop_listening();
        return;  // its lanes may still be used
    }
    sockets_.close();
    multiplexer::Instance* traffic = nullptr;
    {
        const std::lock_guard lock(mutex_);
        phase_ = phase_ == InstancePhase::failed ? phase_ : InstancePhase::stopped;
        traffic = std::exchange(traffic_, nullptr);
    }
    if (traffic != nullptr) {
        services_.multiplexer.remove_instance(*traffic);
    }
}

bool Instance::end_plugin() {
    services_.calls.party_gone(*this);
    // Waits for deliverers that are inside the plugin, which promised to be short.
    const bool alone = runners_.empty() ||
                       call_on_host_thread("pbay:" + plan_.name, plan_.limits.timeouts.disconnect,
                                           [self = shared_from_this()] {
                                               for (auto& runner : self->runners_) {
                                                   runner->stop_others();
                                               }
                                           });
    for (std::uint32_t i = 0; i < runners_.size(); ++i) {
        multiplexer::Signal stop;
        stop.kind = PATCHBAY_SIGNAL_STOP;
        (void)post(i, std::move(stop));
    }
    auto left = host_->threads.join_all(plan_.limits.timeouts.disconnect);
    for (std::string& thread : left) {
        // Lanes are named by their number alone: the system cuts long names.
        if (thread.find_first_not_of("0123456789") == std::string::npos) {
            thread.insert(0, "lane ");
        }
    }
    if (!alone) {
        left.emplace_back("on_batch, on a deliverer's thread");
    }
    if (left.empty() && !destroy_object()) {
        left.emplace_back("destroy");
    }
    end_agents();
    if (!left.empty()) {
        std::string names;
        for (const std::string& thread : left) {
            names += (names.empty() ? "" : ", ") + thread;
        }
        const std::lock_guard lock(mutex_);
        phase_ = InstancePhase::hung;
        hung_threads_ = std::move(left);
        if (generation_ != nullptr) {
            generation_->mark_hung();
        }
        publish(events::Level::error, "plugin.hung",
                plan_.name + " was to end, but code of it still runs (thread " + names +
                    "); its library stays loaded.");
        return false;
    }
    multiplexer::Generation* lanes = nullptr;
    std::vector<std::unique_ptr<LaneRunner>> runners;
    std::shared_ptr<PluginGeneration> generation;
    {
        const std::lock_guard lock(mutex_);
        lanes = std::exchange(lanes_, nullptr);
        host_->generation.store(nullptr);
        runners.swap(runners_);
        generation.swap(generation_);
    }
    if (generation != nullptr) {
        end_loans(generation->number());
    }
    if (lanes != nullptr) {
        const multiplexer::Reclaimed reclaimed = traffic_->detach(*lanes);
        if (reclaimed.blocks != 0 || reclaimed.tokens != 0) {
            publish(events::Level::warning, "plugin.left_behind",
                    plan_.name + " ended with " + std::to_string(reclaimed.blocks) +
                        " payload blocks that it had not released and " +
                        std::to_string(reclaimed.tokens) +
                        " envelopes that it had not completed; the host took them back.");
        }
    }
    return true;
}

void Instance::end_agents() {
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

void Instance::end_loans(std::uint32_t generation) {
    std::string addresses;
    for (const std::string& address : sockets_.end_loans(generation)) {
        addresses += (addresses.empty() ? "" : ", ") + address;
    }
    if (!addresses.empty()) {
        publish(events::Level::warning, "plugin.left_behind",
                plan_.name + " ended without releasing the sockets that listen on " + addresses +
                    "; the host took them back.");
    }
}

bool Instance::destroy_object() {
    if (!std::exchange(created_, false)) {
        return true;
    }
    const std::lock_guard serialised(generation_->host_calls());
    return call_on_host_thread(
        "pbay:" + plan_.name, plan_.limits.timeouts.disconnect,
        [self = shared_from_this(), object = object_, destroy = class_.destroy]() noexcept {
            try {
                destroy(object);
            } catch (...) {
                self->misbehaved("exception.crossed", "an exception left destroy");
            }
        });
}

}  // namespace patchbay::plugins
