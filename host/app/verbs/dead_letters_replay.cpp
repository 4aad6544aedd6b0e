// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/dead_letter_file.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct ReplayOptions {
    ControlTarget target;
    std::vector<std::int64_t> ids;
    bool all = false;
    bool again = false;
    bool json = false;
};

/// The ids of all letters that were never replayed, oldest first.
Result<std::vector<std::int64_t>> unplayed(const std::string& config) {
    Result<std::optional<storage::DeadLetterArchive>> archive = open_dead_letters(config);
    if (!archive) {
        return tl::unexpected<Error>(std::move(archive.error()));
    }
    std::vector<std::int64_t> ids;
    if (*archive) {
        storage::DeadLetterQuery query;
        query.unplayed = true;
        query.limit = 10'000;
        const Result<std::vector<storage::StoredDeadLetter>> letters = (*archive)->list(query);
        if (!letters) {
            return tl::unexpected<Error>(letters.error());
        }
        for (auto letter = letters->rbegin(); letter != letters->rend(); ++letter) {
            if (letter->letter.has_envelope) {
                ids.push_back(letter->id);
            }
        }
    }
    return ids;
}

int replay(const ReplayOptions& options, Invocation& invocation) {
    std::vector<std::int64_t> ids = options.ids;
    if (options.all) {
        Result<std::vector<std::int64_t>> found = unplayed(options.target.config);
        if (!found) {
            return print_control_failure(invocation.err, found.error());
        }
        ids = std::move(*found);
    }
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> outcomes =
        client->request("dead-letters-replay", {{"ids", ids}, {"again", options.again}});
    if (!outcomes) {
        return print_control_failure(invocation.err, outcomes.error());
    }
    bool all_delivered = true;
    for (const nlohmann::json& outcome : *outcomes) {
        const std::string result = outcome.value("result", "");
        all_delivered = all_delivered && result == "delivered";
        if (!options.json) {
            const std::string reason = outcome.value("reason", "");
            invocation.out << outcome.value("id", std::int64_t{0}) << ": " << result
                           << (reason.empty() ? "" : ", " + reason) << '\n';
        }
    }
    if (options.json) {
        invocation.out << outcomes->dump(2) << '\n';
    } else if (outcomes->empty()) {
        invocation.out << "Nothing to replay.\n";
    }
    return all_delivered ? exit_ok : exit_failed;
}

}  // namespace

void add_dead_letters_replay(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand(
        "replay", "Deliver dead letters again, by the routes that hold now; the host must run");
    const auto options = std::make_shared<ReplayOptions>();
    Command which = verb.add_choice("which");
    which.add_option("ids", options->ids, "Numbers in the list");
    which.add_flag("--all", options->all, "All envelopes that were never replayed (up to 10000)");
    verb.add_flag("--again", options->again, "Also those that were replayed before");
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return replay(*options, invocation); };
    });
}

}  // namespace patchbay::app
