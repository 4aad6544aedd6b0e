// SPDX-License-Identifier: Apache-2.0
#include "config/aea_import.hpp"

#include "config/identifier_rules.hpp"
#include "config/instance_reader.hpp"
#include "config/map_reader.hpp"
#include "config/nearest.hpp"
#include "config/placeholders.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_writer.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace patchbay::config {
namespace {

constexpr const char* about_the_agent = "describes the agent, not its connections";
constexpr const char* for_skills =
    "a connection host has no skills; what consumes envelopes is a connection that an entry of "
    "`inbound` names";
constexpr const char* for_keys = "keys are given to `identity` and to connections that need them";
constexpr const char* for_python = "belongs to the Python runtime";

/// Every key of the agent's document that has no counterpart, and why.
constexpr std::pair<const char*, const char*> without_counterpart[]{
    {"agent_name", about_the_agent},
    {"author", about_the_agent},
    {"version", about_the_agent},
    {"description", about_the_agent},
    {"license", about_the_agent},
    {"aea_version", about_the_agent},
    {"fingerprint", about_the_agent},
    {"fingerprint_ignore_patterns", about_the_agent},
    {"protocols", "protocols need no package here"},
    {"contracts", "a connection host has no contracts"},
    {"skills", for_skills},
    {"customs", "a connection host has no custom packages"},
    {"skill_exception_policy", for_skills},
    {"error_handler", for_skills},
    {"decision_maker_handler", for_skills},
    {"max_reactions", for_skills},
    {"period", for_skills},
    {"execution_timeout", for_skills},
    {"private_key_paths", for_keys},
    {"connection_private_key_paths", for_keys},
    {"default_ledger", for_keys},
    {"required_ledgers", for_keys},
    {"currency_denominations", for_keys},
    {"runtime_mode", for_python},
    {"loop_mode", for_python},
    {"task_manager_mode", for_python},
    {"dependencies", for_python},
    {"build_entrypoint", for_python},
    {"build_directory", for_python},
    {"storage_uri", "the host keeps its data in `data_dir`"},
    {"logging_config", "use `log` (level, format, levels)"},
};

bool is_empty(const Value& value) {
    return value.is_null() || (value.is_map() && value.map().empty()) ||
           (value.is_list() && value.list().empty());
}

std::string without_hash(const std::string& id) {
    auto parsed = PublicId::parse(id);
    if (!parsed || parsed->hash.empty()) {
        return id;
    }
    parsed->hash.clear();
    return parsed->to_string();
}

class Importer {
  public:
    explicit Importer(Problems& problems) : problems_(problems) {}

    ImportedConfiguration import(const std::vector<Value>& documents, const std::string& file) {
        const Value& agent = documents.front();
        read_overrides(documents);
        Value::Map folder;
        folder.push_back(Member{"path", Value("./plugins.d"), {}});
        add("plugin_folders", Value(Value::List{Value(std::move(folder))}));
        add_policy(agent);
        add_connections(agent);
        add_routing(agent);
        if (const Value* data_dir = agent.find("data_dir"); data_dir && !data_dir->is_null()) {
            add("data_dir", named(*data_dir, "data_dir"));
        }
        list_the_rest(agent);
        result_.yaml = "# Imported from " + file + ".\n" + to_yaml(Value(std::move(host_)));
        return std::move(result_);
    }

  private:
    void add(const char* key, Value value) { host_.push_back(Member{key, std::move(value), {}}); }

    void leave_out(std::string what, std::string why, const SourceLocation& location) {
        result_.left_out.push_back(LeftOut{std::move(what), std::move(why), location});
    }

    void problem(const SourceLocation& location, const char* code, std::string message) {
        problems_.push_back(Error{ErrorClass::invalid, code, std::move(message), location});
    }

    /// A placeholder without a name has upstream's name for it from now on: ours would differ.
    static Value named(const Value& value, const std::string& path) {
        if (!value.is_string()) {
            return value;
        }
        const auto placeholder = parse_placeholder(value.string());
        if (!placeholder || !*placeholder || !(*placeholder)->name.empty()) {
            return value;
        }
        const std::string rest = value.string().substr(2);
        return Value("${" + automatic_variable("AGENT", path) + (rest == "}" ? "" : ":") + rest);
    }

    /// A public id, or a placeholder; without the package hash.
    Value component(const Value& value, const std::string& path) {
        Value name = named(value, path);
        if (name.is_string() && name.string().starts_with("${")) {
            return name;
        }
        if (!name.is_string() || public_id_problem(name.string())) {
            problem(value.location(), "config.bad_public_id",
                    '`' + path + "` must be a public id (`author/name:version`), but is " +
                        shown(value, path));
            return {};
        }
        return Value(without_hash(name.string()));
    }

