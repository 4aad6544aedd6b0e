// SPDX-License-Identifier: Apache-2.0
#include "openapi/specification_compiler.hpp"

#include "openapi/body_compiler.hpp"
#include "openapi/fields.hpp"
#include "openapi/parameter_compiler.hpp"
#include "openapi/server_compiler.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::array<std::string_view, 10> root_fields{
    "openapi",  "info",       "jsonSchemaDialect", "servers", "paths",
    "webhooks", "components", "security",          "tags",    "externalDocs"};
constexpr std::array<std::string_view, 8> methods{"delete", "get",  "head", "options",
                                                  "patch",  "post", "put",  "trace"};
constexpr std::array<std::string_view, 13> path_fields{
    "$ref", "summary", "description", "servers", "parameters", "delete", "get",
    "head", "options", "patch",       "post",    "put",        "trace"};
constexpr std::array<std::string_view, 12> operation_fields{
    "tags",        "summary",   "description", "externalDocs", "operationId", "parameters",
    "requestBody", "responses", "callbacks",   "deprecated",   "security",    "servers"};

std::optional<Dialect> dialect_of(const Node& root, Problems& problems) {
    const Node* version = root.find("openapi");
    if (version == nullptr) {
        const bool is_older = root.find("swagger") != nullptr;
        problems.add(root.place(), "openapi.version",
                     is_older
                         ? "this is a specification of Swagger 2.0; OpenAPI 3.0 or 3.1 is needed"
                         : "a specification begins with `openapi: 3.0.3` or `openapi: 3.1.0`");
        return std::nullopt;
    }
    if (version->is_text() && version->text().starts_with("3.0.")) {
        return Dialect::openapi_3_0;
    }
    if (version->is_text() && version->text().starts_with("3.1.")) {
        return Dialect::openapi_3_1;
    }
    problems.add(version->place(), "openapi.version",
                 "the version must be text like 3.0.3 or 3.1.0" +
                     (version->is_text() ? ", not `" + version->text() + '`' : std::string()));
    return std::nullopt;
}

class SpecificationCompiler {
  public:
    SpecificationCompiler(const Node& root, Dialect dialect, Problems& problems)
        : root_(root),
          references_(root, problems),
          schemas_(dialect, references_, problems),
          context_{dialect, references_, schemas_, problems} {}

    void compile(CompiledSpecification& result) {
        const Fields fields(root_, "a specification", context_.problems);
        fields.allow_only(root_fields);
        static_cast<void>(fields.required("info", Node::Kind::map));
        static_cast<void>(fields.optional("components", Node::Kind::map));
        check_dialect(fields);
        servers_ = servers_of(root_, {Server{}});
        const bool must_have_paths = context_.dialect == Dialect::openapi_3_0;
        const Node* paths = must_have_paths ? fields.required("paths", Node::Kind::map)
                                            : fields.optional("paths", Node::Kind::map);
        if (paths != nullptr) {
            for (const Member& entry : paths->map()) {
                if (!entry.key.starts_with("x-")) {
                    compile_path(entry, result);
                }
            }
        }
        references_.check_all();
        result.schemas = schemas_.finish();
        collect_base_paths(result);
    }

  private:
    void check_dialect(const Fields& fields) {
        const Node* dialect = fields.optional("jsonSchemaDialect", Node::Kind::text);
        if (dialect != nullptr && dialect->text().find("oas/3.1/dialect") == std::string::npos &&
            dialect->text().find("draft/2020-12") == std::string::npos) {
            context_.problems.add(dialect->place(), "openapi.unsupported",
                                  "the JSON Schema dialect `" + dialect->text() +
                                      "` is not supported; draft 2020-12 is");
        }
    }

    /// Those of `node`, or else `inherited`.
    Servers servers_of(const Node& node, const Servers& inherited) {
        const Node* list = node.find("servers");
        Servers servers = list == nullptr ? Servers() : compile_servers(*list, context_.problems);
        return servers.empty() ? inherited : servers;
    }

    void compile_path(const Member& entry, CompiledSpecification& result) {
        auto path_template = PathTemplate::parse(entry.key);
        if (!path_template) {
            context_.problems.add(entry.key_place, path_template.error().code,
                                  path_template.error().message);
        } else {
            const auto [earlier, is_new] = shapes_.emplace(path_template->shape(), &entry);
            if (!is_new) {
                const Place first = earlier->second->key_place;
                context_.problems.add(
                    entry.key_place, "openapi.path",
                    "the path `" + entry.key + "` matches the same requests as `" +
                        earlier->second->key + "` at " + std::to_string(first.line) + ':' +
                        std::to_string(first.column));
            } else {
                static_cast<void>(result.tree.add(*path_template, result.paths.size()));
            }
        }
        const std::vector<std::string> variables =
            path_template ? path_template->variables() : std::vector<std::string>();
        const Node* node = path_item_of(entry.value);
        result.paths.push_back(node == nullptr ? PathItem()
                                               : compile_item(*node, variables, !path_template));
    }

