// SPDX-License-Identifier: Apache-2.0
/// Many threads at once; for the thread sanitizer above all. Bounded in envelopes, not in time.
#include "harness.hpp"
#include "multiplexer/address_book.hpp"
#include "multiplexer/mailbox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

namespace patchbay::multiplexer::testing {
namespace {

void wait_on(std::intptr_t descriptor) {
    pollfd wake{static_cast<int>(descriptor), POLLIN, 0};
    ::poll(&wake, 1, 1000);
}

/// Serves one lane until `expected` envelopes came; checks their order per source.
class Consumer {
  public:
    Consumer(Harness& host, const Peer& peer, std::uint64_t expected)
        : thread_([this, &host, peer, expected] { run(host, peer, expected); }) {}
    void join() { thread_.join(); }
    std::atomic<std::uint64_t> got{0};
    std::atomic<bool> in_order{true};

  private:
    void run(Harness& host, const Peer& peer, std::uint64_t expected) {
        const ThreadScope scope(host.multiplexer);
        std::array<std::uint64_t, 16> next{};
        std::vector<patchbay_envelope> items(32);
        std::vector<std::uint64_t> tokens;
        while (got.load() < expected) {
            patchbay_array array = array_of(items);
            peer.lane().take(&array);
            if (array.count == 0) {
                if (peer.lane().sleep(PATCHBAY_INTEREST_ENVELOPES)) {
                    wait_on(peer.lane().descriptor());
                }
                continue;
            }
            tokens.clear();
            for (std::uint32_t i = 0; i < array.count; ++i) {
                std::uint64_t number = 0;
                std::uint32_t source = 0;
                std::memcpy(&source, items[i].message, 4);
                std::memcpy(&number, items[i].message + 4, 8);
                if (number < next.at(source)) {
                    in_order = false;
                }
                next.at(source) = number + 1;
                tokens.push_back(items[i].token);
            }
            peer.generation->complete(tokens.data(), static_cast<std::uint32_t>(tokens.size()),
                                      PATCHBAY_OK, nullptr);
            got += array.count;
        }
    }
    std::thread thread_;
};

struct Message {
    char bytes[12];
};

Message message_of(std::uint32_t source, std::uint64_t number) {
    Message message{};
    std::memcpy(message.bytes, &source, 4);
    std::memcpy(message.bytes + 4, &number, 8);
    return message;
}

/// Delivers `count` envelopes round-robin to `targets`, repeating what was full after ROOM.
void produce(Harness& host, const Peer& peer, std::uint32_t source, std::uint64_t count,
             const std::vector<Peer>& targets, bool with_receipts, std::uint64_t& receipts) {
    const ThreadScope scope(host.multiplexer);
    std::vector<std::string> ids;
    for (const Peer& target : targets) {
        ids.push_back(target.id());
    }
    constexpr std::uint64_t batch = 24;
    for (std::uint64_t first = 0; first < count; first += batch) {
        const std::uint64_t size = std::min(batch, count - first);
        std::vector<Message> messages(size);
        std::vector<patchbay_envelope> waiting;
        for (std::uint64_t i = 0; i < size; ++i) {
            messages[i] = message_of(source, first + i);
            Draft draft{.to = ids[(first + i) % ids.size()]};
            patchbay_envelope envelope = envelope_of(draft);
            envelope.to = ids[(first + i) % ids.size()].data();
            envelope.sender = "agent";
            envelope.protocol_id = "fetchai/default:1.0.0";
            envelope.message = reinterpret_cast<const std::uint8_t*>(messages[i].bytes);
            envelope.message_size = sizeof(Message);
            envelope.uri = envelope.connection_id = nullptr;
            envelope.flags = with_receipts ? std::uint32_t{PATCHBAY_ENVELOPE_RECEIPT} : 0U;
            waiting.push_back(envelope);
        }
        while (!waiting.empty()) {
            const auto results = peer.deliver_raw(waiting);
            std::vector<patchbay_envelope> again;
            for (std::size_t i = 0; i < results.size(); ++i) {
                ASSERT_TRUE(results[i].status == PATCHBAY_DELIVERY_ACCEPTED ||
                            results[i].status == PATCHBAY_DELIVERY_FULL);
                if (results[i].status == PATCHBAY_DELIVERY_FULL) {
                    again.push_back(waiting[i]);
                }
            }
            waiting.swap(again);
            bool room = waiting.empty();
            do {
                for (const SignalSeen& signal : peer.signals()) {
                    room |= signal.kind == PATCHBAY_SIGNAL_ROOM;
                    receipts += signal.kind == PATCHBAY_SIGNAL_RECEIPT ? 1U : 0U;
                }
                if (!room && peer.lane().sleep(0)) {
                    wait_on(peer.lane().descriptor());
                }
            } while (!room);
        }
    }
    while (with_receipts && receipts < count) {
        for (const SignalSeen& signal : peer.signals()) {
            receipts += signal.kind == PATCHBAY_SIGNAL_RECEIPT ? 1U : 0U;
        }
        if (receipts < count && peer.lane().sleep(0)) {
            wait_on(peer.lane().descriptor());
        }
    }
}

void run_storm(bool with_receipts) {
    Harness host;
    constexpr std::uint64_t per_source = 12'000;
    std::vector<Peer> sources;
    std::vector<Peer> targets;
    for (int i = 0; i < 3; ++i) {
        sources.push_back(host.add("source_" + std::to_string(i)));
    }
    for (int i = 0; i < 3; ++i) {
        InstanceOptions options = Harness::options("target_" + std::to_string(i));
        options.mailbox_envelopes = i == 0 ? 16 : i == 1 ? 200 : 4096;
        targets.push_back(host.add(options));
    }
    std::vector<std::unique_ptr<Consumer>> consumers;
    for (const Peer& target : targets) {
        consumers.push_back(
            std::make_unique<Consumer>(host, target, per_source * sources.size() / targets.size()));
    }
    std::vector<std::uint64_t> receipts(sources.size());
    std::vector<std::thread> producers;
    for (std::uint32_t i = 0; i < sources.size(); ++i) {
        producers.emplace_back([&, i] {
            produce(host, sources[i], i, per_source, targets, with_receipts, receipts[i]);
        });
    }
    std::atomic<bool> done{false};
    std::thread housekeeper([&] {
        // What the host does meanwhile: other routing, ticks, metrics, agents.
        for (int i = 0; !done.load(); ++i) {
            RoutingTable table;
            table.inbound.push_back({.address = "a" + std::to_string(i), .to = {"target_0"}});
            host.multiplexer.set_routing(table);
            host.multiplexer.tick();
            static_cast<void>(host.multiplexer.metrics());
            static_cast<void>(
                host.multiplexer.agents().attach("agent_" + std::to_string(i % 50), {1, 0}));
            std::this_thread::yield();
        }
    });
    for (std::thread& producer : producers) {
        producer.join();
    }
    for (const auto& consumer : consumers) {
        consumer->join();
        EXPECT_TRUE(consumer->in_order.load());
    }
    done = true;
    housekeeper.join();
    EXPECT_TRUE(host.multiplexer.is_idle());
    EXPECT_EQ(host.dead_letters.count(), 0U);
    if (with_receipts) {
        EXPECT_EQ(receipts, std::vector<std::uint64_t>(sources.size(), per_source));
    }
}

TEST(Stress, NothingIsLostAndOrderHolds) {
    run_storm(false);
}

TEST(Stress, EveryReceiptArrivesOnce) {
    run_storm(true);
}

TEST(Stress, AnEchoOfManyThreadsWithParentsAndReservedRoom) {
    Harness host;
    InstanceOptions small = Harness::options("asker");
    small.mailbox_envelopes = 64;
    const Peer asker = host.add(small);
    const Peer echo = host.add("echo");
    constexpr std::uint64_t total = 20'000;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> refused{0};
    std::thread server([&] {
        const ThreadScope scope(host.multiplexer);
        while (!stop.load()) {
            for (const Taken& request : echo.take(32)) {
                const auto result = echo.deliver({.to = "asker",
                                                  .message = request.message,
                                                  .parent = request.token,
                                                  .reply_to = request.origin});
                refused += result.status == PATCHBAY_DELIVERY_ACCEPTED ? 0U : 1U;
                echo.complete(request.token);
            }
            if (echo.lane().sleep(PATCHBAY_INTEREST_ENVELOPES)) {
                wait_on(echo.lane().descriptor());
            }
        }
    });
    const ThreadScope scope(host.multiplexer);
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    while (answered < total) {
        while (asked < total &&
               asker.deliver({.to = echo.id(), .flags = PATCHBAY_ENVELOPE_REQUEST}).status ==
                   PATCHBAY_DELIVERY_ACCEPTED) {
            ++asked;
        }
        const auto answers = asker.messages();
        answered += answers.size();
        static_cast<void>(asker.signals());
        if (answers.empty() && asker.lane().sleep(PATCHBAY_INTEREST_ENVELOPES)) {
            wait_on(asker.lane().descriptor());
        }
    }
    stop = true;
    echo.lane().wake();
    server.join();
    EXPECT_EQ(refused.load(), 0U) << "answers are never refused for lack of room";
    EXPECT_EQ(answered, total);
}

TEST(Stress, ReloadsUnderTrafficLoseNothing) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    constexpr std::uint64_t total = 20'000;
    std::thread producer([&] {
        std::uint64_t receipts = 0;
        produce(host, source, 0, total, {target}, false, receipts);
    });
    std::uint64_t got = 0;
    std::uint64_t next = 0;
    Generation* current = target.generation;
    const ThreadScope scope(host.multiplexer);
    while (got < total) {
        for (const Taken& taken : Peer::take_from(*current->lane(0), 500)) {
            std::uint64_t number = 0;
            std::memcpy(&number, taken.message.data() + 4, 8);
            EXPECT_EQ(number, next);
            next = number + 1;
            current->complete(&taken.token, 1, PATCHBAY_OK, nullptr);
            ++got;
        }
        Generation* fresh = target.instance->attach(1).value();
        target.instance->hand_over();
        target.instance->detach(*current);
        current = fresh;
    }
    producer.join();
    EXPECT_EQ(host.dead_letters.count(), 0U);
}

TEST(Stress, AStoppedInstanceLosesNothingSilently) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    constexpr int total = 5000;
    std::atomic<int> accepted{0};
    std::atomic<int> dead{0};
    std::thread producer([&] {
        const ThreadScope scope(host.multiplexer);
        for (int i = 0; i < total; ++i) {
            const auto result = source.deliver({.to = target.id(), .protocol_id = "a/b:1.0.0"});
            accepted += result.status == PATCHBAY_DELIVERY_ACCEPTED ? 1 : 0;
            dead += result.status == PATCHBAY_DELIVERY_DEAD_LETTERED ? 1 : 0;
            static_cast<void>(source.messages());
        }
    });
    std::uint64_t got = 0;
    for (int i = 0; i < 20; ++i) {
        got += target.messages(100).size();
        target.instance->set_state(InstanceState::disconnected);
        std::this_thread::yield();
        target.instance->set_state(InstanceState::connected);
    }
    producer.join();
    got += target.messages(10'000).size();
    const auto letters = static_cast<std::uint64_t>(host.dead_letters.count());
    EXPECT_EQ(accepted + dead, total);
    EXPECT_EQ(got + letters, static_cast<std::uint64_t>(total))
        << "each was taken or became a dead letter";
}

TEST(AddressBookStress, ReadersNeverSeeAnotherKeysRoute) {
    AddressBook book(4096);
    std::atomic<bool> done{false};
    const auto name = [](std::uint32_t i) {
        return (i % 3 == 0 ? std::string(60, 'x') : std::string("agent_")) + std::to_string(i);
    };
    std::thread writer([&] {
        for (std::uint32_t i = 0; i < 60'000; ++i) {
            const std::uint32_t key = i % 700 + 1;
            book.learn(name(key), key << 16U, static_cast<std::uint16_t>(i), 300);
        }
        done = true;
    });
    std::uint64_t found = 0;
    std::uint64_t wrong = 0;
    while (!done.load()) {
        for (std::uint32_t key = 1; key <= 700; ++key) {
            const AddressBook::Found entry = book.find(name(key));
            if (entry.entry != AddressBook::none && entry.learned != 0) {
                ++found;
                wrong += entry.learned == key << 16U ? 0U : 1U;
            }
        }
    }
    writer.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_LE(book.learned_count(), 300U);
}

TEST(AddressBook, GrowsAndForgets) {
    AddressBook book(200'000);
    for (std::uint32_t i = 1; i <= 100'000; ++i) {
        ASSERT_TRUE(book.set_fixed("agent_" + std::to_string(i), (i % 60'000 + 1) << 16U));
    }
    for (std::uint32_t i = 1; i <= 100'000; ++i) {
        ASSERT_EQ(book.find("agent_" + std::to_string(i)).fixed, (i % 60'000 + 1) << 16U);
    }
    for (std::uint32_t i = 1; i <= 100'000; i += 2) {
        ASSERT_TRUE(book.clear_fixed("agent_" + std::to_string(i), (i % 60'000 + 1) << 16U));
    }
    for (std::uint32_t i = 1; i <= 100'000; ++i) {
        ASSERT_EQ(book.find("agent_" + std::to_string(i)).entry == AddressBook::none, i % 2 == 1);
    }
    EXPECT_EQ(book.fixed_count(), 50'000U);
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
