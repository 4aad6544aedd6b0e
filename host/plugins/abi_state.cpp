// SPDX-License-Identifier: Apache-2.0
// The extension patchbay.state/1 as a table of thunks.
#include "plugins/abi_host.hpp"

#include <string>

namespace patchbay::plugins {
namespace {

void PATCHBAY_CALL state_offer(const patchbay_host* host, std::uint32_t version,
                               std::uint32_t oldest) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (oldest == 0 || oldest > version) {
        self.reports.misbehaved("state.schema", "offer was called with the schemas " +
                                                    std::to_string(oldest) + " to " +
                                                    std::to_string(version));
        return;
    }
    self.state.offer({version, oldest});
}

patchbay_status PATCHBAY_CALL state_write(const patchbay_host* host, patchbay_bytes part) noexcept {
    AbiHost& self = AbiHost::from(host);
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        switch (self.state.write(view(part))) {
            case StateHandover::Written::ok:
                return PATCHBAY_OK;
            case StateHandover::Written::too_much:
                return PATCHBAY_OVERLOADED;
            case StateHandover::Written::not_asked:
                break;
        }
        self.reports.misbehaved("state.not_asked", "write was called, but no state is being saved");
        return PATCHBAY_INVALID;
    });
}

patchbay_status PATCHBAY_CALL state_read(const patchbay_host* host, std::uint8_t* buffer,
                                         std::size_t capacity, std::size_t* size) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (size == nullptr || (buffer == nullptr && capacity != 0)) {
        return PATCHBAY_INVALID;
    }
    *size = 0;
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        if (const auto count = self.state.read(buffer, capacity)) {
            *size = *count;
            return PATCHBAY_OK;
        }
        self.reports.misbehaved("state.not_asked", "read was called, but no state is being loaded");
        return PATCHBAY_INVALID;
    });
}

constexpr patchbay_state state_table = {sizeof(patchbay_state), state_offer, state_write,
                                        state_read};

}  // namespace

const patchbay_state* state_extension() {
    return &state_table;
}

}  // namespace patchbay::plugins
