// SPDX-License-Identifier: Apache-2.0
#include "config/manifest_reader.hpp"

#include "config/cert_request_reader.hpp"
#include "config/identifier_rules.hpp"
#include "config/map_reader.hpp"
#include "config/yaml_reader.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace patchbay::config {
namespace {

using Rule = std::optional<std::string> (*)(std::string_view);

class ManifestReader {
  public:
    ManifestReader(const Value& file, Problems& problems)
        : file_(file, "", problems), problems_(problems) {}

    ConnectionManifest read() {
        text("name", manifest_.name, simple_id_problem, &manifest_.name_location);
        text("author", manifest_.author, simple_id_problem);
        text("version", manifest_.version, version_problem, &manifest_.version_location);
        file_.required("type");
        enum class Type { connection } type{};
        file_.read_word("type", type, {{"connection", Type::connection}});
        text("description", manifest_.description, nullptr);
        text("license", manifest_.license, nullptr);
        read_fingerprint();
        text("class_name", manifest_.class_name, class_name_problem,
             &manifest_.class_name_location);
        references("connections", manifest_.connections);
        references("protocols", manifest_.protocols);
        references("restricted_to_protocols", manifest_.restricted_to_protocols);
        references("excluded_protocols", manifest_.excluded_protocols);
        read_dependencies();
        file_.required("is_abstract");
        file_.read("is_abstract", manifest_.is_abstract);
        read_config();
        read_optional_fields();
        file_.finish();
        return std::move(manifest_);
    }

  private:
    void check(MapReader& reader, std::string_view key, Rule rule) {
        const Value* value = reader.member(key);
        if (rule == nullptr || value == nullptr || !value->is_string()) {
            return;
        }
        if (const auto problem = rule(value->string())) {
            reader.problem(
                value->location(), "config.bad_value",
                '`' + reader.path_of(key) + "` " + *problem + ", but is " + shown(*value, key));
        }
    }

    void text(std::string_view key, std::string& target, Rule rule,
              SourceLocation* location = nullptr) {
        const Value* value = file_.required(key);
        file_.read(key, target);
        check(file_, key, rule);
        if (value != nullptr && location != nullptr) {
            *location = value->location();
        }
    }

    void optional_text(std::string_view key, std::optional<std::string>& target, Rule rule) {
        file_.read(key, target);
        check(file_, key, rule);
    }

    void read_optional_fields() {
        if (file_.member("aea_version") != nullptr) {
            file_.read("aea_version", manifest_.aea_version);
            check(file_, "aea_version", version_specifiers_problem);
        }
        optional_text("build_entrypoint", manifest_.build_entrypoint, inner_path_problem);
        optional_text("build_directory", manifest_.build_directory, nullptr);
        optional_text("library", manifest_.library, inner_path_problem);
        if (const Value* library = file_.member("library")) {
            manifest_.library_location = library->location();
        }
        if (const Value* requests = file_.member("cert_requests")) {
            manifest_.cert_requests = read_cert_requests(*requests, "cert_requests", problems_);
        }
    }

    void read_config() {
        const Value* config = file_.required("config");
        if (config == nullptr) {
            return;
        }
        if (config->is_map()) {
            manifest_.config = *config;
        } else {
            file_.wrong_type(*config, "config", "a map (`{}` when there is nothing to configure)");
        }
    }

    void references(std::string_view key, std::vector<Reference>& target) {
        file_.required(key);
        std::map<std::string, SourceLocation> seen;
        const Value::List& items = file_.items(key);
        for (std::size_t at = 0; at < items.size(); ++at) {
            const Value& item = items[at];
            const std::string path = std::string(key) + '[' + std::to_string(at) + ']';
            if (!item.is_string()) {
                file_.wrong_type(item, path, "a public id (`author/name:version`)");
                continue;
            }
            Reference reference{item.string(), item.location()};
            if (key == "connections") {
                take_version_range(reference);
            }
            auto problem = public_id_problem(reference.id);
            if (!problem && !reference.versions.empty()) {
                problem = version_specifiers_problem(reference.versions);
            }
            if (problem) {
                file_.problem(item.location(), "config.bad_public_id",
                              '`' + path + "` " + *problem + ", but is " + shown(item, key));
                continue;
            }
            const auto [earlier, is_new] = seen.emplace(item.string(), item.location());
            if (!is_new) {
                file_.problem(item.location(), "config.duplicate",
                              '`' + item.string() + "` stands in `" + std::string(key) +
                                  "` a second time; the first is in line " +
                                  std::to_string(earlier->second.line));
                continue;
            }
            target.push_back(std::move(reference));
        }
    }

