// SPDX-License-Identifier: Apache-2.0
#include "proofs/ledger.hpp"

#include "proofs/keccak.hpp"

#include <string>

namespace patchbay::proofs {

std::string_view to_string(Ledger ledger) {
    switch (ledger) {
        case Ledger::cosmos:
            return "cosmos";
        case Ledger::fetchai:
            return "fetchai";
        case Ledger::ethereum:
            return "ethereum";
        case Ledger::ed25519:
            break;
    }
    return "ed25519";
}

bool is_available(Ledger ledger) {
    return ledger != Ledger::ethereum || has_keccak();
}

Result<Ledger> ledger_of(std::string_view id) {
    std::string known;
    for (const Ledger ledger : all_ledgers) {
        if (to_string(ledger) != id) {
            known += (known.empty() ? "" : ", ") + std::string(to_string(ledger));
            continue;
        }
        if (!is_available(ledger)) {
            return failure(ErrorClass::unsupported, "proof.no_keccak",
                           "Keys of the ledger `" + std::string(id) +
                               "` need Keccak-256, and this host was built without Botan, which "
                               "has it.");
        }
        return ledger;
    }
    return failure(
        ErrorClass::invalid, "proof.unknown_ledger",
        "`" + std::string(id) + "` is no ledger that this host knows; it knows " + known + '.');
}

}  // namespace patchbay::proofs