    const Node* path_item_of(const Node& value) {
        if (References::reference_of(value) != nullptr) {
            for (const Member& member : value.map()) {
                if (std::find(methods.begin(), methods.end(), member.key) != methods.end() ||
                    member.key == "parameters" || member.key == "servers") {
                    context_.problems.add(
                        member.key_place, "openapi.structure",
                        "what `" + member.key + "` means beside `$ref` is not defined");
                }
            }
        }
        return context_.references.resolve(value);
    }

    PathItem compile_item(const Node& node, const std::vector<std::string>& variables,
                          bool variables_unknown) {
        const Fields fields(node, "a path", context_.problems);
        fields.allow_only(path_fields);
        PathItem item;
        item.servers = servers_of(node, servers_);
        const auto common =
            compile_parameters(fields.optional("parameters", Node::Kind::list), context_);
        for (const std::string_view method : methods) {
            const Node* operation = fields.optional(method, Node::Kind::map);
            if (operation != nullptr) {
                item.operations.emplace_back(std::string(method),
                                             compile_operation(*operation, common, variables,
                                                               variables_unknown, item.servers));
            }
        }
        item.allow = allow_of(item);
        return item;
    }

    static std::string allow_of(const PathItem& item) {
        std::set<std::string> names;
        for (const auto& [method, operation] : item.operations) {
            std::string name = method;
            std::transform(name.begin(), name.end(), name.begin(),
                           [](char c) { return static_cast<char>(c - 'a' + 'A'); });
            if (name == "GET") {
                names.insert("HEAD");
            }
            names.insert(std::move(name));
        }
        std::string text;
        for (const std::string& name : names) {
            text += (text.empty() ? "" : ", ") + name;
        }
        return text;
    }

    Operation compile_operation(const Node& node, const std::vector<PlacedParameter>& common,
                                const std::vector<std::string>& variables, bool variables_unknown,
                                const Servers& inherited) {
        const Fields fields(node, "an operation", context_.problems);
        fields.allow_only(operation_fields);
        Operation operation;
        operation.servers = servers_of(node, inherited);
        std::map<std::string, Parameter> by_variable;
        for (PlacedParameter& entry : overridden(
                 common,
                 compile_parameters(fields.optional("parameters", Node::Kind::list), context_))) {
            Parameter& parameter = entry.parameter;
            switch (parameter.in) {
                case ParameterPlace::path:
                    if (!variables_unknown && std::find(variables.begin(), variables.end(),
                                                        parameter.name) == variables.end()) {
                        context_.problems.add(
                            entry.place, "openapi.parameter",
                            "the path has no variable `{" + parameter.name + "}`");
                    }
                    by_variable.emplace(parameter.name, std::move(parameter));
                    break;
                case ParameterPlace::query:
                    operation.query_parameters.push_back(std::move(parameter));
                    break;
                case ParameterPlace::header:
                    operation.headers.push_back(std::move(parameter));
                    break;
                case ParameterPlace::cookie:
                    operation.cookies.push_back(std::move(parameter));
                    break;
            }
        }
        for (const std::string& variable : variables) {
            if (by_variable.count(variable) == 0) {
                context_.problems.add(
                    node.place(), "openapi.parameter",
                    "the operation has no parameter in `path` for `{" + variable + "}`");
            }
            operation.path_parameters.push_back(std::move(by_variable[variable]));
        }
        if (const Node* body = node.find("requestBody")) {
            operation.body = compile_body(*body, context_);
        }
        return operation;
    }

    static void collect_base_paths(CompiledSpecification& result) {
        std::set<BasePath> bases{BasePath()};
        for (const PathItem& item : result.paths) {
            const auto add = [&bases](const Servers& servers) {
                for (const Server& server : servers) {
                    bases.insert(server.base);
                }
            };
            add(item.servers);
            for (const auto& [method, operation] : item.operations) {
                add(operation.servers);
            }
        }
        result.base_paths.assign(bases.begin(), bases.end());
        std::stable_sort(
            result.base_paths.begin(), result.base_paths.end(),
            [](const BasePath& left, const BasePath& right) { return left.size() > right.size(); });
    }

    const Node& root_;
    References references_;
    SchemaTranslator schemas_;
    CompileContext context_;
    Servers servers_;
    /// The shape of each path and where it was first.
    std::map<std::string, const Member*> shapes_;
};

}  // namespace

std::unique_ptr<const CompiledSpecification> compile_specification(const Node& root,
                                                                   const LoadOptions& options,
                                                                   Problems& problems) {
    auto result = std::make_unique<CompiledSpecification>();
    result->options = options;
    if (!root.is_map()) {
        problems.add(root.place(), "openapi.structure",
                     "a specification must be a map, not " + std::string(describe(root.kind())));
        return nullptr;
    }
    const auto dialect = dialect_of(root, problems);
    if (!dialect) {
        return nullptr;
    }
    SpecificationCompiler(root, *dialect, problems).compile(*result);
    if (!problems.empty()) {
        return nullptr;
    }
    return result;
}

}  // namespace patchbay::openapi