    /// "author/name:>=1.2, <2" is the id "author/name" and a range of versions. Ours; upstream only
    /// knows exact ones.
    static void take_version_range(Reference& reference) {
        const auto colon = reference.id.find(':');
        if (colon != std::string::npos && reference.id.find_first_of("<>=!~", colon) == colon + 1) {
            reference.versions = reference.id.substr(colon + 1);
            reference.id.resize(colon);
        }
    }

    void read_fingerprint() {
        if (const Value* value = file_.required("fingerprint")) {
            MapReader reader(*value, "fingerprint", problems_);
            for (std::size_t at = 0; reader.is_map() && at < value->map().size(); ++at) {
                const Member& member = value->map()[at];
                Fingerprint entry{member.key, "", member.key_location};
                // Not through the reader, whose list of known keys is for few of them.
                if (member.value.is_string()) {
                    entry.hash = member.value.string();
                } else {
                    reader.wrong_type(member.value, reader.path_of(member.key), "a string");
                }
                if (const auto problem = inner_path_problem(member.key)) {
                    reader.problem(member.key_location, "config.bad_value",
                                   "the key `" + reader.path_of(member.key) + "` " + *problem);
                }
                manifest_.fingerprint.push_back(std::move(entry));
            }
        }
        file_.required("fingerprint_ignore_patterns");
        const Value::List& patterns = file_.items("fingerprint_ignore_patterns");
        std::set<std::string> known;
        for (std::size_t at = 0; at < patterns.size(); ++at) {
            const std::string path = "fingerprint_ignore_patterns[" + std::to_string(at) + ']';
            if (!patterns[at].is_string()) {
                file_.wrong_type(patterns[at], path, "a string");
                continue;
            }
            if (!known.insert(patterns[at].string()).second) {
                file_.problem(patterns[at].location(), "config.duplicate",
                              '`' + path + "` repeats an earlier pattern");
                continue;
            }
            manifest_.fingerprint_ignore_patterns.push_back(patterns[at].string());
        }
    }

    void read_dependencies() {
        const Value* value = file_.required("dependencies");
        if (value == nullptr) {
            return;
        }
        if (!value->is_map()) {
            file_.wrong_type(*value, "dependencies", "a map");
            return;
        }
        for (const Member& member : value->map()) {
            MapReader reader(member.value, "dependencies." + member.key, problems_);
            PackageDependency dependency;
            dependency.name = member.key;
            dependency.location = member.key_location;
            reader.read("version", dependency.version);
            if (dependency.version && !dependency.version->empty()) {
                check(reader, "version", version_specifiers_problem);
            }
            reader.read("index", dependency.index);
            reader.read("git", dependency.git);
            reader.read("ref", dependency.ref);
            reader.read("library", dependency.library);
            reader.read("pkg_config", dependency.pkg_config);
            reader.finish();
            manifest_.dependencies.push_back(std::move(dependency));
        }
    }

    MapReader file_;
    Problems& problems_;
    ConnectionManifest manifest_;
};

}  // namespace

Checked<ConnectionManifest> parse_manifest(std::string_view text, const std::string& file) {
    Problems problems;
    ConnectionManifest manifest;
    if (const auto value = read_yaml(text, file, problems)) {
        if (value->is_map()) {
            manifest = ManifestReader(*value, problems).read();
        } else {
            MapReader(*value, "", problems).finish();
        }
    }
    if (!problems.empty()) {
        tidy(problems);
        return tl::unexpected(std::move(problems));
    }
    return manifest;
}

Checked<ConnectionManifest> read_manifest(const std::string& path) {
    std::error_code error;
    std::filesystem::path file = path;
    if (std::filesystem::is_directory(file, error)) {
        file /= manifest_file_name;
    }
    const auto text = read_text_file(file.string());
    if (!text) {
        return tl::unexpected(text.error());
    }
    auto manifest = parse_manifest(*text, file.string());
    if (manifest) {
        manifest->path = std::filesystem::absolute(file, error).lexically_normal().string();
    }
    return manifest;
}

}  // namespace patchbay::config
