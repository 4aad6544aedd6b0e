// SPDX-License-Identifier: Apache-2.0
/// \file
/// The double's listening sockets (patchbay.sockets/1): real ones, with the loans of abi.h.
#pragma once

#include <patchbay/testing/host_double.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// Missing in the headers before 1.1, from which this double is built too.
struct patchbay_listen_options;

namespace patchbay::testing {

class SocketsDouble {
  public:
    SocketsDouble() = default;
    SocketsDouble(const SocketsDouble&) = delete;
    SocketsDouble& operator=(const SocketsDouble&) = delete;
    ~SocketsDouble() = default;

    /// Fills `listeners`. [locked]
    Result<void> lend(const patchbay_listen_options& options, patchbay_array& listeners);
    /// False when nothing with that id is on loan. [locked]
    bool give_back(std::uint64_t id, bool keep);
    /// What is open. [locked]
    [[nodiscard]] std::vector<Listening> told() const;
    /// Closes everything. [locked]
    void close();

  private:
    /// The sockets of one address; closed, and the file removed, with the object.
    struct Address {
        Address() = default;
        Address(const Address&) = delete;
        Address& operator=(const Address&) = delete;
        ~Address();

        Listening told;
        std::vector<int> descriptors;
        /// File of a Unix domain socket.
        std::string path;
    };
    std::map<std::uint64_t, Address> addresses_;
    /// By what was asked for.
    std::map<std::string, std::uint64_t> ids_;
    std::uint64_t next_id_ = 1;
};

}  // namespace patchbay::testing
