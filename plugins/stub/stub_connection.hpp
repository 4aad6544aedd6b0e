// SPDX-License-Identifier: Apache-2.0
/// \file
/// Upstream's stub connection: envelopes out of one file, envelopes into another. README.md says
/// how its files are treated; the two halves are input_pump.hpp and output_queue.hpp.
#pragma once

#include "input_file.hpp"

#include <patchbay/connection.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace patchbay::stub {

class InputPump;
class OutputQueue;

class StubConnection final : public Connection {
  public:
    /// Throws ConfigError.
    explicit StubConnection(Host& host);

    [[nodiscard]] Awaitable<Result<void>> connect() override;
    [[nodiscard]] Awaitable<Result<void>> disconnect() override;
    void on_connected() override;
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override;
    void on_cancel(Lane& lane, std::uint64_t token) override;
    void on_receipt(Lane& lane, std::uint64_t receipt, const Receipt& what) override;
    void on_room(Lane& lane, std::uint32_t destination) override;
    [[nodiscard]] std::uint32_t max_in_flight() const override;

  private:
    [[nodiscard]] std::string path_of(const char* key) const;

    std::string input_path_;
    std::string output_path_;
    InputLimits limits_{};
    std::shared_ptr<InputPump> input_;
    std::shared_ptr<OutputQueue> output_;
    /// Tickets go on over reconnects, so that a late receipt does not mean another line.
    std::uint64_t next_ticket_ = 1;
};

}  // namespace patchbay::stub
