// SPDX-License-Identifier: Apache-2.0
#include "app/command.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace patchbay::app {

Option& Option::required() {
    option_->required();
    return *this;
}

Option& Option::show_default() {
    option_->capture_default_str();
    return *this;
}

Option& Option::environment(const std::string& variable) {
    option_->envname(variable);
    return *this;
}

Option& Option::one_of(const std::vector<std::string>& words) {
    option_->check(CLI::IsMember(words));
    return *this;
}

Option& Option::range(double low, double high) {
    option_->check(CLI::Range(low, high));
    return *this;
}

Option& Option::words(int low, int high) {
    option_->expected(low, high);
    return *this;
}

Option& Option::repeatable() {
    option_->expected(1)->take_all();
    return *this;
}

Option& Option::needs(const Option& other) {
    option_->needs(other.option_);
    return *this;
}

Option& Option::excludes(const Option& other) {
    option_->excludes(other.option_);
    return *this;
}

bool Option::given() const {
    return option_->count() > 0;
}

Command Command::add_subcommand(const std::string& name, const std::string& description) {
    return Command(*app_->add_subcommand(name, description));
}

void Command::require_subcommand() {
    app_->require_subcommand(1);
}

Command Command::add_choice(const std::string& name, const std::string& description) {
    CLI::Option_group* group = app_->add_option_group(name, description);
    group->require_option(1);
    return Command(*group);
}

Option Command::add_option(const std::string& names, std::string& value, const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::vector<std::string>& value,
                           const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::int64_t& value, const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::vector<std::int64_t>& value,
                           const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::optional<std::int64_t>& value,
                           const std::string& help) {
    return Option(app_->add_option_function<std::int64_t>(
        names, [&value](const std::int64_t& given) { value = given; }, help));
}

Option Command::add_option(const std::string& names, std::uint32_t& value,
                           const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, std::size_t& value, const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_option(const std::string& names, double& value, const std::string& help) {
    return Option(app_->add_option(names, value, help));
}

Option Command::add_flag(const std::string& names, bool& value, const std::string& help) {
    return Option(app_->add_flag(names, value, help));
}

void Command::footer(const std::string& text) {
    app_->footer(text);
}

void Command::callback(std::function<void()> function) {
    app_->callback(std::move(function));
}

}  // namespace patchbay::app
