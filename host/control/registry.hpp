// SPDX-License-Identifier: Apache-2.0
/// \file
/// The verbs of the control socket. The room knows none of them: host/app registers what the host
/// can do, and later rooms add theirs.
#pragma once

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::control {

/// Items for a client that follows something. The server pulls when the client has room, so that a
/// slow one is the source's matter and costs no memory here. Called on the server's thread.
class Source {
  public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    /// Up to `maximum` items; none when there is nothing at the moment.
    [[nodiscard]] virtual std::vector<nlohmann::json> take(std::size_t maximum) = 0;
    /// True when nothing will come any more, although `take` gave nothing.
    [[nodiscard]] virtual bool ended() const = 0;
    /// `wake` may be called from any thread when there is something new, until the source is
    /// destroyed.
    virtual void set_wake(std::function<void()> wake) = 0;
};

/// The way back to the client, given to a handler with its request. Thread-safe, may be kept beyond
/// the call but not beyond the server; the first answer counts. Dropped without one, it answers
/// `control.no_answer`.
class Reply {
  public:
    Reply() = default;
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    virtual ~Reply() = default;

    virtual void result(nlohmann::json result) = 0;
    virtual void fail(Error error) = 0;
    /// Streams items until the source ended (then the answer is an empty result), or the client
    /// went away.
    virtual void stream(std::unique_ptr<Source> source) = 0;
};

/// Runs on the server's thread and must return promptly; what takes longer answers later from
/// another thread.
using Handler =
    std::function<void(const nlohmann::json& arguments, const std::shared_ptr<Reply>& reply)>;

/// Filled before the server starts, constant afterwards.
class Registry {
  public:
    void add(std::string verb, Handler handler);
    /// Null when there is no such verb.
    [[nodiscard]] const Handler* find(std::string_view verb) const;
    [[nodiscard]] std::vector<std::string> verbs() const;

  private:
    std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace patchbay::control
