// SPDX-License-Identifier: Apache-2.0
/// \file
/// Gives connections their proofs of representation: host/proofs behind the interface of
/// host/plugins.
#pragma once

#include "plugins/proof_source.hpp"
#include "proofs/certificate.hpp"

#include <string>

namespace patchbay::app {

class ProofService final : public plugins::ProofSource {
  public:
    /// `data_folder` is absolute.
    explicit ProofService(std::string data_folder) : certificates_(std::move(data_folder)) {}

    [[nodiscard]] plugins::ProofCheck proofs_for(
        const std::vector<config::CertRequest>& requests) override;

  private:
    const proofs::Certificates certificates_;
};

}  // namespace patchbay::app
