// SPDX-License-Identifier: Apache-2.0
/// \file
/// The options by which the verbs of `keys` find the folder of the keys.
#pragma once

#include "app/command.hpp"
#include "proofs/key_folder.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace patchbay::app {

struct KeyFolderOption {
    std::string config;
    std::string folder;

    /// Adds --config and --folder.
    void add_to(Command verb);
    /// The folder `keys` of the configuration's data folder, or the one that was named. Without
    /// either: `cli.no_folder`.
    [[nodiscard]] Result<proofs::KeyFolder> open(std::vector<Error>& problems) const;
};

[[nodiscard]] nlohmann::ordered_json to_json(const proofs::KeyEntry& key);

}  // namespace patchbay::app
