// SPDX-License-Identifier: Apache-2.0
#include "config/reference_check.hpp"

#include "config/nearest.hpp"

#include <patchbay/public_id.hpp>

namespace patchbay::config {
namespace {

class Checker {
  public:
    explicit Checker(const std::vector<KnownInstance>& instances) : instances_(instances) {
        for (const KnownInstance& instance : instances) {
            names_.push_back(instance.name);
            ids_.push_back(instance.component_id);
        }
    }

    void check(std::string_view target, const SourceLocation& location, const std::string& where) {
        if (find_instance(target, instances_)) {
            return;
        }
        std::string message =
            where + " names `" + std::string(target) + "`, which no instance is called";
        const std::string advice = did_you_mean(target, is_public_id(target) ? ids_ : names_);
        if (!advice.empty()) {
            message += advice;
        } else if (names_.empty()) {
            message += "; there are no instances";
        } else {
            message += "; the instances are";
            for (std::size_t at = 0; at < names_.size() && at < max_listed; ++at) {
                message += (at == 0 ? " `" : ", `") + names_[at] + '`';
            }
            message += names_.size() > max_listed ? ", ..." : "";
        }
        problems.push_back(
            Error{ErrorClass::invalid, "routing.unknown_target", std::move(message), location});
    }

    Problems problems;

  private:
    static constexpr std::size_t max_listed = 10;

    const std::vector<KnownInstance>& instances_;
    std::vector<std::string> names_;
    std::vector<std::string> ids_;
};

}  // namespace

std::optional<std::size_t> find_instance(std::string_view target,
                                         const std::vector<KnownInstance>& instances) {
    const auto id = view_public_id(target);
    std::optional<std::size_t> similar;
    for (std::size_t at = 0; at < instances.size(); ++at) {
        if (!id && instances[at].name == target) {
            return at;
        }
        const auto known = view_public_id(instances[at].component_id);
        if (!id || !known || known->author != id->author || known->name != id->name) {
            continue;
        }
        if (known->version == id->version) {
            return at;
        }
        if (!similar) {
            similar = at;
        }
    }
    return similar;
}

Problems check_references(const HostConfiguration& host,
                          const std::vector<KnownInstance>& instances) {
    Checker checker(instances);
    for (const ConnectionInstance& instance : host.connections) {
        for (const Binding& binding : instance.bind) {
            checker.check(binding.instance, binding.location,
                          "`bind` of the instance `" + instance.name + '`');
        }
    }
    for (const DefaultRoute& route : host.default_routing) {
        checker.check(route.connection, route.location,
                      "`default_routing` of `" + route.protocol + '`');
    }
    if (host.default_connection) {
        checker.check(host.default_connection->id, host.default_connection->location,
                      "`default_connection`");
    }
    for (const InboundRoute& route : host.inbound) {
        if (route.source) {
            checker.check(*route.source, route.source_location, "`source` of an inbound route");
        }
        for (const Reference& target : route.to) {
            checker.check(target.id, target.location, "an inbound route");
        }
    }
    return checker.problems;
}

}  // namespace patchbay::config
