// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.hpp"

#include "app/command.hpp"
#include "app/exit_code.hpp"
#include "app/invocation.hpp"
#include "app/verbs/verbs.hpp"
#include "config/nearest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <istream>
#include <ostream>

namespace patchbay::app {

namespace {

/// The last verb that was recognised.
const CLI::App& deepest(const CLI::App& app) {
    const std::vector<const CLI::App*> parsed =
        app.get_subcommands([](const CLI::App* verb) { return verb->parsed(); });
    return parsed.empty() ? app : deepest(*parsed.front());
}

/// Says what could not be understood, and what may have been meant.
int refuse_words(const CLI::App& root, std::ostream& err) {
    const CLI::App& verb = deepest(root);
    std::string path = verb.get_name();
    for (const CLI::App* app = verb.get_parent(); app != nullptr; app = app->get_parent()) {
        path = app->get_name() + ' ' + path;
    }
    const std::vector<std::string> words = root.remaining(true);
    const std::string word = words.empty() ? std::string() : words.front();
    std::vector<std::string> known;
    for (const CLI::App* next : verb.get_subcommands([](const CLI::App*) { return true; })) {
        known.push_back(next->get_name());
    }
    for (const CLI::Option* option : verb.get_options([](const CLI::Option*) { return true; })) {
        for (const std::string& name : option->get_lnames()) {
            known.push_back("--" + name);
        }
    }
    err << path << ": did not expect '" << word << '\'' << config::did_you_mean(word, known)
        << "\nRun '" << path << " --help' for what is possible.\n";
    return exit_usage;
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, std::istream& in, std::ostream& out,
                     std::ostream& err) {
    Invocation invocation{in, out, err};
    CLI::App root("Patchbay, a connection host for agents.", "patchbay");
    root.set_help_all_flag("--help-all", "Help for all verbs");
    add_verbs(Command(root), invocation);
    // CLI11 takes arguments from the back.
    std::reverse(arguments.begin(), arguments.end());
    try {
        root.parse(arguments);
    } catch (const CLI::CallForHelp& help) {
        root.exit(help, out, err);
        return exit_ok;
    } catch (const CLI::CallForAllHelp& help) {
        root.exit(help, out, err);
        return exit_ok;
    } catch (const CLI::ExtrasError&) {
        return refuse_words(root, err);
    } catch (const CLI::ParseError& error) {
        root.exit(error, out, err);
        return exit_usage;
    }
    if (!invocation.action) {
        const CLI::App& group = deepest(root);
        err << group.help();
        return exit_usage;
    }
    int code = exit_failed;
    try {
        code = invocation.action();
    } catch (const std::exception& exception) {
        err << "patchbay: " << exception.what() << '\n';
    }
    out.flush();
    if (code == exit_ok && !out) {
        err << "patchbay: could not write the output.\n";
        return exit_failed;
    }
    return code;
}

}  // namespace patchbay::app
