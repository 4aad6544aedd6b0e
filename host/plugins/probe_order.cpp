// SPDX-License-Identifier: Apache-2.0
#include "plugins/probe_order.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
    if (value) {
        object[key] = *value;
    }
}

template <class T>
void get(const Json& object, const char* key, std::optional<T>& value) {
    if (const auto found = object.find(key); found != object.end()) {
        value = found->get<T>();
    }
}

Json instance_json(const InstancePlan& plan) {
    const config::ConnectionLimits& limits = plan.limits;
    Json object = {{"name", plan.name},
                   {"component_id", plan.component_id},
                   {"class_name", plan.manifest->class_name},
                   {"config", plan.config_json},
                   {"is_abstract", plan.is_abstract},
                   {"connect_ms", limits.timeouts.connect.count()},
                   {"disconnect_ms", limits.timeouts.disconnect.count()}};
    put(object, "max_in_flight", limits.max_in_flight);
    put(object, "ordered_sends", limits.ordered_sends);
    put(object, "max_thread_workers", limits.max_thread_workers);
    put(object, "lane_limit", limits.lane_limit);
    return object;
}

InstancePlan instance_of(const Json& object, const ProbeOrder& order) {
    InstancePlan plan;
    plan.name = object.at("name").get<std::string>();
    plan.component_id = object.at("component_id").get<std::string>();
    plan.class_id = order.plugin;
    auto manifest = std::make_shared<config::ConnectionManifest>();
    manifest->class_name = object.at("class_name").get<std::string>();
    plan.manifest = std::move(manifest);
    plan.library = order.library;
    plan.config_json = object.at("config").get<std::string>();
    plan.is_abstract = object.at("is_abstract").get<bool>();
    config::ConnectionLimits& limits = plan.limits;
    limits.timeouts.connect = config::Duration(object.at("connect_ms").get<std::int64_t>());
    limits.timeouts.disconnect = config::Duration(object.at("disconnect_ms").get<std::int64_t>());
    get(object, "max_in_flight", limits.max_in_flight);
    get(object, "ordered_sends", limits.ordered_sends);
    get(object, "max_thread_workers", limits.max_thread_workers);
    get(object, "lane_limit", limits.lane_limit);
    return plan;
}

}  // namespace

std::string to_text(const ProbeOrder& order) {
    Json instances = Json::array();
    for (const InstancePlan& plan : order.instances) {
        instances.push_back(instance_json(plan));
    }
    const Json object = {{"parent", order.parent},
                         {"host", order.identity.name},
                         {"abi_minimum", order.identity.abi_minimum},
                         {"abi_maximum", order.identity.abi_maximum},
                         {"library", order.library},
                         {"folder", order.folder},
                         {"plugin", order.plugin},
                         {"instances", std::move(instances)}};
    std::string text;
    // Not JSON: a path may hold any bytes, and they have to arrive.
    Json::to_cbor(object, nlohmann::detail::output_adapter<char>(text));
    return text;
}

Result<ProbeOrder> read_probe_order(std::string_view text) {
    try {
        const Json object = Json::from_cbor(text);
        ProbeOrder order;
        order.parent = object.at("parent").get<std::int64_t>();
        order.identity.name = object.at("host").get<std::string>();
        order.identity.abi_minimum = object.at("abi_minimum").get<std::uint32_t>();
        order.identity.abi_maximum = object.at("abi_maximum").get<std::uint32_t>();
        order.library = object.at("library").get<std::string>();
        order.folder = object.at("folder").get<std::string>();
        order.plugin = object.at("plugin").get<std::string>();
        for (const Json& instance : object.at("instances")) {
            order.instances.push_back(instance_of(instance, order));
        }
        return order;
    } catch (const Json::exception& error) {
        return failure(ErrorClass::invalid, "probe.order",
                       std::string("this is no order of a host: ") + error.what());
    }
}

}  // namespace patchbay::plugins
