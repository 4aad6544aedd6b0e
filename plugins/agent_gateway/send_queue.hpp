// SPDX-License-Identifier: Apache-2.0
/// \file
/// Frames that wait to be written to one socket. A socket has one only while there are any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent_gateway {

class SendQueue {
  public:
    /// To be appended to; `frame_ends` says that a frame is complete.
    [[nodiscard]] std::string& bytes() noexcept { return bytes_; }
    void frame_ends();

    [[nodiscard]] bool empty() const noexcept { return written_ == bytes_.size(); }
    /// What is left to write.
    [[nodiscard]] std::string_view rest() const noexcept {
        return std::string_view(bytes_).substr(written_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - written_; }
    /// Frames that are not written to their end.
    [[nodiscard]] std::size_t frames() const noexcept { return ends_.size() - written_frames_; }
    void wrote(std::size_t size);
    /// Empty again, with the memory that it has.
    void clear() noexcept;
    [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }

  private:
    void compact();

    std::string bytes_;
    std::size_t written_ = 0;
    std::vector<std::size_t> ends_;  ///< of frames in `bytes_`
    std::size_t written_frames_ = 0;
};

}  // namespace patchbay::agent_gateway
