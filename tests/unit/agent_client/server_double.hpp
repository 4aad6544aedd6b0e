// SPDX-License-Identifier: Apache-2.0
/// \file
/// A WebSocket server on loopback that does what a test tells it, one thread per connection.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace patchbay::agent::test {

using Json = nlohmann::json;

/// The server's end of one connection; for its own thread.
class Peer {
  public:
    virtual ~Peer() = default;
    /// The next frame; nothing when the connection ended.
    virtual std::optional<Json> read() = 0;
    virtual void write_text(const std::string& text) = 0;
    void write(const Json& frame) { write_text(frame.dump()); }
    virtual void close(std::uint16_t code) = 0;
    /// Without a close frame.
    virtual void drop() = 0;
    /// Counts connections from 0.
    std::size_t number = 0;

    /// Reads a registration and accepts it; the frame.
    Json accept();
    /// An answer to `request` that names it, as Patchbay gives it.
    void answer(const Json& request, Json fields);
    void refuse(const Json& request, const std::string& text);
};

class ServerDouble {
  public:
    using Script = std::function<void(Peer&)>;
    /// `certificate` and `key`: PEM files, for TLS.
    explicit ServerDouble(Script script, const std::string& certificate = {},
                          const std::string& key = {});
    ServerDouble(const ServerDouble&) = delete;
    ServerDouble& operator=(const ServerDouble&) = delete;
    /// Ends all connections.
    ~ServerDouble();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const;

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace patchbay::agent::test
