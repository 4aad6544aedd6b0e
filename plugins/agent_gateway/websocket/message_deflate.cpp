// SPDX-License-Identifier: Apache-2.0
#include "message_deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace patchbay::agent_gateway::websocket {

namespace {

constexpr int raw_window = -15;
/// Of the empty block with which a message would end, were it not left out on the wire.
constexpr std::string_view tail{"\0\0\xFF\xFF", 4};
constexpr std::size_t chunk = std::size_t{16} << 10U;

tl::unexpected<Error> no_memory() {
    return failure(ErrorClass::overloaded, "deflate.no_memory", "zlib has no memory.");
}

void set_input(z_stream& stream, std::string_view bytes) noexcept {
    // zlib does not write to its input.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
}

}  // namespace

void detail::EndInflate::operator()(z_stream_s* stream) const noexcept {
    inflateEnd(stream);
    delete stream;
}

void detail::EndDeflate::operator()(z_stream_s* stream) const noexcept {
    deflateEnd(stream);
    delete stream;
}

Result<void> MessageInflater::inflate(std::string_view payload, std::size_t limit,
                                      std::string& output) {
    output.clear();
    if (!stream_) {
        auto fresh = std::make_unique<z_stream>();
        if (inflateInit2(fresh.get(), raw_window) != Z_OK) {
            return no_memory();
        }
        stream_.reset(fresh.release());
    } else if (inflateReset(stream_.get()) != Z_OK) {
        return no_memory();
    }
    z_stream& stream = *stream_;
    for (const std::string_view piece : {payload, tail}) {
        set_input(stream, piece);
        do {
            std::array<char, chunk> buffer;  // NOLINT: written before it is read
            stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
            stream.avail_out = static_cast<uInt>(buffer.size());
            const int result = ::inflate(&stream, Z_SYNC_FLUSH);
            if (result == Z_MEM_ERROR) {
                return no_memory();
            }
            const std::size_t made = buffer.size() - stream.avail_out;
            if (output.size() + made > limit) {
                return failure(ErrorClass::invalid, "deflate.too_large",
                               "The message is larger than " + std::to_string(limit) +
                                   " bytes when it is decompressed.");
            }
            output.append(buffer.data(), made);
            if (result == Z_STREAM_END) {
                // A sender may end its stream with a final block; then only an empty one follows.
                const std::string_view rest(reinterpret_cast<const char*>(stream.next_in),
                                            stream.avail_in);
                if (piece.data() != tail.data() && !rest.empty() &&
                    rest != std::string_view("\0", 1)) {
                    return failure(ErrorClass::invalid, "deflate.malformed",
                                   "Bytes follow the end of the compressed message.");
                }
                return {};
            }
            if (result == Z_BUF_ERROR) {
                break;  // neither input nor output is left: no progress is possible
            }
            if (result != Z_OK) {
                return failure(ErrorClass::invalid, "deflate.malformed",
                               "The message is not a deflate stream.");
            }
        } while (stream.avail_in != 0 || stream.avail_out == 0);
    }
    return {};
}

Result<void> MessageDeflater::deflate(std::string_view message, std::string& output) {
    if (message.size() > std::numeric_limits<uInt>::max() / 2) {
        return failure(ErrorClass::invalid, "deflate.too_large", "The message is too large.");
    }
    if (!stream_) {
        auto fresh = std::make_unique<z_stream>();
        constexpr int memory_level = 8;
        if (deflateInit2(fresh.get(), Z_BEST_SPEED, Z_DEFLATED, raw_window, memory_level,
                         Z_DEFAULT_STRATEGY) != Z_OK) {
            return no_memory();
        }
        stream_.reset(fresh.release());
    } else if (deflateReset(stream_.get()) != Z_OK) {
        return no_memory();
    }
    z_stream& stream = *stream_;
    output.resize(deflateBound(&stream, static_cast<uLong>(message.size())) + 16);
    set_input(stream, message);
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = static_cast<uInt>(output.size());
    if (::deflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_in != 0) {
        return no_memory();
    }
    output.resize(output.size() - stream.avail_out);
    if (output.ends_with(tail)) {
        output.resize(output.size() - tail.size());
    }
    return {};
}

}  // namespace patchbay::agent_gateway::websocket
