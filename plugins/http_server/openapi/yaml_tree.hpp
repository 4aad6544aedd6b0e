// SPDX-License-Identifier: Apache-2.0
/// \file
/// From yaml-cpp's events to a tree with places. What yaml-cpp lets pass silently is a problem
/// here: duplicate keys, merge keys, tags that JSON has no types for, aliases without bound, a
/// quote that is never closed. Only yaml_file.cpp includes this.
#pragma once

#include "openapi/json_escapes.hpp"
#include "openapi/limits.hpp"
#include "openapi/node.hpp"
#include "openapi/problems.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// Leaves the parser when a bound is passed: going on could cost without bound.
struct FileBoundExceeded {};

class YamlTree : public YAML::EventHandler {
  public:
    /// All must outlive this object.
    YamlTree(const JoinedEscapes& text, const Limits& limits, Problems& problems);

    void OnDocumentStart(const YAML::Mark& mark) override;
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override;
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override;
    void OnMapEnd() override { close(); }

    [[nodiscard]] Place place(const YAML::Mark& mark) const;

    /// The first document; nothing when the file has none.
    std::optional<Node> document;

  private:
    /// A map or list that is being read.
    struct Open {
        Node container;
        YAML::anchor_t anchor = 0;
        std::size_t nodes = 1;
        bool has_key = false;
        std::string key;
        Place key_place;
        /// Every key so far; look-up must not cost the size of the map.
        std::map<std::string, Place, std::less<>> keys;
        /// The value that comes next belongs to a key that was refused.
        bool discard = false;
    };
    struct Anchored {
        Node node;
        std::size_t nodes = 1;
    };

    void add_key(const YAML::Mark& mark, const std::string& key, bool plain);
    [[nodiscard]] Node scalar(Place place, const std::string& tag, const std::string& text);
    [[nodiscard]] bool is_unclosed_quote(const YAML::Mark& mark) const;
    void open(Node container, const std::string& tag, std::string_view expected_tag,
              YAML::anchor_t anchor);
    void close();
    void add(Node node, YAML::anchor_t anchor);
    void count_nodes(std::size_t nodes, Place place);
    /// A node is complete: it goes to where it belongs.
    void finish(Node node, YAML::anchor_t anchor, std::size_t nodes);

    const JoinedEscapes& text_;
    std::vector<std::size_t> line_starts_;
    const Limits& limits_;
    Problems& problems_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
    std::size_t documents_ = 0;
};

}  // namespace patchbay::openapi
