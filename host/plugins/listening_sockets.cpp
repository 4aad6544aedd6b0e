// SPDX-License-Identifier: Apache-2.0
#include "plugins/listening_sockets.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace patchbay::plugins {
namespace {

tl::unexpected<Error> too_many(ErrorClass error_class, const std::string& text) {
    return failure(error_class, "listen.too_many", text);
}

}  // namespace

Result<SocketLoan> ListeningSockets::lend(std::uint32_t borrower,
                                          const platform::ListenAddress& address,
                                          std::uint32_t count, std::uint32_t room) {
    auto canonical = platform::canonical_address(address.address);
    if (!canonical) {
        return tl::unexpected(canonical.error());
    }
    platform::ListenAddress wanted = address;
    wanted.address = std::move(*canonical);
    const std::string text = platform::listen_text(wanted.address, wanted.port);
    if (count == 0 || count > most_sockets) {
        return too_many(ErrorClass::invalid, "Cannot open " + std::to_string(count) +
                                                 " sockets that listen on " + text + "; 1 to " +
                                                 std::to_string(most_sockets) + " are possible.");
    }
    const std::string key = text + (wanted.ipv6_only ? " (IPv6 only)" : "");
    const std::lock_guard lock(mutex_);
    if (stopped_) {
        return failure(ErrorClass::failed, "listen.failed",
                       "Cannot listen on " + text + ": the instance has been stopped.");
    }
    auto found = std::find_if(addresses_.begin(), addresses_.end(),
                              [&](const auto& entry) { return entry.second.key == key; });
    const bool is_new = found == addresses_.end();
    const std::size_t sockets =
        is_new ? count : std::max<std::size_t>(count, found->second.group->descriptors().size());
    if (sockets > room) {
        return too_many(ErrorClass::invalid,
                        text + " has " + std::to_string(sockets) +
                            " sockets, which must all be served, but there is room for " +
                            std::to_string(room) + " only.");
    }
    if (is_new && addresses_.size() == most_addresses) {
        return too_many(ErrorClass::overloaded, "Cannot listen on " + text + ": the instance has " +
                                                    std::to_string(most_addresses) +
                                                    " addresses already; release one of them.");
    }
    if (is_new) {
        auto group = platform::ListeningGroup::open(wanted);
        if (!group) {
            return tl::unexpected(group.error());
        }
        if (auto grown = (*group)->grow(count); !grown) {
            return tl::unexpected(grown.error());
        }
        found = addresses_.emplace(next_id_++, Address{key, std::move(*group), {}}).first;
    } else if (auto grown = found->second.group->grow(count); !grown) {
        return tl::unexpected(grown.error());
    }
    const platform::ListeningGroup& group = *found->second.group;
    SocketLoan loan{found->first, group.port(), group.descriptors()};
    ++found->second.loans[borrower];
    found->second.unwanted = false;
    return loan;
}

bool ListeningSockets::give_back(std::uint32_t borrower, std::uint64_t id, bool keep) {
    const std::lock_guard lock(mutex_);
    const auto found = addresses_.find(id);
    if (found == addresses_.end()) {
        return false;
    }
    auto& loans = found->second.loans;
    const auto loan = loans.find(borrower);
    if (loan == loans.end()) {
        return false;
    }
    if (--loan->second == 0) {
        loans.erase(loan);
    }
    if (loans.empty() && !keep) {
        if (held_) {
            found->second.unwanted = true;
        } else {
            addresses_.erase(found);
        }
    }
    return true;
}

void ListeningSockets::hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
}

void ListeningSockets::let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    for (auto each = addresses_.begin(); each != addresses_.end();) {
        each = each->second.unwanted ? addresses_.erase(each) : std::next(each);
    }
}

std::vector<std::string> ListeningSockets::end_loans(std::uint32_t borrower) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> left;
    for (auto& [id, address] : addresses_) {
        if (address.loans.erase(borrower) != 0) {
            left.push_back(address.group->text());
        }
    }
    return left;
}

void ListeningSockets::close() {
    const std::lock_guard lock(mutex_);
    addresses_.clear();
}

void ListeningSockets::stop_listening() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (auto& [id, address] : addresses_) {
        address.group->stop_listening();
    }
}

std::vector<ListenerStatus> ListeningSockets::status() const {
    const std::lock_guard lock(mutex_);
    std::vector<ListenerStatus> answer;
    if (stopped_) {
        return answer;
    }
    for (const auto& [id, address] : addresses_) {
        std::size_t loans = 0;
        for (const auto& [generation, count] : address.loans) {
            loans += count;
        }
        answer.push_back({address.group->text(), address.group->descriptors().size(), loans});
    }
    return answer;
}

}  // namespace patchbay::plugins
