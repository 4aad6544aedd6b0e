// SPDX-License-Identifier: Apache-2.0
/// \file
/// From yaml-cpp's events to trees with places, noting every problem on the way. Only
/// yaml_reader.cpp includes this.
#pragma once

#include "config/problems.hpp"
#include "config/value.hpp"
#include "config/yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

/// Leaves the parser when a bound is passed: going on could cost without bound.
struct BoundExceeded {};

/// Builds the trees from yaml-cpp's events and notes every problem on the way.
class TreeBuilder : public YAML::EventHandler {
  public:
    /// `text` must outlive this object.
    TreeBuilder(std::string_view text, const std::string& file, const YamlLimits& limits);

    void OnDocumentStart(const YAML::Mark& /*mark*/) override { anchors_.clear(); }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override;

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override;
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override;
    void OnMapEnd() override { close(); }

    [[nodiscard]] SourceLocation place(const YAML::Mark& mark) const;

    void problem(const YAML::Mark& mark, const char* code, std::string message);

    std::vector<Value> documents;
    Problems problems;

  private:
    /// A map or list that is being read.
    struct Open {
        Value container;
        YAML::anchor_t anchor = 0;
        std::size_t nodes = 1;
        bool has_key = false;
        std::string key;
        SourceLocation key_place;
        /// Every key so far and its line; look-up must not cost the size of the map.
        std::map<std::string, std::uint32_t> keys;
        /// The value that comes next belongs to a key that was refused.
        bool discard = false;
    };
    struct Anchored {
        Value value;
        std::size_t nodes = 1;
    };

    [[nodiscard]] bool expects_key() const;

    void count_nodes(std::size_t nodes, const YAML::Mark& mark);

    /// yaml-cpp takes the end of the file for the closing quote.
    [[nodiscard]] bool is_unclosed_quote(const YAML::Mark& mark) const;

    Value scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text);

    void check_collection_tag(const YAML::Mark& mark, const std::string& tag,
                              const std::string& expected);

    void add_key(const YAML::Mark& mark, const std::string& text, bool plain);

    void open(Value container, const YAML::Mark& mark, YAML::anchor_t anchor);

    void close();

    void add(Value value, const YAML::Mark& mark, YAML::anchor_t anchor);

    /// A node is complete: it goes to where it belongs.
    void finish(Value value, YAML::anchor_t anchor, std::size_t nodes);

    std::string_view text_;
    std::vector<std::string_view> lines_;
    std::string file_;
    YamlLimits limits_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
};

}  // namespace patchbay::config
