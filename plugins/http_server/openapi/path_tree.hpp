// SPDX-License-Identifier: Apache-2.0
/// \file
/// All paths of a specification as a tree of segments. At each level a literal goes before a
/// segment with literals and variables, and that before a variable alone; when a branch leads to no
/// path the next one is tried. A look-up visits each node of the tree at most once.
#pragma once

#include "openapi/path_template.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// Request paths with more segments match nothing.
inline constexpr std::size_t max_path_segments = 128;

/// The segments of a request's path, with the encodings of unreserved characters decoded.
class RequestPath {
  public:
    /// `path` begins with `/` and must outlive this object. Nothing for paths that match nothing:
    /// too many segments, wrong encoding, or segments of dots, which lead elsewhere.
    [[nodiscard]] static std::optional<RequestPath> parse(std::string_view path);

    [[nodiscard]] const std::vector<std::string_view>& segments() const { return segments_; }
    /// The same, fully decoded.
    [[nodiscard]] const std::vector<std::string_view>& decoded() const { return decoded_; }

  private:
    std::vector<std::string_view> segments_;
    std::vector<std::string_view> decoded_;
    std::deque<std::string> texts_;  // of segments that had to be decoded; these never move
};

class PathTree {
  public:
    struct Match {
        std::size_t path = 0;
        /// The texts of the template's variables, in their order; views into the request's path.
        std::vector<std::string_view> values;
    };

    /// `path` is the number to be found. False when a path of the same shape is there.
    [[nodiscard]] bool add(const PathTemplate& path_template, std::size_t path);

    /// Which path the segments from `first` on are.
    [[nodiscard]] std::optional<Match> find(const RequestPath& path, std::size_t first = 0) const;

  private:
    struct Branch;
    struct Level {
        std::optional<std::size_t> path;
        std::map<std::string, std::unique_ptr<Level>, std::less<>> literals;
        std::vector<Branch> mixed;
        std::unique_ptr<Level> variable;
    };
    struct Branch {
        TemplateSegment segment;
        std::unique_ptr<Level> next;
    };

    [[nodiscard]] static Level& next_level(Level& level, const TemplateSegment& segment);
    [[nodiscard]] static bool find_from(const Level& level, const RequestPath& path, std::size_t at,
                                        Match& match);

    Level root_;
};

}  // namespace patchbay::openapi
