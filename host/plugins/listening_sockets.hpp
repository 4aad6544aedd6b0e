// SPDX-License-Identifier: Apache-2.0
/// \file
/// The listening sockets of one instance and who has them on loan (abi.h, `patchbay.sockets/1`).
/// They belong to the instance, not to an object of its plugin: a reload changes the code, while
/// clients go on connecting to the same sockets.
#pragma once

#include "plugins/instance_status.hpp"
#include "plugins/platform_sockets.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::plugins {

/// All sockets of one address, as the plugin is told of them.
struct SocketLoan {
    std::uint64_t id = 0;
    std::uint16_t port = 0;
    std::vector<std::intptr_t> descriptors;
};

/// Thread-safe. The destructor closes what is open.
class ListeningSockets {
  public:
    static constexpr std::size_t most_addresses = 64;
    static constexpr std::uint32_t most_sockets = 64;

    /// Lends the sockets of an address to an object (`borrower`: its number), after opening what is
    /// missing to `count`; `room` is how many the borrower can take. Fails with the codes of
    /// `patchbay_sockets.listen`, and then has changed nothing.
    [[nodiscard]] Result<SocketLoan> lend(std::uint32_t borrower,
                                          const platform::ListenAddress& address,
                                          std::uint32_t count, std::uint32_t room);
    /// Ends one loan of the object; the last one also closes the sockets, unless `keep`. False
    /// when the object has no such loan.
    [[nodiscard]] bool give_back(std::uint32_t borrower, std::uint64_t id, bool keep);
    /// Ends the loans that an object left behind and keeps their sockets open. The answer are
    /// their addresses.
    [[nodiscard]] std::vector<std::string> end_loans(std::uint32_t borrower);
    /// Until `let_go`, the end of the last loan closes nothing: between two objects clients
    /// wait in the socket's queue.
    void hold();
    /// Closes what has come to its end since `hold` and was not lent again.
    void let_go();
    /// The instance ends: closes everything.
    void close();
    /// It was to end, but its code still runs: clients are refused and nothing more is lent, but no
    /// descriptor that this code may still use comes to mean something else.
    void stop_listening();

    /// What clients can connect to, in the order of opening.
    [[nodiscard]] std::vector<ListenerStatus> status() const;

  private:
    struct Address {
        /// What was asked for: address, port and whether IPv6 only.
        std::string key;
        std::unique_ptr<platform::ListeningGroup> group;
        /// Loans by borrower.
        std::map<std::uint32_t, std::size_t> loans;
        /// Open only because of `hold`.
        bool unwanted = false;
    };

    mutable std::mutex mutex_;
    std::map<std::uint64_t, Address> addresses_;
    std::uint64_t next_id_ = 1;
    bool stopped_ = false;
    bool held_ = false;
};

}  // namespace patchbay::plugins
