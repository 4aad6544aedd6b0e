// SPDX-License-Identifier: Apache-2.0
/// \file
/// A host for tests: it speaks the C ABI to one instance of a connection class, in this process,
/// and records what the instance does. Third parties test their connections with it, without the
/// real host:
///
///     patchbay::testing::HostDouble host(patchbay::connection_class<ClockConnection>("Clock"));
///     ASSERT_TRUE(host.connect());
///     const auto token = host.push({"clock", "me", "samples/time:0.1.0", ""});
///     EXPECT_EQ(host.wait_for_deliveries(1).at(0).envelope.to, "me");
///
/// Threads, wake-ups and descriptors are real, the clock of patchbay.clock/1 and patchbay.timers/1
/// is run by hand. Waits end with an exception after `patience`: only a test that fails gets there.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/envelope.hpp>
#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::testing {

struct HostOptions {
    std::string name = "test";
    std::string component_id = "test/test:0.1.0";
    /// The instance's `config`, as JSON.
    std::string config_json = "{}";
    std::string data_folder = "/nonexistent";
    std::uint32_t max_in_flight = 0;
    std::uint32_t lane_limit = 1;
    std::uint32_t max_thread_workers = 0;
    bool ordered_sends = false;
    std::chrono::nanoseconds connect_limit = std::chrono::seconds(60);
    std::chrono::nanoseconds disconnect_limit = std::chrono::seconds(5);
    /// Lowest level that is recorded.
    std::uint32_t log_level = 0;
    /// Extensions that this host does not have.
    std::vector<std::string> without{};
    /// Tables of further extensions, by id, that a test brings along; they must outlive the host.
    std::map<std::string, const void*> extensions{};
    /// Bytes between envelopes and signals in the batches that a class without `run` is given: more
    /// than the struct's size plays a later host, less an earlier one.
    std::uint32_t envelope_stride = sizeof(patchbay_envelope);
    /// Size of the table that the instance is told of.
    std::uint32_t host_table_size = sizeof(patchbay_host);
    std::chrono::milliseconds patience = std::chrono::seconds(20);
};

/// An envelope that the instance delivered.
struct Delivered {
    Envelope envelope;
    std::uint64_t parent = 0;
    std::uint64_t receipt = 0;
    std::uint32_t flags = 0;
    std::uint32_t hops = 0;
    patchbay_origin reply_to{};
    std::uint32_t lane = 0;
    /// Whether its bytes came in a block, without a copy.
    bool in_block = false;
    std::thread::id thread{};
};

/// A taken envelope that the instance completed.
struct Completed {
    std::uint64_t token = 0;
    patchbay_status status = PATCHBAY_OK;
    std::string code{};
    std::string text{};
};

struct LogLine {
    std::uint32_t level = 0;
    std::string text;
};

/// See patchbay_signal.
struct SignalToSend {
    std::uint32_t kind = 0;
    patchbay_status status = PATCHBAY_OK;
    std::uint64_t token = 0;
    std::uint64_t value = 0;
    std::string name{};
    std::string payload{};
};

/// A listening address that this host holds open for the instance.
struct Listening {
    /// "127.0.0.1:8000", "[::1]:8000" or "unix:/path".
    std::string address;
    std::uint16_t port = 0;
    std::size_t sockets = 0;
    /// 0: given back with PATCHBAY_RELEASE_KEEP.
    std::uint32_t loans = 0;
};

class HostDouble {
  public:
    /// Creates the instance; `creation` tells how that went.
    explicit HostDouble(const patchbay_class& table, HostOptions options = {});
    HostDouble(const HostDouble&) = delete;
    HostDouble& operator=(const HostDouble&) = delete;
    /// Stops the lanes and destroys the instance.
    ~HostDouble();

    [[nodiscard]] const Result<void>& creation() const;
    [[nodiscard]] std::uint32_t lane_count() const;

