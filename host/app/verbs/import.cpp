// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"
#include "config/aea_import.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct ImportOptions {
    std::string path;
    std::string output = "-";
    bool force = false;
};

int import_configuration(const ImportOptions& options, Invocation& invocation) {
    const config::Checked<config::ImportedConfiguration> imported =
        config::import_aea_config(options.path);
    if (!imported) {
        print_problems(invocation.err, "error", imported.error());
        return exit_configuration;
    }
    if (options.output == "-") {
        invocation.out << imported->yaml;
    } else {
        if (!options.force && std::filesystem::exists(options.output)) {
            invocation.err << "patchbay: " << options.output
                           << " is there already; --force replaces it.\n";
            return exit_failed;
        }
        std::ofstream file(options.output, std::ios::binary | std::ios::trunc);
        file << imported->yaml << std::flush;
        if (!file) {
            invocation.err << "patchbay: Cannot write " << options.output << ".\n";
            return exit_failed;
        }
    }
    if (!imported->left_out.empty()) {
        invocation.err << "Left out:\n";
    }
    for (const config::LeftOut& entry : imported->left_out) {
        invocation.err << "  " << entry.location.file << ':' << entry.location.line << ": "
                       << entry.what << ": " << entry.why << '\n';
    }
    return exit_ok;
}

}  // namespace

void add_import(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "import", "Turn an aea-config.yaml of Open AEA into a host configuration");
    const auto options = std::make_shared<ImportOptions>();
    verb.add_option("aea-config", options->path, "The aea-config.yaml").required();
    verb.add_option("-o,--output", options->output, "File to write; - is standard output")
        .show_default();
    verb.add_flag("--force", options->force, "Replace the output file");
    verb.footer("What has no place in a connection host is listed on standard error.");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] {
            return import_configuration(*options, invocation);
        };
    });
}

}  // namespace patchbay::app
