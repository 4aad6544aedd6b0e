// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keeps a certificate through restarts of the agent.
#pragma once

#include <patchbay/agent/certificate.hpp>
#include <patchbay/result.hpp>

#include <optional>
#include <string>

namespace patchbay::agent {

/// A file that only its owner can read. Functions may block.
class CertificateFile {
  public:
    explicit CertificateFile(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Nothing when there is no file. Codes: `file.not_private` when others can read it,
    /// `agent.bad_certificate`, and the others of `read_private_file`.
    [[nodiscard]] Result<std::optional<Certificate>> load() const;
    /// With mode 0600, and on the disk when it returns: a crash leaves the old one or the new one.
    [[nodiscard]] Result<void> save(const Certificate& certificate) const;
    /// After a release of the id. A missing file is no failure.
    [[nodiscard]] Result<void> remove() const;

  private:
    std::string path_;
};

}  // namespace patchbay::agent
