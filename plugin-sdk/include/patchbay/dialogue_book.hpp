// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dialogues of one protocol for a connection that is written to under several addresses: its
/// public id, its instance's name, or whatever an operator routes to it. Each address has a
/// registry of its own, since a dialogue belongs to the address that the peer wrote to.
#pragma once

#include <patchbay/dialogue.hpp>

#include <cstddef>
#include <list>
#include <string_view>

namespace patchbay {

/// Used by one thread at a time.
class DialogueBook {
  public:
    /// At most `addresses` registries of `limits` each; the one unused for longest is forgotten.
    explicit DialogueBook(const DialogueRules& rules, DialogueLimits limits = {},
                          std::size_t addresses = 16);

    /// The registry of an address. The reference is valid until the next call.
    [[nodiscard]] Dialogues& of(std::string_view self_address);

    [[nodiscard]] std::size_t addresses() const noexcept { return registries_.size(); }

  private:
    const DialogueRules& rules_;
    DialogueLimits limits_;
    std::size_t bound_;
    /// The latest used first.
    std::list<Dialogues> registries_;
};

}  // namespace patchbay
