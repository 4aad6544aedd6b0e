// SPDX-License-Identifier: Apache-2.0
#include "plugins/note_section.hpp"

#include "plugins/byte_source.hpp"

#include <algorithm>

namespace patchbay::plugins {

bool collect_notes(std::span<const std::byte> section, const std::string& owner, std::size_t limit,
                   std::vector<Note>& notes) {
    constexpr std::size_t header = 12;
    FieldReader field(section);
    std::size_t at = 0;
    while (section.size() - at >= header) {
        const std::uint64_t owner_size = field.u32(at);
        const std::uint64_t size = field.u32(at + 4);
        const std::uint32_t type = field.u32(at + 8);
        at += header;
        const std::uint64_t owner_padded = (owner_size + 3) / 4 * 4;
        const std::uint64_t available = section.size() - at;
        if (owner_padded > available || size > available - owner_padded) {
            return false;
        }
        const auto* data = reinterpret_cast<const char*>(section.data()) + at;
        if (owner_size == owner.size() + 1 &&
            owner.compare(0, owner.size(), data, owner.size()) == 0 && data[owner.size()] == '\0') {
            if (notes.size() == limit) {
                return false;
            }
            notes.push_back(
                {owner, type, std::string(data + owner_padded, static_cast<std::size_t>(size))});
        }
        // The padding of the last descriptor may be missing.
        at += static_cast<std::size_t>(std::min(owner_padded + (size + 3) / 4 * 4, available));
    }
    return true;
}

}  // namespace patchbay::plugins
