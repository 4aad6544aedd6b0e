// SPDX-License-Identifier: Apache-2.0
#include "config/instance_reader.hpp"

#include "config/cert_request_reader.hpp"
#include "config/identifier_rules.hpp"
#include "config/limits_reader.hpp"

#include <patchbay/public_id.hpp>

#include <utility>

namespace patchbay::config {
namespace {

void read_binding(MapReader& reader, ConnectionInstance& instance, Problems& problems) {
    const Value* value = reader.member("bind");
    if (value == nullptr) {
        return;
    }
    MapReader bind(*value, reader.path_of("bind"), problems);
    for (std::size_t at = 0; bind.is_map() && at < value->map().size(); ++at) {
        const Member& member = value->map()[at];
        Binding binding{member.key, "", member.key_location};
        bind.read(member.key, binding.instance);
        if (const auto problem = public_id_problem(member.key)) {
            bind.problem(member.key_location, "config.bad_public_id",
                         "the key `" + bind.path_of(member.key) + "` " + *problem);
        }
        instance.bind.push_back(std::move(binding));
    }
}

/// The overrides as they are written; merge_instance_config knows what they change.
void read_overrides(MapReader& reader, InstanceOverrides& overrides, Problems& problems) {
    const auto keep = [&reader](std::string_view key, std::optional<Value>& target) {
        if (const Value* value = reader.member(key)) {
            target = *value;
        }
    };
    keep("config", overrides.config);
    if (overrides.config && !overrides.config->is_map()) {
        reader.wrong_type(*overrides.config, reader.path_of("config"), "a map");
    }
    keep("cert_requests", overrides.cert_requests);
    if (overrides.cert_requests) {
        static_cast<void>(read_cert_requests(*overrides.cert_requests,
                                             reader.path_of("cert_requests"), problems));
    }
    keep("is_abstract", overrides.is_abstract);
    bool is_abstract = false;
    reader.read("is_abstract", is_abstract);
    keep("build_directory", overrides.build_directory);
    std::string build_directory;
    reader.read("build_directory", build_directory);
}

void refuse_fields_of_the_class(MapReader& reader) {
    for (const char* key :
         {"author", "version", "type", "description", "license", "aea_version", "fingerprint",
          "fingerprint_ignore_patterns", "build_entrypoint", "class_name", "library", "connections",
          "protocols", "restricted_to_protocols", "excluded_protocols", "dependencies"}) {
        reader.refuse(key,
                      "belongs to the plugin's connection.yaml and cannot be changed here; "
                      "`config`, `cert_requests`, `is_abstract` and `build_directory` can");
    }
}

/// False when the entry has no usable class.
bool read_names(MapReader& reader, ConnectionInstance& instance) {
    const Value* class_id = reader.required("class");
    reader.read("class", instance.class_id);
    bool good = class_id != nullptr && class_id->is_string();
    if (good) {
        instance.class_location = class_id->location();
        if (const auto problem = public_id_problem(instance.class_id)) {
            reader.problem(class_id->location(), "config.bad_public_id",
                           '`' + reader.path_of("class") + "` " + *problem + ", but is " +
                               shown(*class_id, "class"));
            good = false;
        } else {
            instance.name = view_public_id(instance.class_id)->name;
        }
    }
    instance.name_location = instance.location;
    const Value* name = reader.member("name");
    reader.read("name", instance.name);
    if (name != nullptr && name->is_string()) {
        instance.name_location = name->location();
        if (const auto problem = simple_id_problem(instance.name)) {
            reader.problem(name->location(), "config.bad_value",
                           '`' + reader.path_of("name") + "` " + *problem + ", but is " +
                               shown(*name, "name"));
        }
    }
    return good;
}

}  // namespace

std::vector<ConnectionInstance> read_instances(MapReader& file, const ConnectionLimits& defaults,
                                               Problems& problems) {
    std::vector<ConnectionInstance> instances;
    const Value::List& items = file.items("connections");
    for (std::size_t at = 0; at < items.size(); ++at) {
        MapReader reader(items[at], "connections[" + std::to_string(at) + ']', problems);
        if (!reader.is_map()) {
            continue;
        }
        ConnectionInstance instance;
        instance.location = items[at].location();
        const bool named = read_names(reader, instance);
        reader.read("required", instance.required);
        reader.read("enabled", instance.enabled);
        reader.read("allow_missing_certificates", instance.allow_missing_certificates);
        read_overrides(reader, instance.overrides, problems);
        read_binding(reader, instance, problems);
        instance.limits = defaults;
        read_connection_limits(reader, instance.limits);
        refuse_fields_of_the_class(reader);
        reader.finish();
        for (const ConnectionInstance& earlier : instances) {
            if (named && earlier.name == instance.name) {
                reader.problem(instance.name_location, "config.duplicate",
                               "an instance named `" + instance.name + "` is already in line " +
                                   std::to_string(earlier.name_location.line) +
                                   "; give one of them another `name`");
            }
        }
        if (named) {
            instances.push_back(std::move(instance));
        }
    }
    return instances;
}

std::string instance_name_of(const Value& entry) {
    const Value* name = entry.find("name");
    if (name != nullptr && name->is_string() && !simple_id_problem(name->string())) {
        return name->string();
    }
    const Value* class_id = entry.find("class");
    if (class_id != nullptr && class_id->is_string()) {
        if (const auto id = view_public_id(class_id->string())) {
            return std::string(id->name);
        }
    }
    return {};
}

std::string automatic_variable(std::string_view prefix, std::string_view name) {
    std::string variable(prefix);
    variable += '_';
    for (const char letter : name) {
        variable += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    return variable;
}

}  // namespace patchbay::config
