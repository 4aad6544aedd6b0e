// SPDX-License-Identifier: Apache-2.0
/// \file
/// The platform side of the control socket: where it is, who may use it, and what to do with one
/// that is already there. A Unix domain socket with mode 0600 in a folder with mode 0700; the
/// peer's user must be ours or root. This header is the interface for other platforms: on Windows
/// the endpoint will be a named pipe \\.\pipe\patchbay-NAME whose security descriptor admits the
/// owner and administrators only (PIPE_REJECT_REMOTE_CLIENTS).
#pragma once

#include <patchbay/result.hpp>

#include <string>

namespace patchbay::control {

/// A descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] int release();

  private:
    int number_;
};

/// Makes the folder where it is missing, replaces a socket that nobody listens on, and listens.
/// Codes: `control.path_too_long`, `control.in_use` (names the process), `control.unsafe_folder`,
/// `control.not_a_socket`, `control.failed`.
[[nodiscard]] Result<Descriptor> listen_on(const std::string& path);

/// Connects to the host that listens there. Codes: `control.not_running`, `control.path_too_long`,
/// `control.forbidden`, `control.failed`.
[[nodiscard]] Result<Descriptor> connect_to(const std::string& path);

/// True when the process at the other end runs as our user or as root.
[[nodiscard]] bool peer_is_trusted(int descriptor);
/// Process at the other end, 0 when unknown.
[[nodiscard]] long peer_process(int descriptor);

}  // namespace patchbay::control
