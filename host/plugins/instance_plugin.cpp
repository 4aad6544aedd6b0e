// SPDX-License-Identifier: Apache-2.0
// The part of an instance that brings a plugin's code to run and ends it again.
#include "plugins/instance.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace patchbay::plugins {

Result<std::shared_ptr<PluginObject>> Instance::make_object(
    std::shared_ptr<PluginGeneration> generation, std::shared_ptr<const InstancePlan> plan,
    const std::vector<Dependency>& dependencies) {
    auto table = generation->find_class(plan->manifest->class_name);
    if (!table) {
        return tl::unexpected(table.error());
    }
    std::error_code error;
    std::filesystem::create_directories(data_folder_, error);
    if (error) {
        return failure(ErrorClass::failed, "plugin.data_folder",
                       "cannot make the data folder " + data_folder_ + ": " + error.message());
    }
    return PluginObject::make(
        {std::move(plan), services_, data_folder_, metrics_, sockets_, parked_,
         static_cast<ObjectReports&>(*this), *traffic_, dependencies, ++objects_made_},
        shared_from_this(), std::move(generation), *table);
}

Result<void> Instance::load(std::shared_ptr<PluginGeneration> generation) {
    auto made = make_object(std::move(generation), plan(), dependencies_);
    if (!made) {
        return tl::unexpected(made.error());
    }
    const std::shared_ptr<PluginObject> object = std::move(*made);
    {
        const std::lock_guard lock(mutex_);
        object_ = object;
    }
    if (auto started = object->start(); !started) {
        if (end_plugin()) {
            sockets_.close();
        }
        return started;
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
    parked_.close();
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
    std::vector<std::shared_ptr<PluginObject>> ending;
    {
        const std::lock_guard lock(mutex_);
        ending.swap(hung_);
        if (object_ != nullptr) {
            ending.push_back(object_);
        }
    }
    std::vector<std::shared_ptr<PluginObject>> hung;
    std::vector<std::string> threads;
    for (const auto& each : ending) {
        const std::vector<std::string> left = each->end();
        if (!left.empty()) {
            threads.insert(threads.end(), left.begin(), left.end());
            hung.push_back(each);
        }
    }
    const std::lock_guard lock(mutex_);
    hung_threads_ = std::move(threads);
    if (hung.empty()) {
        object_.reset();
        return true;
    }
    phase_ = InstancePhase::hung;
    if (hung.back() == object_) {
        hung.pop_back();
    } else {
        object_.reset();
    }
    hung_ = std::move(hung);
    return false;
}

}  // namespace patchbay::plugins
