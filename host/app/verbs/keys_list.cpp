// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/key_folder_option.hpp"
#include "app/problem_output.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct ListKeysOptions {
    KeyFolderOption folder;
    bool json = false;
};

int list_keys(const ListKeysOptions& options, Invocation& invocation) {
    std::vector<Error> problems;
    const Result<proofs::KeyFolder> folder = options.folder.open(problems);
    if (!problems.empty()) {
        print_problems(invocation.err, "error", problems);
        return exit_configuration;
    }
    if (!folder) {
        print_problem(invocation.err, "error", folder.error());
        return exit_failed;
    }
    const std::vector<proofs::KeyEntry> keys = folder->list();
    std::vector<std::vector<std::string>> rows = {{"LEDGER", "ROLE", "ENCRYPTED", "ADDRESS"}};
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    bool good = true;
    for (const proofs::KeyEntry& key : keys) {
        json.push_back(to_json(key));
        rows.push_back({std::string(proofs::to_string(key.ledger)),
                        std::string(proofs::to_string(key.role)), key.encrypted ? "yes" : "no",
                        key.error ? "(cannot be used)" : key.address});
        if (key.error) {
            print_problem(invocation.err, "error", *key.error);
            good = false;
        }
    }
    if (options.json) {
        invocation.out << json.dump(2) << '\n';
    } else if (keys.empty()) {
        invocation.out << "There are no keys in " << folder->path() << ".\n";
    } else {
        invocation.out << text_table(rows);
    }
    return good ? exit_ok : exit_failed;
}

}  // namespace

void add_keys_list(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand("list", "The keys that there are");
    const auto options = std::make_shared<ListKeysOptions>();
    options->folder.add_to(verb);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return list_keys(*options, invocation); };
    });
}

}  // namespace patchbay::app
