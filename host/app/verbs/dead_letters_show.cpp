// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/dead_letter_file.hpp"
#include "app/envelope_text.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/time_text.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct ShowLetterOptions {
    std::string config;
    std::int64_t id = 0;
    bool json = false;
};

EnvelopeView view_of(const multiplexer::DeadLetter& letter) {
    return {letter.to,      letter.sender, letter.protocol_id,
            letter.message, letter.uri,    letter.connection_id};
}

void print(const storage::StoredDeadLetter& stored, std::ostream& out) {
    const multiplexer::DeadLetter& letter = stored.letter;
    out << "dead letter " << stored.id << ", " << utc_text(letter.time) << '\n'
        << letter.code << " (" << multiplexer::reason_name(letter.reason) << "): " << letter.text
        << '\n'
        << "delivered by '" << letter.source << "', meant for '" << letter.destination << "'\n";
    if (stored.replayed) {
        out << "replayed " << utc_text(*stored.replayed) << '\n';
    }
    out << '\n';
    if (letter.has_envelope) {
        out << describe(view_of(letter));
    } else {
        out << printable(letter.raw, 65536) << '\n';
    }
}

int show_letter(const ShowLetterOptions& options, Invocation& invocation) {
    Result<std::optional<storage::DeadLetterArchive>> archive = open_dead_letters(options.config);
    if (!archive) {
        return print_control_failure(invocation.err, archive.error());
    }
    if (!*archive) {
        print_problem(invocation.err, "error",
                      {ErrorClass::invalid,
                       "dead_letters.unknown",
                       "This host never had a dead letter.",
                       {}});
        return exit_failed;
    }
    const Result<storage::StoredDeadLetter> stored = (*archive)->get(options.id);
    if (!stored) {
        return print_control_failure(invocation.err, stored.error());
    }
    if (!options.json) {
        print(*stored, invocation.out);
        return exit_ok;
    }
    nlohmann::ordered_json json = summary_json(*stored);
    if (stored->letter.has_envelope) {
        json["envelope"] = to_json(view_of(stored->letter));
    } else {
        json["raw"] = to_hex(stored->letter.raw);
    }
    invocation.out << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return exit_ok;
}

}  // namespace

void add_dead_letters_show(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand("show", "Show one dead letter with its envelope");
    const auto options = std::make_shared<ShowLetterOptions>();
    verb.add_option("id", options->id, "Its number in the list").required();
    verb.add_option("-c,--config", options->config, "Host configuration")
        .environment("PATCHBAY_CONFIG");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return show_letter(*options, invocation); };
    });
}

}  // namespace patchbay::app