    // ---- Life cycle
    // ------------------------------------------------------------------------------
    /// Starts the lanes when they do not run, and connects.
    [[nodiscard]] Result<void> connect();
    /// The same without waiting; `wait_for_operation` gives the outcome.
    void begin_connect();
    void begin_disconnect();
    [[nodiscard]] Result<void> wait_for_operation();
    [[nodiscard]] Result<void> disconnect();
    /// STOP to all lanes, joins them and the instance's threads, and destroys the instance.
    void stop();

    // ---- Towards the instance
    // --------------------------------------------------------------------
    /// Puts an envelope into a lane's mailbox. Returns its token.
    std::uint64_t push(const Envelope& envelope, std::uint32_t lane = 0);
    /// Several that the lane can take at once.
    std::vector<std::uint64_t> push(const std::vector<Envelope>& envelopes, std::uint32_t lane = 0);
    /// CANCEL for a taken envelope.
    void cancel(std::uint64_t token, std::uint32_t lane = 0);
    /// RECEIPT for a delivery's receipt number.
    void send_receipt(std::uint64_t receipt, std::uint32_t kind, std::string_view code = {},
                      std::uint32_t lane = 0);
    /// Any signal, for extensions that the test plays.
    void send_signal(const SignalToSend& signal, std::uint32_t lane = 0);
    /// Lets the clock go on; timers that become due give their signals.
    void advance(std::chrono::nanoseconds time);
    /// A dependent's call; waits for the answer.
    [[nodiscard]] Result<std::string> call(std::string_view method, std::string_view arguments);
    /// The rest of the world: destinations answer FULL from now on, until `make_room`.
    void fill(std::string_view to);
    void make_room(std::string_view to);
    /// Envelopes to `to` become dead letters for `reason`, from now on.
    void refuse(std::string_view to, std::uint32_t reason);
    /// `allocate` gives nothing from now on, or gives again.
    void exhaust_memory(bool exhausted = true);
    /// A connection that the instance depends on.
    using Service = std::function<Result<std::string>(std::string_view, std::string_view)>;
    void provide(std::string_view public_id, Service service);

    // ---- What the instance did
    // -------------------------------------------------------------------
    [[nodiscard]] std::vector<Delivered> deliveries() const;
    /// Waits until at least `count` were accepted.
    std::vector<Delivered> wait_for_deliveries(std::size_t count) const;
    /// FULL answers so far.
    [[nodiscard]] std::size_t full_answers() const;
    void wait_for_full_answers(std::size_t count) const;
    [[nodiscard]] std::vector<Completed> completions() const;
    std::vector<Completed> wait_for_completions(std::size_t count) const;
    [[nodiscard]] std::vector<LogLine> log() const;
    /// Waits until a line contains `text`.
    void wait_for_log(std::string_view text) const;
    [[nodiscard]] std::map<std::string, std::int64_t> metrics() const;
    /// Codes of `malformed`, with the bytes.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> malformed() const;
    [[nodiscard]] std::map<std::string, std::string> key_values() const;
    [[nodiscard]] std::vector<std::string> lost() const;
    void wait_for_lost(std::size_t count) const;
    /// What is open now. `stop` closes it, and reports loans that are left.
    [[nodiscard]] std::vector<Listening> listeners() const;
    /// What a host would report: unknown tokens, calls on the wrong thread.
    [[nodiscard]] std::vector<std::string> misbehaviour() const;
    /// Blocks that the instance holds references to.
    [[nodiscard]] std::size_t blocks_held() const;
    /// How often a lane went to sleep; waits until it did so `count` times more than `since`.
    [[nodiscard]] std::size_t sleeps(std::uint32_t lane = 0) const;
    void wait_for_sleep(std::size_t since, std::uint32_t lane = 0) const;
    /// Waits for `condition`, tested whenever the instance did something.
    void wait_until(const std::function<bool()>& condition, std::string_view what) const;
    /// For tests that call the ABI by hand.
    [[nodiscard]] const patchbay_host* abi() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace patchbay::testing
