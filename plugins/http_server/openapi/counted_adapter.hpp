// SPDX-License-Identifier: Apache-2.0
/// \file
/// How valijson sees a value that came with a request. It differs from valijson's own adapter for
/// nlohmann_json in three things: every value that is looked at costs effort, 1.0 is an integer (as
/// JSON Schema has it since draft 6), and integers beyond 63 bits keep their value (there they wrap
/// around, and pass any `maximum`). Only the schema_*.cpp files include this: it is a heavy header.
#pragma once

#include "openapi/effort.hpp"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>

#include <cmath>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace patchbay::openapi {

class CountedAdapter;
class CountedArrayIterator;
class CountedObjectIterator;
using CountedMember = std::pair<std::string, CountedAdapter>;

/// A value, where the effort of its validation is counted, and how deep it lies.
struct CountedValue {
    const nlohmann::json* json = nullptr;
    Effort* effort = nullptr;
    std::uint32_t depth = 0;

    [[nodiscard]] CountedValue child(const nlohmann::json& value) const {
        return {&value, effort, depth + 1};
    }
};

class CountedArray {
  public:
    using const_iterator = CountedArrayIterator;
    using iterator = CountedArrayIterator;

    CountedArray() = default;
    explicit CountedArray(CountedValue value) : value_(value) {}
    [[nodiscard]] CountedArrayIterator begin() const;
    [[nodiscard]] CountedArrayIterator end() const;
    [[nodiscard]] std::size_t size() const { return value_.json->size(); }

  private:
    CountedValue value_;
};

class CountedObject {
  public:
    using const_iterator = CountedObjectIterator;
    using iterator = CountedObjectIterator;

    CountedObject() = default;
    explicit CountedObject(CountedValue value) : value_(value) {}
    [[nodiscard]] CountedObjectIterator begin() const;
    [[nodiscard]] CountedObjectIterator end() const;
    [[nodiscard]] CountedObjectIterator find(const std::string& name) const;
    [[nodiscard]] std::size_t size() const { return value_.json->size(); }

  private:
    CountedValue value_;
};

/// What `valijson::adapters::BasicAdapter` asks about a value.
class CountedAccess {
  public:
    CountedAccess() = default;
    explicit CountedAccess(CountedValue value) : value_(value) {}

    [[nodiscard]] const CountedValue& value() const { return value_; }
    // valijson wants to own a raw pointer.
    [[nodiscard]] valijson::adapters::FrozenValue* freeze() const {
        return std::make_unique<valijson::adapters::NlohmannJsonFrozenValue>(json()).release();
    }
    [[nodiscard]] std::optional<CountedArray> getArrayOptional() const {
        return isArray() ? std::make_optional(CountedArray(value_)) : std::optional<CountedArray>();
    }
    bool getArraySize(std::size_t& result) const {
        result = json().size();
        return isArray();
    }
    bool getBool(bool& result) const {
        result = isBool() && json().get<bool>();
        return isBool();
    }
    bool getDouble(double& result) const {
        result = json().is_number() ? json().get<double>() : 0;
        return json().is_number();
    }
    bool getInteger(std::int64_t& result) const {
        const bool fits = json().is_number() && !isDouble();
        result = fits ? json().get<std::int64_t>() : 0;
        return fits;
    }
    [[nodiscard]] std::optional<CountedObject> getObjectOptional() const {
        return isObject() ? std::make_optional(CountedObject(value_))
                          : std::optional<CountedObject>();
    }
    bool getObjectSize(std::size_t& result) const {
        result = json().size();
        return isObject();
    }
    bool getString(std::string& result) const {
        if (isString()) {
            result = json().get_ref<const std::string&>();
            value_.effort->spend(result.size() / 64);
        }
        return isString();
    }
    static bool hasStrictTypes() { return true; }

