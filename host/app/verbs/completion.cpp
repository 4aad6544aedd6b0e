// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/shell_completion.hpp"
#include "app/verbs/verbs.hpp"

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

void add_completion(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("completion", "Print a completion script for a shell");
    const auto shell = std::make_shared<std::string>();
    verb.add_option("shell", *shell, "bash, zsh or fish")
        .required()
        .one_of({"bash", "zsh", "fish"});
    verb.footer(
        "bash: source <(patchbay completion bash)\n"
        "zsh:  patchbay completion zsh > \"${fpath[1]}/_patchbay\"\n"
        "fish: patchbay completion fish > ~/.config/fish/completions/patchbay.fish");
    verb.callback([root, &invocation, shell] {
        invocation.action = [root, &invocation, shell] {
            invocation.out << completion_script(root.tree(), *shell);
            return exit_ok;
        };
    });
}

}  // namespace patchbay::app
