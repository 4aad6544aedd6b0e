// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sample of the synchronous interface: wraps blocking file functions. Envelopes that are sent to
/// it are appended to a file, one line each; `main` tells a listener how many there are.
#include <patchbay/connection.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

class LinesConnection : public patchbay::BaseSyncConnection {
  public:
    explicit LinesConnection(patchbay::Host& host)
        : BaseSyncConnection(host),
          path_(data_folder() + '/' + config().get<std::string>("file", "lines.txt")),
          listener_(config().get<std::string>("listener", "")) {}

    patchbay::Result<void> on_connect() override {
        if (!std::ofstream(path_, std::ios::app)) {
            return patchbay::failure(patchbay::ErrorClass::failed, "lines.not_writable",
                                     "The file '" + path_ + "' cannot be written.");
        }
        return {};
    }

    // One at a time with the instance's `ordered_sends: true`.
    patchbay::Result<void> on_send(const patchbay::TakenEnvelope& envelope) override {
        std::ofstream file(path_, std::ios::app);
        file << envelope.message() << '\n' << std::flush;
        if (!file) {
            return patchbay::failure(patchbay::ErrorClass::failed, "lines.not_written",
                                     "A line could not be written to '" + path_ + "'.");
        }
        ++count_;
        return {};
    }

    void main() override {
        for (int told = 0; is_connected();) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            const int count = count_;
            if (count != told && !listener_.empty()) {
                told = count;
                const patchbay::Envelope news{listener_, component_id(), "samples/count:0.1.0",
                                              std::to_string(count)};
                static_cast<void>(put_envelope(news));
            }
        }
    }

  private:
    std::string path_;
    std::string listener_;
    std::atomic<int> count_{0};
};

PATCHBAY_REGISTER_CONNECTION(LinesConnection, "LinesConnection", "samples/lines:0.1.0")