    [[nodiscard]] bool isArray() const { return json().is_array(); }
    [[nodiscard]] bool isBool() const { return json().is_boolean(); }
    /// Also integers that a signed integer of 64 bits cannot hold.
    [[nodiscard]] bool isDouble() const {
        constexpr auto largest = static_cast<std::uint64_t>(INT64_MAX);
        return json().is_number_float() ||
               (json().is_number_unsigned() && json().get<std::uint64_t>() > largest);
    }
    [[nodiscard]] bool isInteger() const {
        return json().is_number_integer() ||
               (json().is_number_float() &&
                std::trunc(json().get<double>()) == json().get<double>());
    }
    [[nodiscard]] bool isNull() const { return json().is_null(); }
    [[nodiscard]] bool isNumber() const { return json().is_number(); }
    [[nodiscard]] bool isObject() const { return json().is_object(); }
    [[nodiscard]] bool isString() const { return json().is_string(); }

  private:
    [[nodiscard]] const nlohmann::json& json() const { return *value_.json; }

    CountedValue value_;
};

class CountedAdapter
    : public valijson::adapters::BasicAdapter<CountedAdapter, CountedArray, CountedMember,
                                              CountedObject, CountedAccess> {
  public:
    /// Throws `EffortExceeded`. The price grows with the depth because valijson copies the path to
    /// each value that it looks at.
    explicit CountedAdapter(CountedValue value)
        : BasicAdapter(CountedAccess(value)), value_(value) {
        value.effort->spend(20 + 2 * std::uint64_t{value.depth});
    }
    /// valijson makes a copy for each alternative that it tries.
    CountedAdapter(const CountedAdapter& other) : BasicAdapter(other), value_(other.value_) {
        value_.effort->spend(5);
    }
    CountedAdapter& operator=(const CountedAdapter&) = delete;
    ~CountedAdapter() override = default;

    [[nodiscard]] const CountedValue& value() const { return value_; }

  private:
    CountedValue value_;
};

class CountedArrayIterator {
  public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = CountedAdapter;
    using difference_type = std::ptrdiff_t;
    using pointer = CountedAdapter*;
    using reference = CountedAdapter&;

    CountedArrayIterator(CountedValue array, nlohmann::json::const_iterator at)
        : array_(array), at_(std::move(at)) {}
    CountedAdapter operator*() const { return CountedAdapter(array_.child(*at_)); }
    valijson::adapters::DerefProxy<CountedAdapter> operator->() const {
        return valijson::adapters::DerefProxy<CountedAdapter>(**this);
    }
    bool operator==(const CountedArrayIterator& other) const { return at_ == other.at_; }
    CountedArrayIterator& operator++() {
        ++at_;
        return *this;
    }
    CountedArrayIterator operator++(int) {
        CountedArrayIterator before = *this;
        ++at_;
        return before;
    }
    CountedArrayIterator& operator--() {
        --at_;
        return *this;
    }
    void advance(std::ptrdiff_t n) { at_ += n; }

  private:
    CountedValue array_;
    nlohmann::json::const_iterator at_;
};

class CountedObjectIterator {
  public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = CountedMember;
    using difference_type = std::ptrdiff_t;
    using pointer = CountedMember*;
    using reference = CountedMember&;

    CountedObjectIterator(CountedValue object, nlohmann::json::const_iterator at)
        : object_(object), at_(std::move(at)) {}
    CountedMember operator*() const {
        return {at_.key(), CountedAdapter(object_.child(at_.value()))};
    }
    valijson::adapters::DerefProxy<CountedMember> operator->() const {
        return valijson::adapters::DerefProxy<CountedMember>(**this);
    }
    bool operator==(const CountedObjectIterator& other) const { return at_ == other.at_; }
    CountedObjectIterator& operator++() {
        ++at_;
        return *this;
    }
    CountedObjectIterator operator++(int) {
        CountedObjectIterator before = *this;
        ++at_;
        return before;
    }
    CountedObjectIterator& operator--() {
        --at_;
        return *this;
    }

  private:
    CountedValue object_;
    nlohmann::json::const_iterator at_;
};

inline CountedArrayIterator CountedArray::begin() const {
    return {value_, value_.json->cbegin()};
}
inline CountedArrayIterator CountedArray::end() const {
    return {value_, value_.json->cend()};
}
inline CountedObjectIterator CountedObject::begin() const {
    return {value_, value_.json->cbegin()};
}
inline CountedObjectIterator CountedObject::end() const {
    return {value_, value_.json->cend()};
}
inline CountedObjectIterator CountedObject::find(const std::string& name) const {
    return {value_, value_.json->find(name)};
}

}  // namespace patchbay::openapi
