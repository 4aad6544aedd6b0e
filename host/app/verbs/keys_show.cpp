// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/key_folder_option.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct ShowKeyOptions {
    KeyFolderOption folder;
    std::string ledger;
    bool connection = false;
    bool json = false;
};

int show_key(const ShowKeyOptions& options, Invocation& invocation) {
    std::vector<Error> problems;
    const Result<proofs::KeyFolder> folder = options.folder.open(problems);
    if (!problems.empty()) {
        print_problems(invocation.err, "error", problems);
        return exit_configuration;
    }
    const Result<proofs::KeyEntry> key =
        !folder ? tl::unexpected<Error>(folder.error())
                : proofs::ledger_of(options.ledger).and_then([&](proofs::Ledger ledger) {
                      return folder->show(ledger, options.connection ? proofs::KeyRole::connection
                                                                     : proofs::KeyRole::main);
                  });
    if (!key || key->error) {
        print_problem(invocation.err, "error", key ? *key->error : key.error());
        return exit_failed;
    }
    if (options.json) {
        invocation.out << to_json(*key).dump(2) << '\n';
    } else {
        invocation.out << "file:       " << key->path << (key->encrypted ? " (encrypted)" : "")
                       << "\npublic key: " << key->public_key << "\naddress:    " << key->address
                       << '\n';
    }
    return exit_ok;
}

}  // namespace

void add_keys_show(Command group, Invocation& invocation) {
    Command verb =
        group.add_subcommand("show", "Public key and address of one key; never the secret");
    const auto options = std::make_shared<ShowKeyOptions>();
    verb.add_option("ledger", options->ledger, "cosmos, fetchai, ethereum or ed25519").required();
    options->folder.add_to(verb);
    verb.add_flag("--connection", options->connection, "The connection key, not the main key");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return show_key(*options, invocation); };
    });
}

}  // namespace patchbay::app
