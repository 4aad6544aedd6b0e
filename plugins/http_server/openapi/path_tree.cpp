// SPDX-License-Identifier: Apache-2.0
#include "openapi/path_tree.hpp"

#include "openapi/percent_coding.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::openapi {

std::optional<RequestPath> RequestPath::parse(std::string_view path) {
    RequestPath result;
    const auto count = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
    if (!path.starts_with('/') || count > max_path_segments) {
        return std::nullopt;
    }
    result.segments_.reserve(count);
    result.decoded_.reserve(count);
    while (!path.empty()) {
        path.remove_prefix(1);
        std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        std::string_view decoded = segment;
        if (!is_plain(segment)) {
            auto text = percent_decoded(segment);
            if (!text) {
                return std::nullopt;
            }
            segment = result.texts_.emplace_back(with_unreserved_decoded(segment));
            decoded = result.texts_.emplace_back(std::move(*text));
        }
        if (decoded == "." || decoded == "..") {
            return std::nullopt;
        }
        result.segments_.push_back(segment);
        result.decoded_.push_back(decoded);
    }
    return result;
}

PathTree::Level& PathTree::next_level(Level& level, const TemplateSegment& segment) {
    std::unique_ptr<Level>* next = nullptr;
    if (segment.is_literal()) {
        next = &level.literals[segment.literal()];
    } else if (segment.is_variable()) {
        next = &level.variable;
    } else {
        auto branch = std::find_if(
            level.mixed.begin(), level.mixed.end(),
            [&](const Branch& other) { return other.segment.shape() == segment.shape(); });
        if (branch == level.mixed.end()) {
            branch = level.mixed.insert(branch, Branch{segment, nullptr});
        }
        next = &branch->next;
    }
    if (*next == nullptr) {
        *next = std::make_unique<Level>();
    }
    return **next;
}

bool PathTree::add(const PathTemplate& path_template, std::size_t path) {
    Level* level = &root_;
    for (const TemplateSegment& segment : path_template.segments) {
        level = &next_level(*level, segment);
    }
    const bool is_new = !level->path;
    if (is_new) {
        level->path = path;
    }
    return is_new;
}

bool PathTree::find_from(const Level& level, const RequestPath& path, std::size_t at,
                         Match& match) {
    if (at == path.segments().size()) {
        match.path = level.path.value_or(0);
        return level.path.has_value();
    }
    if (const auto literal = level.literals.find(path.decoded()[at]);
        literal != level.literals.end() && find_from(*literal->second, path, at + 1, match)) {
        return true;
    }
    const std::string_view segment = path.segments()[at];
    const std::size_t before = match.values.size();
    for (const Branch& branch : level.mixed) {
        if (branch.segment.match(segment, match.values) &&
            find_from(*branch.next, path, at + 1, match)) {
            return true;
        }
        match.values.resize(before);
    }
    if (level.variable != nullptr && !segment.empty()) {
        match.values.push_back(segment);
        if (find_from(*level.variable, path, at + 1, match)) {
            return true;
        }
        match.values.resize(before);
    }
    return false;
}

std::optional<PathTree::Match> PathTree::find(const RequestPath& path, std::size_t first) const {
    Match match;
    return find_from(root_, path, first, match) ? std::optional(std::move(match)) : std::nullopt;
}

}  // namespace patchbay::openapi
