// SPDX-License-Identifier: Apache-2.0
#include "app/log_settings.hpp"

#include "events/levels.hpp"
#include "events/redactor.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::app {

namespace {

events::Threshold threshold_for(config::LogLevel level) {
    return static_cast<events::Threshold>(level);
}

void add_strings(events::Redactor& redactor, const nlohmann::json& json) {
    if (json.is_string()) {
        redactor.add(json.get<std::string>());
    }
    for (const nlohmann::json& item : json) {
        if (json.is_structured()) {
            add_strings(redactor, item);
        }
    }
}

void add_secrets(events::Redactor& redactor, const nlohmann::json& json) {
    if (json.is_object()) {
        for (const auto& [key, value] : json.items()) {
            if (events::names_a_secret(key)) {
                add_strings(redactor, value);
            } else {
                add_secrets(redactor, value);
            }
        }
    } else if (json.is_array()) {
        for (const nlohmann::json& item : json) {
            add_secrets(redactor, item);
        }
    }
}

}  // namespace

std::string without_code(Error error) {
    error.code.clear();
    return to_string(error);
}

Result<void> set_levels(events::Levels& levels, const config::Log& configuration,
                        const std::vector<std::string>& overrides) {
    levels.set_base(threshold_for(configuration.level));
    for (const auto& [name, level] : configuration.levels) {
        levels.set(name, threshold_for(level));
    }
    for (const std::string& text : overrides) {
        const std::size_t equals = text.find('=');
        const Result<events::Threshold> threshold =
            events::parse_threshold(equals == std::string::npos ? text : text.substr(equals + 1));
        if (!threshold) {
            return tl::unexpected<Error>(threshold.error());
        }
        if (equals == std::string::npos) {
            levels.set_base(*threshold);
        } else {
            levels.set(text.substr(0, equals), *threshold);
        }
    }
    return {};
}

void register_secrets(events::Redactor& redactor, const HostView& view) {
    redactor.add(view.configuration.identity.secret_key);
    for (const plugins::InstancePlan& instance : view.plan.instances) {
        add_secrets(redactor, nlohmann::json::parse(instance.config_json, nullptr, false));
    }
}

void report_plan(events::EventSink& events, const HostView& view) {
    for (const Error& warning : warnings_of(view)) {
        events.publish({events::Level::warning, "plugins", warning.code, without_code(warning)});
    }
    for (const plugins::InstancePlan& instance : view.plan.left_out) {
        for (const Error& error : instance.errors) {
            events.publish({events::Level::error, "plugins", error.code,
                            '\'' + instance.name + "' is not started: " + without_code(error),
                            instance.name});
        }
    }
}

}  // namespace patchbay::app
