// SPDX-License-Identifier: Apache-2.0
#include "app/key_folder_option.hpp"

#include "config/host_configuration_reader.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::app {

void KeyFolderOption::add_to(Command verb) {
    const Option from_config =
        verb.add_option("-c,--config", config,
                        "Host configuration; its keys are in the folder `keys` of its data folder")
            .environment("PATCHBAY_CONFIG");
    verb.add_option("--folder", folder, "The folder of the keys itself").excludes(from_config);
}

Result<proofs::KeyFolder> KeyFolderOption::open(std::vector<Error>& problems) const {
    if (!folder.empty()) {
        return proofs::KeyFolder(folder);
    }
    if (config.empty()) {
        return failure(ErrorClass::invalid, "cli.no_folder",
                       "Say whose keys are meant: --config FILE (or PATCHBAY_CONFIG), or --folder "
                       "FOLDER.");
    }
    config::Checked<config::HostConfiguration> configuration =
        config::read_host_configuration(config);
    if (!configuration) {
        problems = configuration.error();
        return failure(ErrorClass::invalid, "config.bad", config + " cannot be used.");
    }
    return proofs::KeyFolder(configuration->data_dir + "/keys");
}

nlohmann::ordered_json to_json(const proofs::KeyEntry& key) {
    nlohmann::ordered_json json = {{"ledger", proofs::to_string(key.ledger)},
                                   {"role", proofs::to_string(key.role)},
                                   {"path", key.path},
                                   {"encrypted", key.encrypted}};
    if (key.error) {
        json["error"] = {{"code", key.error->code}, {"message", key.error->message}};
    } else {
        json["public_key"] = key.public_key;
        json["address"] = key.address;
    }
    return json;
}

}  // namespace patchbay::app
