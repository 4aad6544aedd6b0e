// SPDX-License-Identifier: Apache-2.0
#include "openapi/path_template.hpp"

#include "openapi/percent_coding.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::openapi {
namespace {

tl::unexpected<Error> refuse(std::string_view path, const std::string& reason) {
    return failure(ErrorClass::invalid, "openapi.path",
                   "the path `" + std::string(path) + "` " + reason);
}

Result<TemplateSegment> parse_segment(std::string_view path, std::string_view text) {
    std::vector<std::string> literals{""};
    std::vector<std::string> variables;
    while (!text.empty()) {
        const std::size_t brace = text.find_first_of("{}");
        literals.back() = text.substr(0, brace);
        if (brace == std::string_view::npos) {
            break;
        }
        const std::size_t end = text.find_first_of("{}", brace + 1);
        if (text[brace] == '}' || end == std::string_view::npos || text[end] == '{') {
            return refuse(path, "has a brace without its counterpart in the same segment");
        }
        const std::string_view name = text.substr(brace + 1, end - brace - 1);
        if (name.empty()) {
            return refuse(path, "has a variable without a name");
        }
        if (!variables.empty() && literals.back().empty()) {
            return refuse(path, "has two variables with nothing between them");
        }
        variables.emplace_back(name);
        literals.emplace_back();
        text.remove_prefix(end + 1);
    }
    for (std::string& literal : literals) {
        auto decoded =
            variables.empty() ? percent_decoded(literal) : with_unreserved_decoded(literal);
        if (!decoded) {
            return refuse(path, "is not properly percent-encoded");
        }
        literal = std::move(*decoded);
    }
    if (variables.empty() && (literals.front() == "." || literals.front() == "..")) {
        return refuse(path, "has a segment of dots, which no request has");
    }
    return TemplateSegment(std::move(literals), std::move(variables));
}

}  // namespace

bool TemplateSegment::is_variable() const {
    return variables_.size() == 1 && literals_[0].empty() && literals_[1].empty();
}

std::string TemplateSegment::shape() const {
    std::string text = literals_.front();
    for (std::size_t i = 1; i < literals_.size(); ++i) {
        text += "{}" + literals_[i];
    }
    return text;
}

bool TemplateSegment::match(std::string_view segment, std::vector<std::string_view>& values) const {
    if (variables_.empty()) {
        return segment == literals_.front();
    }
    if (!segment.starts_with(literals_.front())) {
        return false;
    }
    segment.remove_prefix(literals_.front().size());
    if (!segment.ends_with(literals_.back())) {
        return false;
    }
    segment.remove_suffix(literals_.back().size());
    const std::size_t before = values.size();
    values.resize(before + variables_.size());
    for (std::size_t i = variables_.size() - 1; i != 0; --i) {
        const std::string& literal = literals_[i];
        // The variable behind the literal has at least one character.
        const std::size_t at = segment.size() > literal.size()
                                   ? segment.rfind(literal, segment.size() - literal.size() - 1)
                                   : std::string_view::npos;
        if (at == std::string_view::npos) {
            values.resize(before);
            return false;
        }
        values[before + i] = segment.substr(at + literal.size());
        segment = segment.substr(0, at);
    }
    values[before] = segment;
    if (segment.empty()) {
        values.resize(before);
    }
    return !segment.empty();
}

Result<PathTemplate> PathTemplate::parse(std::string_view text) {
    if (!text.starts_with('/')) {
        return refuse(text, "must begin with `/`");
    }
    if (text.find_first_of("?#") != std::string_view::npos) {
        return refuse(text, "must not hold a query or a fragment");
    }
    PathTemplate result;
    std::string_view rest = text;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view segment = rest.substr(0, rest.find('/'));
        auto parsed = parse_segment(text, segment);
        if (!parsed) {
            return tl::unexpected(std::move(parsed.error()));
        }
        result.segments.push_back(std::move(*parsed));
        rest.remove_prefix(segment.size());
    }
    auto names = result.variables();
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
        return refuse(text, "has the variable `" + *twice + "` twice");
    }
    return result;
}

std::vector<std::string> PathTemplate::variables() const {
    std::vector<std::string> names;
    for (const TemplateSegment& segment : segments) {
        names.insert(names.end(), segment.variables().begin(), segment.variables().end());
    }
    return names;
}

std::string PathTemplate::shape() const {
    std::string text;
    for (const TemplateSegment& segment : segments) {
        text += '/' + segment.shape();
    }
    return text;
}

}  // namespace patchbay::openapi
