// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes as a connection exchanges them with the multiplexer: those it takes from its mailbox,
/// and those it delivers. Both are views with the routing information that the host needs to know
/// what answers what; neither owns bytes.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/envelope.hpp>

#include <cstdint>
#include <string_view>

namespace patchbay {

/// Taken from the mailbox. Its views are valid until it is completed: in `send` until the coroutine
/// ends, in `on_batch` until `Lane::complete`. Copies are cheap and refer to the same bytes.
class TakenEnvelope {
  public:
    TakenEnvelope() = default;
    explicit TakenEnvelope(const patchbay_envelope& abi) : abi_(abi) {}

    [[nodiscard]] std::string_view to() const { return text(abi_.to, abi_.to_size); }
    [[nodiscard]] std::string_view sender() const { return text(abi_.sender, abi_.sender_size); }
    [[nodiscard]] std::string_view protocol_id() const {
        return text(abi_.protocol_id, abi_.protocol_id_size);
    }
    [[nodiscard]] std::string_view message() const {
        return text(reinterpret_cast<const char*>(abi_.message), abi_.message_size);
    }
    [[nodiscard]] std::string_view uri() const { return text(abi_.uri, abi_.uri_size); }
    [[nodiscard]] std::string_view context_connection_id() const {
        return text(abi_.connection_id, abi_.connection_id_size);
    }
    /// The agent whom an inbound route named as the one to get it, whatever `to` says; empty when
    /// none did.
    [[nodiscard]] std::string_view agent() const { return text(abi_.agent, abi_.agent_size); }
    [[nodiscard]] EnvelopeView view() const {
        return {to(), sender(), protocol_id(), message(), uri(), context_connection_id()};
    }
    /// An envelope of one's own, for use after completion.
    [[nodiscard]] Envelope copy() const { return Envelope::copy_of(view()); }

    /// Names it in `Lane::complete`.
    [[nodiscard]] std::uint64_t token() const noexcept { return abi_.token; }
    [[nodiscard]] std::uint32_t hops() const noexcept { return abi_.hops; }
    [[nodiscard]] const patchbay_envelope& abi() const noexcept { return abi_; }

  private:
    static std::string_view text(const char* data, std::uint32_t size) {
        return size == 0 ? std::string_view() : std::string_view(data, size);
    }
    patchbay_envelope abi_{};
};

/// To be delivered. Views must live until the delivery was accepted.
struct Delivery {
    EnvelopeView content;
    /// Origin of the request that this answers; overrides the look-up of `to`.
    patchbay_origin reply_to{};
    /// Token of the taken envelope on whose behalf it is sent: that one's receipt waits for it.
    std::uint64_t parent = 0;
    /// Number that comes back in `Connection::on_receipt`; 0 = no receipt wanted. Numbers with the
    /// highest bit are the SDK's own.
    std::uint64_t receipt = 0;
    /// An answer is expected: room for it in the own mailbox is reserved.
    bool is_request = false;
    std::uint32_t to_handle = 0;
    std::uint32_t protocol_handle = 0;
    std::uint32_t hops = 0;
    /// Block that holds every view of `content`, or null: then the host copies.
    patchbay_block* block = nullptr;

    Delivery() = default;
    // Implicit: an envelope is a delivery without routing information.
    Delivery(const EnvelopeView& view) : content(view) {}             // NOLINT
    Delivery(const Envelope& envelope) : content(envelope.view()) {}  // NOLINT
    // Its views would outlive it. Make it a variable: that also keeps clear of GCC 12, which
    // destroys temporaries like `Envelope{...}` twice when they stand in a co_await expression.
    Delivery(Envelope&&) = delete;

    /// The answer to `request`: back to the lane that asked, as part of what became of the request.
    [[nodiscard]] static Delivery reply(const TakenEnvelope& request, const EnvelopeView& answer);
    /// `taken` passed on with other content: its receipt covers the new one, and the hops count.
    [[nodiscard]] static Delivery forward(const TakenEnvelope& taken, const EnvelopeView& content);

    [[nodiscard]] patchbay_envelope to_abi() const noexcept;
};

/// What became of a delivered envelope.
enum class ReceiptKind : std::uint8_t { done, failed, dead_lettered, unknown };

struct Receipt {
    ReceiptKind kind = ReceiptKind::unknown;
    patchbay_status status = PATCHBAY_OK;
    /// Stable code of the failure; empty when there was none.
    std::string code{};
};

}  // namespace patchbay
