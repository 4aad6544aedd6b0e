// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/dead_letter_file.hpp"
#include "app/exit_code.hpp"
#include "app/text_table.hpp"
#include "app/time_text.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct ListLettersOptions {
    std::string config;
    storage::DeadLetterQuery query;
    bool json = false;
};

int list_letters(const ListLettersOptions& options, Invocation& invocation) {
    Result<std::optional<storage::DeadLetterArchive>> archive = open_dead_letters(options.config);
    if (!archive) {
        return print_control_failure(invocation.err, archive.error());
    }
    std::vector<storage::StoredDeadLetter> letters;
    if (*archive) {
        Result<std::vector<storage::StoredDeadLetter>> found = (*archive)->list(options.query);
        if (!found) {
            return print_control_failure(invocation.err, found.error());
        }
        letters = std::move(*found);
    }
    if (options.json) {
        nlohmann::ordered_json array = nlohmann::ordered_json::array();
        for (const storage::StoredDeadLetter& letter : letters) {
            array.push_back(summary_json(letter));
        }
        invocation.out << array.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                       << '\n';
        return exit_ok;
    }
    if (letters.empty()) {
        invocation.out << "No dead letters.\n";
        return exit_ok;
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "TIME", "CODE", "FROM", "TO", "PROTOCOL", "REPLAYED"}};
    for (const storage::StoredDeadLetter& stored : letters) {
        rows.push_back({std::to_string(stored.id), utc_text(stored.letter.time), stored.letter.code,
                        stored.letter.source, stored.letter.to, stored.letter.protocol_id,
                        stored.replayed ? utc_text(*stored.replayed) : "-"});
    }
    invocation.out << text_table(rows);
    return exit_ok;
}

}  // namespace

void add_dead_letters_list(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand("list", "List dead letters, the newest first");
    const auto options = std::make_shared<ListLettersOptions>();
    verb.add_option("-c,--config", options->config, "Host configuration")
        .environment("PATCHBAY_CONFIG");
    verb.add_option("--code", options->query.code, "Only those with this code or reason");
    verb.add_option("--limit", options->query.limit, "At most so many")
        .range(1, 1'000'000)
        .show_default();
    verb.add_option("--before", options->query.before,
                    "Only those with smaller ids: the next page");
    verb.add_flag("--unplayed", options->query.unplayed, "Only those that were never replayed");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return list_letters(*options, invocation); };
    });
}

}  // namespace patchbay::app
