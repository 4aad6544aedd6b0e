// SPDX-License-Identifier: Apache-2.0
/// \file
/// The text format of upstream's stub connection, one envelope after the other in a file:
///
///     to,sender,protocol_id,message,
///
/// Four fields, each followed by one comma. Nothing is escaped, no length is written, no newline
/// ends a line (one after the last comma is tolerated), the message is raw bytes. Upstream reads
/// back only what stands alone in one read: everything up to the *last* comma becomes the message.
///
/// `StubDecoder` accepts all of that and also takes bursts and pieces apart, because a message of a
/// protocol is a `Message{dialogue_message}` (protocols/message.hpp) whose own lengths tell where
/// it ends, whatever commas and newlines it contains:
///
/// - A message that starts like one ends where its lengths say.
/// - Any other message ("opaque") ends at the first comma after which the next line follows, that
/// is
///   fields of which the third is a public id; or else, once the reader says that the file has no
///   more for now (`settle`), at the last comma, as upstream has it. The price: an opaque message
///   that contains the text of a whole line is taken apart.
/// - A line that is not complete stays for the next read.
/// - White space and NULs between lines are skipped (a writer that keeps its file offset while the
///   reader truncates leaves NULs). Header fields are trimmed; they contain no newline, so that a
///   line of garbage does not swallow the line after it.
/// - In an opaque message the two characters `\x` switch on Python's unescaping, as upstream does
/// for
///   lines typed with `echo`. Upstream then writes the characters as UTF-8, which breaks bytes from
///   0x80 on; here a result that is a well-formed message with one byte per character is preferred.
///
/// Malformed lines are reported, not lost, with these codes (class `invalid`), and the decoder goes
/// on with the next line it can recognise:
///
/// | code | meaning |
/// | --- | --- |
/// | `stub.not_a_line` | fewer than three fields before the end of the text line |
/// | `stub.field_too_long` | a header field longer than `max_field` |
/// | `stub.no_final_comma` | the next line begins before a comma ended the message |
/// | `stub.line_too_long` | longer than `max_line` |
/// | `stub.cut_off` | the stream ended before the line did (`abandon`) |
/// | `stub.bad_escape` | `\x` switched on unescaping, and the message has an escape without meaning
/// | | `envelope.*` | the fields make no envelope, see envelope.hpp |
#pragma once

#include <patchbay/envelope.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

/// Appends the line of one envelope to `text`. Fails like `encode` of envelope.hpp. As upstream, it
/// writes no newline, drops the uri, and does not object to an address with a comma, which no
/// reader can read back.
[[nodiscard]] Result<void> append_stub_line(const EnvelopeView& envelope, std::string& text);

struct StubLimits {
    /// Bytes of one line; a longer one is skipped. Bounds the memory of the decoder.
    std::size_t max_line = std::size_t{16} * 1024 * 1024;
    /// Bytes of `to`, of `sender` and of `protocol_id` with the white space around them.
    std::size_t max_field = 4096;
};

/// One line of the stream. Views are valid until the next call of the decoder that is not const.
struct StubItem {
    /// Position of the line in the stream, counted from the decoder's start offset.
    std::uint64_t offset = 0;
    /// Bytes of the line, its final comma included.
    std::uint64_t length = 0;
    /// The line itself; only its beginning when it was too long.
    std::string_view raw;
    /// The envelope, or what is wrong.
    Result<EnvelopeView> envelope;
};

/// Takes the bytes of a growing file as they come and gives out lines. One thread at a time.
class StubDecoder {
  public:
    /// `start` is the position in the stream of the first byte that will be fed.
    explicit StubDecoder(StubLimits limits = {}, std::uint64_t start = 0);

    /// Adds bytes that follow those fed before.
    void feed(std::string_view bytes);

    /// The stream has no more bytes for now: what can be a complete line is one. Bytes may follow
    /// later nevertheless.
    void settle() noexcept { settled_ = true; }

    /// The next line, or nothing until more is fed (or `settle` is called).
    [[nodiscard]] std::optional<StubItem> next();

    /// The stream ends here, the rest of the incomplete line never comes: reports what is there of
    /// it, if there is anything. To be called when `next` has nothing more.
    [[nodiscard]] std::optional<StubItem> abandon();

    /// Position up to which every byte has been given out or skipped.
    [[nodiscard]] std::uint64_t consumed() const noexcept;
    /// Position after the last byte fed.
    [[nodiscard]] std::uint64_t fed() const noexcept { return base_ + buffer_.size(); }

    /// Forgets what is kept of an incomplete line, e.g. when the file was replaced, and continues
    /// at another position.
    void restart(std::uint64_t start);

  private:
    [[nodiscard]] std::optional<StubItem> parse();
    [[nodiscard]] std::optional<StubItem> parse_message(const EnvelopeView& header,
                                                        std::size_t message_begin);
    [[nodiscard]] std::optional<StubItem> parse_bad_line(std::size_t message_begin, Error reason);
    [[nodiscard]] std::optional<StubItem> give_up_when_too_long();
    [[nodiscard]] std::optional<StubItem> continue_skipping();
    [[nodiscard]] StubItem deliver(EnvelopeView header, std::size_t message_begin,
                                   std::size_t comma, bool opaque);
    [[nodiscard]] Error too_long_error(std::uint64_t length) const;
    [[nodiscard]] StubItem report(std::size_t end, Error reason);
    void advance(std::size_t end) noexcept;

    StubLimits limits_;
    std::string buffer_;
    std::uint64_t base_ = 0;  ///< stream position of buffer_[0]
    std::size_t head_ = 0;    ///< first byte that was not given out
    std::size_t scan_ = 0;    ///< where the search for the end of the line goes on; 0 = anew
    bool settled_ = false;
    bool skipping_ = false;         ///< inside a line that is too long
    std::uint64_t skip_begin_ = 0;  ///< its position
    std::uint64_t skip_until_ = 0;  ///< its end is not before this position
    std::string skip_sample_;       ///< its beginning
    std::string unescaped_;
};

}  // namespace patchbay
