// SPDX-License-Identifier: Apache-2.0
#include "config/instance_merge.hpp"

#include "config/cert_request_reader.hpp"
#include "config/map_reader.hpp"
#include "config/nearest.hpp"

#include <utility>

namespace patchbay::config {
namespace {

class Merger {
  public:
    explicit Merger(Problems& problems) : problems_(problems) {}

    /// Changes `target`, a map of the class, by what the instance says.
    void merge(Value& target, const Value& changes, const std::string& path) {
        // An empty map of the class promises nothing about its members.
        const bool takes_anything = target.map().empty();
        for (const Member& change : changes.map()) {
            const std::string member_path = path + '.' + change.key;
            Value* const member = target.find(change.key);
            if (member == nullptr && takes_anything) {
                target.map().push_back(change);
            } else if (member == nullptr) {
                refuse_unknown(target, change, member_path);
            } else if (member->is_map() && change.value.is_map()) {
                merge(*member, change.value, member_path);
            } else if (fits(*member, change.value, member_path)) {
                *member = change.value;
            }
        }
    }

  private:
    void refuse_unknown(const Value& target, const Member& change, const std::string& path) {
        std::vector<std::string> known;
        for (const Member& member : target.map()) {
            known.push_back(member.key);
        }
        problems_.push_back(Error{ErrorClass::invalid, "override.unknown_key",
                                  "the key `" + path +
                                      "` is not in the connection.yaml of the class" +
                                      did_you_mean(change.key, known),
                                  change.key_location});
    }

    bool fits(const Value& own, const Value& change, const std::string& path) {
        if (own.is_null() || change.is_null() || own.kind() == change.kind()) {
            return true;
        }
        std::string message = '`' + path + "` must be " + std::string(describe(own.kind())) +
                              " like the value in the connection.yaml of the class (line " +
                              std::to_string(own.location().line) + "), but is " +
                              shown(change, path);
        if (own.kind() == Value::Kind::floating && change.is_integer()) {
            message += "; write `" + to_json(change) + ".0`";
        }
        problems_.push_back(Error{ErrorClass::invalid, "override.wrong_type", std::move(message),
                                  change.location()});
        return false;
    }

    Problems& problems_;
};

void wrong_type(Problems& problems, const char* key, const char* expected, const Value& value) {
    problems.push_back(Error{ErrorClass::invalid, "override.wrong_type",
                             std::string("the override of `") + key + "` must be " + expected +
                                 ", but is " + shown(value, key),
                             value.location()});
}

}  // namespace

Value with_defaults(const Value& value, const Value& defaults) {
    if (!value.is_map() || !defaults.is_map()) {
        return value;
    }
    Value result = value;
    for (const Member& member : defaults.map()) {
        if (Value* own = result.find(member.key)) {
            *own = with_defaults(*own, member.value);
        } else {
            result.map().push_back(member);
        }
    }
    return result;
}

Checked<ConnectionManifest> merge_instance_config(
    const ConnectionManifest& manifest, const InstanceOverrides& overrides,
    const std::vector<const Value*>& abstract_configs) {
    Problems problems;
    ConnectionManifest merged = manifest;
    for (const Value* defaults : abstract_configs) {
        merged.config = with_defaults(merged.config, *defaults);
    }
    if (overrides.config) {
        if (overrides.config->is_map()) {
            Merger(problems).merge(merged.config, *overrides.config, "config");
        } else {
            wrong_type(problems, "config", "a map", *overrides.config);
        }
    }
    if (overrides.is_abstract) {
        if (overrides.is_abstract->is_boolean()) {
            merged.is_abstract = overrides.is_abstract->boolean();
        } else {
            wrong_type(problems, "is_abstract", "`true` or `false`", *overrides.is_abstract);
        }
    }
    if (overrides.build_directory) {
        if (overrides.build_directory->is_string()) {
            merged.build_directory = overrides.build_directory->string();
        } else {
            wrong_type(problems, "build_directory", "a string", *overrides.build_directory);
        }
    }
    if (overrides.cert_requests) {
        merged.cert_requests =
            read_cert_requests(*overrides.cert_requests, "cert_requests", problems);
    }
    if (!problems.empty()) {
        tidy(problems);
        return tl::unexpected(std::move(problems));
    }
    return merged;
}

}  // namespace patchbay::config