    /// The documents after the first, by public id.
    void read_overrides(const std::vector<Value>& documents) {
        for (std::size_t at = 1; at < documents.size(); ++at) {
            const Value& document = documents[at];
            const Value* id = document.find("public_id");
            const Value* type = document.find("type");
            if (id == nullptr || type == nullptr || !id->is_string() || !type->is_string()) {
                problem(document.location(), "config.missing_key",
                        "an override needs `public_id` and `type`");
                continue;
            }
            if (type->string() != "connection") {
                leave_out("override of the " + type->string() + ' ' + id->string(),
                          type->string() == "skill" ? for_skills : "the host runs connections only",
                          document.location());
                continue;
            }
            const auto [earlier, is_new] =
                overrides_.emplace(without_hash(id->string()), &document);
            if (!is_new) {
                problem(document.location(), "config.duplicate",
                        '`' + id->string() + "` has an override in line " +
                            std::to_string(earlier->second->location().line) + " already");
            }
        }
    }

    void add_policy(const Value& agent) {
        // Upstream's own default differs from ours, so that it is always written.
        Value policy("propagate");
        const Value* given = agent.find("connection_exception_policy");
        if (given != nullptr && !given->is_null()) {
            policy = named(*given, "connection_exception_policy");
        }
        Value::Map defaults;
        defaults.push_back(Member{"on_failure", std::move(policy), {}});
        add("connection_defaults", Value(std::move(defaults)));
    }

    void add_connections(const Value& agent) {
        Value::List entries;
        const Value* connections = agent.find("connections");
        if (connections != nullptr && !connections->is_list()) {
            problem(connections->location(), "config.wrong_type",
                    "`connections` must be a list, but is " + shown(*connections, "connections"));
        } else if (connections != nullptr) {
            for (std::size_t at = 0; at < connections->list().size(); ++at) {
                const Value& item = connections->list()[at];
                entries.push_back(entry(component(item, "connections_" + std::to_string(at))));
            }
        }
        for (const auto& [id, document] : overrides_) {
            problem(
                document->location(), "config.unknown_component",
                "the override of `" + id + "` is for a connection that the agent does not list");
        }
        add("connections", Value(std::move(entries)));
    }

    Value entry(const Value& class_id) {
        Value::Map members;
        members.push_back(Member{"class", class_id, {}});
        const auto found =
            class_id.is_string() ? overrides_.find(class_id.string()) : overrides_.end();
        if (found != overrides_.end()) {
            for (const Member& member : found->second->map()) {
                if (member.key == "config" || member.key == "cert_requests" ||
                    member.key == "is_abstract" || member.key == "build_directory") {
                    members.push_back(member);
                } else if (member.key != "public_id" && member.key != "type") {
                    leave_out("connection " + found->first + ": " + member.key,
                              "upstream does not allow to override it either", member.key_location);
                }
            }
            overrides_.erase(found);
        }
        return Value(std::move(members));
    }

    void add_routing(const Value& agent) {
        const Value* connection = agent.find("default_connection");
        if (connection != nullptr && !connection->is_null()) {
            add("default_connection", component(*connection, "default_connection"));
        }
        const Value* routing = agent.find("default_routing");
        if (routing == nullptr || is_empty(*routing)) {
            return;
        }
        if (!routing->is_map()) {
            problem(
                routing->location(), "config.wrong_type",
                "`default_routing` must be a map, but is " + shown(*routing, "default_routing"));
            return;
        }
        Value::Map routes;
        for (const Member& member : routing->map()) {
            Value protocol(member.key);
            protocol.set_location(member.key_location);
            const Value id = component(protocol, "default_routing");
            routes.push_back(Member{id.is_string() ? id.string() : member.key,
                                    component(member.value, "default_routing_" + member.key),
                                    {}});
        }
        add("default_routing", Value(std::move(routes)));
    }

    void list_the_rest(const Value& agent) {
        std::vector<std::string> known{"connections", "default_connection", "default_routing",
                                       "connection_exception_policy", "data_dir"};
        for (const auto& [key, why] : without_counterpart) {
            known.emplace_back(key);
            const Value* value = agent.find(key);
            if (value != nullptr && !is_empty(*value)) {
                leave_out(key, why, value->location());
            }
        }
        for (const Member& member : agent.map()) {
            if (std::find(known.begin(), known.end(), member.key) == known.end()) {
                leave_out(member.key,
                          "not a key of aea-config.yaml" + did_you_mean(member.key, known),
                          member.key_location);
            }
        }
    }

    Problems& problems_;
    ImportedConfiguration result_;
    Value::Map host_;
    std::map<std::string, const Value*> overrides_;
};

}  // namespace

Checked<ImportedConfiguration> import_aea_text(std::string_view text, const std::string& file) {
    Problems problems;
    ImportedConfiguration result;
    if (const auto documents = read_yaml_documents(text, file, problems)) {
        for (const Value& document : *documents) {
            if (!document.is_map()) {
                MapReader(document, "", problems).finish();
            }
        }
        if (documents->empty()) {
            problems.push_back(Error{ErrorClass::invalid, "config.wrong_type",
                                     "the file is empty; it must describe an agent",
                                     SourceLocation{file, 1, 1}});
        }
        if (problems.empty()) {
            result = Importer(problems).import(*documents, file);
        }
    }
    if (!problems.empty()) {
        tidy(problems);
        return tl::unexpected(std::move(problems));
    }
    return result;
}

Checked<ImportedConfiguration> import_aea_config(const std::string& path) {
    const auto text = read_text_file(path);
    if (!text) {
        return tl::unexpected(text.error());
    }
    return import_aea_text(*text, path);
}

}  // namespace patchbay::config
