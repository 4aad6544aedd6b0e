// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/key_folder_option.hpp"
#include "app/key_password.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct GenerateOptions {
    KeyFolderOption folder;
    std::string ledger;
    std::string password_file;
    bool connection = false;
    bool plain = false;
    bool json = false;
};

int generate(const GenerateOptions& options, Invocation& invocation) {
    std::vector<Error> problems;
    const Result<proofs::KeyFolder> folder = options.folder.open(problems);
    if (!problems.empty()) {
        print_problems(invocation.err, "error", problems);
        return exit_configuration;
    }
    Result<std::optional<std::string>> password = std::optional<std::string>();
    if (!options.plain) {
        password = key_password(options.password_file);
    }
    const Result<proofs::KeyEntry> key =
        !folder     ? tl::unexpected<Error>(folder.error())
        : !password ? tl::unexpected<Error>(password.error())
                    : proofs::ledger_of(options.ledger).and_then([&](proofs::Ledger ledger) {
                          return folder->generate(ledger,
                                                  options.connection ? proofs::KeyRole::connection
                                                                     : proofs::KeyRole::main,
                                                  *password);
                      });
    if (!key) {
        print_problem(invocation.err, "error", key.error());
        return exit_failed;
    }
    if (options.json) {
        invocation.out << to_json(*key).dump(2) << '\n';
        return exit_ok;
    }
    invocation.out << "Made the " << proofs::to_string(key->role) << " key of " << options.ledger
                   << ": " << key->path << (key->encrypted ? " (encrypted)" : "")
                   << "\npublic key: " << key->public_key << "\naddress:    " << key->address
                   << '\n';
    if (!key->encrypted && !options.plain) {
        invocation.err << "patchbay: The key is not encrypted; with --password-file or "
                       << key_password_variable << " it would be. --plain silences this.\n";
    }
    return exit_ok;
}

}  // namespace

void add_keys_generate(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand("generate", "Make a key; never replaces one");
    const auto options = std::make_shared<GenerateOptions>();
    verb.add_option("ledger", options->ledger, "cosmos, fetchai, ethereum or ed25519").required();
    options->folder.add_to(verb);
    verb.add_flag("--connection", options->connection,
                  "A connection key, which is represented, instead of a main key, which signs");
    const Option password = verb.add_option(
        "--password-file", options->password_file,
        "Encrypt the key with the first line of this file (or with PATCHBAY_KEY_PASSWORD)");
    verb.add_flag("--plain", options->plain, "Do not encrypt the key").excludes(password);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return generate(*options, invocation); };
    });
}

}  // namespace patchbay::app
