// SPDX-License-Identifier: Apache-2.0
#include "app/scaffold.hpp"

#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <cstdlib>
#include <memory>
#include <ostream>

namespace patchbay::app {

namespace {

int scaffold(ScaffoldOptions options, Invocation& invocation) {
    if (options.author.empty()) {
        options.author = default_author(std::getenv("PATCHBAY_AUTHOR"), std::getenv("USER"));
    }
    const Result<std::string> made = scaffold_connection(options);
    if (!made) {
        print_problem(invocation.err, "error", made.error());
        return made.error().error_class == ErrorClass::invalid ? exit_usage : exit_failed;
    }
    invocation.out
        << "made " << options.author << '/' << options.name << ":0.1.0 in " << *made
        << "\n\nIts README.md tells how to make it yours. To build and run it as it is:\n"
        << "  cd " << *made << "\n  meson setup build && ninja -C build\n"
        << "  patchbay run host.yaml\n";
    return exit_ok;
}

}  // namespace

void add_scaffold(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("scaffold", "Make a new plugin from a template");
    verb.require_subcommand();
    Command connection =
        verb.add_subcommand("connection", "A connection in C++, built against the installed SDK");
    const auto options = std::make_shared<ScaffoldOptions>();
    connection.add_option("name", options->name, "Name of the connection").required();
    connection.add_option("--author", options->author,
                          "Author (default: $PATCHBAY_AUTHOR, else the login name)");
    connection.add_option("--path", options->parent, "Folder in which it is made").show_default();
    connection.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return scaffold(*options, invocation); };
    });
}

}  // namespace patchbay::app
