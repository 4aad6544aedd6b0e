// SPDX-License-Identifier: Apache-2.0
#include "frame.hpp"

#include <cstring>

namespace patchbay::agent_gateway::websocket {

namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned compressed_bit = 0x40;
constexpr unsigned reserved_bits = 0x30;
constexpr unsigned mask_bit = 0x80;

bool is_known(unsigned opcode) noexcept {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

/// The length behind the first two bytes, `width` bytes in network order.
std::uint64_t read_length(const char* bytes, std::size_t width) noexcept {
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < width; ++i) {
        length = (length << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    return length;
}

}  // namespace

HeadState read_frame_head(std::string_view bytes, bool deflate, FrameHead& head,
                          std::string_view& why) noexcept {
    const auto refused = [&](std::string_view rule) {
        why = rule;
        return HeadState::violation;
    };
    if (bytes.size() < 2) {
        return HeadState::incomplete;
    }
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    if (!is_known(first & 0x0FU)) {
        return refused("an opcode that is not defined");
    }
    head.opcode = static_cast<Opcode>(first & 0x0FU);
    head.final = (first & final_bit) != 0;
    head.compressed = (first & compressed_bit) != 0;
    if ((first & reserved_bits) != 0 ||
        (head.compressed &&
         (!deflate || is_control(head.opcode) || head.opcode == Opcode::continuation))) {
        return refused("a reserved bit is set");
    }
    if ((second & mask_bit) == 0) {
        return refused("a client's frame without a mask");
    }
    head.length = second & 0x7FU;
    std::size_t width = 0;
    if (head.length == 126) {
        width = 2;
    } else if (head.length == 127) {
        width = 8;
    }
    if (is_control(head.opcode) && (!head.final || width != 0)) {
        return refused(head.final ? "a control frame that is too long"
                                  : "a control frame in fragments");
    }
    head.size = 2 + width + head.mask.size();
    if (bytes.size() < head.size) {
        return HeadState::incomplete;
    }
    if (width != 0) {
        head.length = read_length(bytes.data() + 2, width);
        if (head.length < (width == 2 ? 126U : 65536U) || (head.length >> 63U) != 0) {
            return refused("a length that is not written in its shortest form");
        }
    }
    std::memcpy(head.mask.data(), bytes.data() + 2 + width, head.mask.size());
    return HeadState::complete;
}

void unmask(char* data, std::size_t size, const std::array<unsigned char, 4>& mask,
            std::uint64_t offset) noexcept {
    std::array<unsigned char, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i) {
        turned[i] = mask[(offset + i) % mask.size()];
    }
    std::uint64_t key = 0;
    std::memcpy(&key, turned.data(), sizeof key);
    std::size_t done = 0;
    for (; done + sizeof key <= size; done += sizeof key) {
        std::uint64_t word = 0;
        std::memcpy(&word, data + done, sizeof word);
        word ^= key;
        std::memcpy(data + done, &word, sizeof word);
    }
    for (std::size_t i = 0; done < size; ++done, ++i) {
        data[done] = static_cast<char>(static_cast<unsigned char>(data[done]) ^ turned[i]);
    }
}

void append_frame_head(std::string& out, Opcode opcode, std::uint64_t length, bool compressed) {
    std::array<char, 10> head{};
    head[0] = static_cast<char>(final_bit | (compressed ? compressed_bit : 0U) |
                                static_cast<unsigned>(opcode));
    std::size_t width = 0;
    if (length < 126) {
        head[1] = static_cast<char>(length);
    } else if (length < 65536) {
        head[1] = 126;
        width = 2;
    } else {
        head[1] = 127;
        width = 8;
    }
    for (std::size_t i = 0; i < width; ++i) {
        head[1 + width - i] = static_cast<char>((length >> (8U * i)) & 0xFFU);
    }
    out.append(head.data(), 2 + width);
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    append_frame_head(out, opcode, payload.size());
    out += payload;
}

void append_close(std::string& out, CloseCode code, std::string_view reason) {
    constexpr std::size_t reason_bound = control_bound - 2;
    if (reason.size() > reason_bound) {
        std::size_t cut = reason_bound;
        while (cut > 0 && (static_cast<unsigned char>(reason[cut]) & 0xC0U) == 0x80U) {
            --cut;
        }
        reason = reason.substr(0, cut);
    }
    append_frame_head(out, Opcode::close, reason.size() + 2);
    const auto number = static_cast<std::uint16_t>(code);
    out += static_cast<char>(number >> 8U);
    out += static_cast<char>(number & 0xFFU);
    out += reason;
}

}  // namespace patchbay::agent_gateway::websocket
