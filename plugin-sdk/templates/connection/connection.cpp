// SPDX-License-Identifier: Apache-2.0
// A new connection, in the two forms that the SDK has. Keep one, remove the other (here, in the
// registration at the end, and in class_name of connection.yaml):
//
//   MyScaffoldAsyncConnection   coroutines on one thread, for asynchronous APIs
//   MyScaffoldSyncConnection    blocking functions on a pool of threads
#include <patchbay/connection.hpp>

#include <optional>
#include <string>

namespace {

using patchbay::Awaitable;
using patchbay::Envelope;
using patchbay::Result;
using patchbay::TakenEnvelope;

class MyScaffoldAsyncConnection : public patchbay::Connection {
  public:
    /// Reads options only; opens and starts nothing.
    explicit MyScaffoldAsyncConnection(patchbay::Host& host)
        : Connection(host),
          greeting_(config().get<std::string>("greeting", "hello")),
          received_(counter("received", "Envelopes received")) {}

    /// Set up what the connection needs. A failure is reported, and tried again by the operator's
    /// reconnect policy.
    Awaitable<Result<void>> connect() override {
        log().info(greeting_);
        co_return patchbay::success();
    }

    /// Tear it down. Sends in progress have ended.
    Awaitable<Result<void>> disconnect() override { co_return patchbay::success(); }

    /// One envelope from the multiplexer: hand it to the outside world. Its end completes the
    /// envelope, done or failed.
    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        received_.add();
        log().debug([&] { return "envelope from " + std::string(envelope.sender()); });
        co_return patchbay::success();
    }

    // What arrives from the outside world becomes an envelope for the multiplexer, here or with
    // `deliver` from anywhere on the lane:
    //
    //     Awaitable<std::optional<Envelope>> receive() override;

  private:
    std::string greeting_;
    patchbay::Metric received_;
};

class MyScaffoldSyncConnection : public patchbay::BaseSyncConnection {
  public:
    explicit MyScaffoldSyncConnection(patchbay::Host& host)
        : BaseSyncConnection(host),
          greeting_(config().get<std::string>("greeting", "hello")),
          received_(counter("received", "Envelopes received")) {}

    Result<void> on_connect() override {
        log().info(greeting_);
        return patchbay::success();
    }

    Result<void> on_disconnect() override { return patchbay::success(); }

    /// One envelope; may block. Calls start in order and run in parallel on the pool's threads.
    Result<void> on_send(const TakenEnvelope& envelope) override {
        received_.add();
        log().debug([&] { return "envelope from " + std::string(envelope.sender()); });
        return patchbay::success();
    }

    // Runs in the background while connected; `put_envelope` delivers to the multiplexer:
    //
    //     void main() override;

  private:
    std::string greeting_;
    patchbay::Metric received_;
};

}  // namespace

PATCHBAY_REGISTER_CONNECTIONS(
    "scaffold_author/scaffold_name:0.1.0",
    "\"MyScaffoldAsyncConnection\",\"MyScaffoldSyncConnection\"",
    patchbay::connection_class<MyScaffoldAsyncConnection>("MyScaffoldAsyncConnection"),
    patchbay::connection_class<MyScaffoldSyncConnection>("MyScaffoldSyncConnection"))
