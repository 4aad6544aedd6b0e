// SPDX-License-Identifier: Apache-2.0
// The extension patchbay.sockets/1 as a table of thunks.
#include "multiplexer/envelope_array.hpp"
#include "plugins/abi_host.hpp"
#include "plugins/listening_sockets.hpp"
#include "plugins/parked_sockets.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::plugins {
namespace {

constexpr std::uint32_t default_mode = 0660;
constexpr std::uint32_t all_permissions = 0777;
/// Connections that one call of adopt hands over at most.
constexpr std::size_t most_adopted = 1024;
constexpr std::uint32_t known_flags = PATCHBAY_LISTEN_IPV6_ONLY;

/// The request as a value, or what is wrong with its numbers.
Result<platform::ListenAddress> address_of(const patchbay_listen_options& options) {
    platform::ListenAddress address;
    address.address = view(options.address);
    const std::string where = "Cannot listen on '" + address.address + "': ";
    if ((options.flags & ~known_flags) != 0) {
        return failure(ErrorClass::unsupported, "listen.failed",
                       where + "the plugin set the flags " + std::to_string(options.flags) +
                           ", which this host does not know; update the host.");
    }
    if (options.port > std::numeric_limits<std::uint16_t>::max()) {
        return failure(
            ErrorClass::invalid, "listen.bad_address",
            where + "the port " + std::to_string(options.port) + " is beyond 65535, the last one.");
    }
    if (options.unix_mode > all_permissions) {
        return failure(ErrorClass::invalid, "listen.bad_address",
                       where + "unix_mode may hold permissions only, up to 0777.");
    }
    // A Unix domain socket has no port that could tell two of them apart.
    address.port = address.address.starts_with("unix:") ? std::uint16_t{0}
                                                        : static_cast<std::uint16_t>(options.port);
    address.ipv6_only = (options.flags & PATCHBAY_LISTEN_IPV6_ONLY) != 0;
    address.backlog = options.backlog;
    address.unix_mode = options.unix_mode == 0 ? default_mode : options.unix_mode;
    return address;
}

patchbay_status tell(patchbay_error* target, const Error& error) {
    return patchbay_error_set(target, static_cast<patchbay_status>(error.error_class),
                              error.code.c_str(), error.message.c_str());
}

patchbay_status PATCHBAY_CALL sockets_listen(const patchbay_host* host,
                                             const patchbay_listen_options* options,
                                             patchbay_array* listeners,
                                             patchbay_error* error) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (options == nullptr || listeners == nullptr) {
        return PATCHBAY_INVALID;
    }
    if (!self.is_own_thread()) {
        self.reports.misbehaved("thread.unknown",
                                "listen was called on a thread that the host did not start");
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        patchbay_listen_options wanted{};
        std::memcpy(&wanted, options, std::min<std::size_t>(options->struct_size, sizeof(wanted)));
        const auto address = address_of(wanted);
        if (!address) {
            return tell(error, address.error());
        }
        const auto loan =
            self.sockets.lend(self.object_number, *address, wanted.count, listeners->count);
        if (!loan) {
            return tell(error, loan.error());
        }
        listeners->count = 0;
        for (const std::intptr_t descriptor : loan->descriptors) {
            patchbay_listener listener{};
            listener.descriptor = descriptor;
            listener.id = loan->id;
            listener.port = loan->port;
            multiplexer::write_item(*listeners, listeners->count++, listener);
        }
        return PATCHBAY_OK;
    });
}

void PATCHBAY_CALL sockets_release(const patchbay_host* host, std::uint64_t id,
                                   std::uint32_t flags) noexcept {
    AbiHost& self = AbiHost::from(host);
    guarded(self, 0, [&] {
        if (!self.sockets.give_back(self.object_number, id, (flags & PATCHBAY_RELEASE_KEEP) != 0)) {
            self.reports.misbehaved("listen.unknown",
                                    "release was called with an id that it has not on loan");
        }
        return 0;
    });
}

void PATCHBAY_CALL sockets_accept_parked(const patchbay_host* host, patchbay_string kind) noexcept {
    AbiHost& self = AbiHost::from(host);
    guarded(self, 0, [&] {
        self.parked.accept(self.object_number, view(kind));
        return 0;
    });
}

patchbay_status PATCHBAY_CALL sockets_park(const patchbay_host* host, intptr_t descriptor,
                                           patchbay_string kind, patchbay_bytes state) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&] {
        return self.parked.park(self.object_number, descriptor, view(kind), view(state));
    });
}

patchbay_status PATCHBAY_CALL sockets_adopt(patchbay_lane* lane, patchbay_array* parked) noexcept {
    LaneContext* const context =
        on_its_thread(lane, "adopt was called on another thread than the lane's");
    if (context == nullptr || parked == nullptr) {
        return PATCHBAY_INVALID;
    }
    AbiHost& self = *context->host;
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        context->adopted_states.clear();
        context->adopted_states.reserve(std::min<std::size_t>(parked->count, most_adopted));
        std::vector<ParkedSockets::Socket> sockets =
            self.parked.adopt(self.object_number, multiplexer::Lane::from(lane).index(),
                              std::min<std::size_t>(parked->count, most_adopted));
        parked->count = 0;
        for (ParkedSockets::Socket& socket : sockets) {
            const std::string& state =
                context->adopted_states.emplace_back(std::move(socket.state));
            patchbay_parked item{};
            item.descriptor = socket.descriptor;
            item.state = {reinterpret_cast<const std::uint8_t*>(state.data()), state.size()};
            multiplexer::write_item(*parked, parked->count++, item);
        }
        return PATCHBAY_OK;
    });
}

constexpr patchbay_sockets sockets_table = {
    sizeof(patchbay_sockets), sockets_listen, sockets_release,
    sockets_accept_parked,    sockets_park,   sockets_adopt};

}  // namespace

const patchbay_sockets* sockets_extension() {
    return &sockets_table;
}

}  // namespace patchbay::plugins
