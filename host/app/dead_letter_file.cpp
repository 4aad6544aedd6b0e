// SPDX-License-Identifier: Apache-2.0
#include "app/dead_letter_file.hpp"

#include "app/time_text.hpp"
#include "config/host_configuration_reader.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <utility>

namespace patchbay::app {

Result<std::optional<storage::DeadLetterArchive>> open_dead_letters(const std::string& config) {
    if (config.empty()) {
        return failure(ErrorClass::invalid, "control.no_target",
                       "Which host? Give --config (or set PATCHBAY_CONFIG).");
    }
    const config::Checked<config::HostConfiguration> configuration =
        config::read_host_configuration(config);
    if (!configuration) {
        Error error = configuration.error().front();
        error.code = "config.invalid";
        return tl::unexpected<Error>(std::move(error));
    }
    const std::string path = configuration->data_dir + "/dead-letters.sqlite";
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        return std::optional<storage::DeadLetterArchive>();
    }
    Result<storage::DeadLetterArchive> archive =
        storage::DeadLetterArchive::open(path, storage::Access::read);
    if (!archive) {
        return tl::unexpected<Error>(std::move(archive.error()));
    }
    return std::optional<storage::DeadLetterArchive>(std::move(*archive));
}

nlohmann::ordered_json summary_json(const storage::StoredDeadLetter& stored) {
    const multiplexer::DeadLetter& letter = stored.letter;
    nlohmann::ordered_json json = {{"id", stored.id},
                                   {"time", utc_text(letter.time)},
                                   {"reason", multiplexer::reason_name(letter.reason)},
                                   {"code", letter.code},
                                   {"text", letter.text},
                                   {"source", letter.source},
                                   {"destination", letter.destination},
                                   {"size", stored.size}};
    if (letter.has_envelope) {
        json["to"] = letter.to;
        json["sender"] = letter.sender;
        json["protocol_id"] = letter.protocol_id;
        json["hops"] = letter.hops;
    }
    if (stored.replayed) {
        json["replayed"] = utc_text(*stored.replayed);
    }
    return json;
}

}  // namespace patchbay::app
